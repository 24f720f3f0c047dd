import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import {
  BILLING_ENTITY_CODE,
  billingEntityWire,
  billingEntityWithTaxesWire,
} from '../../billing/organizations/billing-entity.ts';
import { logoUrl } from '../../billing/invoices/document-link.ts';
import { issuingDateAdjustments, issuingDateAnchors } from '../../billing/invoices/draft-dates.ts';
import { logoFilename, parseLogo } from '../../billing/organizations/logo.ts';
import { isInEu } from '../../billing/taxes/eu/rates.ts';
import { ringThoseConcerned } from '../../db/doorbells.ts';
import { writeEuTaxes } from '../../db/eu-taxes.ts';
import { findLogoName, replaceLogo } from '../../db/logos.ts';
import { type OrganizationRow, findOrganization, updateOrganization } from '../../db/organizations.ts';
import { markDraftsStale } from '../../db/stale-drafts.ts';
import { applyTaxesToOrganization, findOrganizationTaxes, findTaxesByCode } from '../../db/taxes.ts';
import type { Transaction } from '../../db/transaction.ts';
import { id, mandatoryText, taxCodes, text, wireInstant } from '../contracts/fields.ts';
import { organizationFields, toSettings } from '../contracts/organizations.ts';
import { taxObject } from '../contracts/taxes.ts';
import type { ApiSettings } from '../deps.ts';
import { type Operation, operation } from '../operation.ts';

const numberings = ['per_customer', 'per_billing_entity'] as const;

const { webhook_url: _, document_numbering: _numbering, ...shared } = organizationFields;

const updateInput = z.object({
  billing_entity: z.object({
    ...shared,
    name: mandatoryText.optional(),
    document_numbering: z.enum(numberings).optional(),
    tax_codes: taxCodes,
    eu_tax_management: z.boolean().optional(),
    logo: z.string().nullish().meta({ description: 'PNG or JPEG of at most 800 KB, as a data URI or base64' }),
  }),
});

const billingEntityObject = z
  .object({
    lago_id: id,
    code: z.string(),
    name: z.string(),
    default_currency: z.string(),
    document_locale: z.string(),
    document_numbering: z.enum(numberings),
    document_number_prefix: z.string(),
    finalize_zero_amount_invoice: z.boolean(),
    invoice_footer: z.string().nullable(),
    invoice_grace_period: z.int(),
    subscription_invoice_issuing_date_anchor: z.enum(issuingDateAnchors),
    subscription_invoice_issuing_date_adjustment: z.enum(issuingDateAdjustments),
    is_default: z.boolean(),
    net_payment_term: z.int(),
    address_line1: z.string().nullable(),
    address_line2: z.string().nullable(),
    city: z.string().nullable(),
    state: z.string().nullable(),
    country: z.string().nullable(),
    zipcode: z.string().nullable(),
    email: z.string().nullable(),
    legal_name: z.string().nullable(),
    legal_number: z.string().nullable(),
    tax_identification_number: z.string().nullable(),
    timezone: z.string(),
    email_settings: z.array(z.string()).readonly(),
    eu_tax_management: z.boolean(),
    logo_url: z.string().nullable(),
    created_at: wireInstant,
    updated_at: wireInstant,
  })
  .meta({ id: 'BillingEntityObject' });

const extendedObject = billingEntityObject
  .extend({ taxes: z.array(taxObject) })
  .meta({ id: 'BillingEntityObjectExtended' });

const answer = z.object({ billing_entity: extendedObject });
const params = z.object({ code: text });

async function takeEntity(trx: Transaction, code: string): Promise<OrganizationRow> {
  if (code !== BILLING_ENTITY_CODE) throw notFound('billing_entity');
  return findOrganization(trx);
}

async function findLogoUrl(trx: Transaction, settings: ApiSettings): Promise<string | null> {
  const logo = await findLogoName(trx);
  const { organization_id } = trx;
  return logo ? logoUrl({ organization_id, id: logo.id, filename: logoFilename(logo) }, settings) : null;
}

async function show(trx: Transaction, organization: OrganizationRow, settings: ApiSettings) {
  const [taxes, logo_url] = [await findOrganizationTaxes(trx), await findLogoUrl(trx, settings)];
  return { billing_entity: billingEntityWithTaxesWire({ organization, taxes, logo_url }) };
}

async function edit(
  trx: Transaction,
  before: OrganizationRow,
  input: z.output<typeof updateInput>['billing_entity'],
  at: Instant,
): Promise<OrganizationRow> {
  const { name, document_numbering, tax_codes, eu_tax_management, logo, ...fields } = input;
  const taxes = await findTaxesByCode(trx, tax_codes ?? []);
  const after = await updateOrganization(
    trx,
    {
      ...toSettings(fields),
      ...(name !== undefined && { name }),
      ...(document_numbering && {
        document_numbering: document_numbering === 'per_billing_entity' ? 'per_organization' : 'per_customer',
      }),
      ...(eu_tax_management !== undefined && { eu_tax_management }),
    },
    at,
  );
  if (eu_tax_management && !isInEu(after.country))
    throw invalid({ eu_tax_management: ['billing_entity_must_be_in_eu'] });
  if (logo !== undefined) await replaceLogo(trx, logo ? parseLogo(logo) : null, at);
  if (eu_tax_management) await writeEuTaxes(trx, at);
  if (eu_tax_management || tax_codes !== undefined) await markDraftsStale(trx, 'organization', at);
  if (tax_codes !== undefined)
    await applyTaxesToOrganization(
      trx,
      [...taxes.values()].map((tax) => tax.id),
      at,
    );
  await ringThoseConcerned(trx, {}, before, after);
  return after;
}

export const billingEntityOperations: Operation[] = [
  operation({
    op: 'GET /billing_entities',
    tag: 'billing_entities',
    summary: 'List billing entities: the organization has one',
    object: 'billing_entity',
    answer: z.object({ billing_entities: z.array(billingEntityObject) }),
    errors: [],
    handle: async ({ trx, deps }) => ({
      billing_entities: [
        billingEntityWire({
          organization: await findOrganization(trx),
          logo_url: await findLogoUrl(trx, deps.settings),
        }),
      ],
    }),
  }),
  operation({
    op: 'GET /billing_entities/{code}',
    tag: 'billing_entities',
    summary: 'Retrieve a billing entity',
    object: 'billing_entity',
    params,
    answer,
    errors: [404],
    handle: async ({ trx, params: { code }, deps }) => show(trx, await takeEntity(trx, code), deps.settings),
  }),
  operation({
    op: 'PUT /billing_entities/{code}',
    tag: 'billing_entities',
    summary: 'Update a billing entity; European taxes are managed from here',
    object: 'billing_entity',
    params,
    body: updateInput,
    answer,
    errors: [400, 404, 422],
    handle: async ({ trx, at, params: { code }, body, deps }) =>
      show(trx, await edit(trx, await takeEntity(trx, code), body.billing_entity, at), deps.settings),
  }),
];
