import { z } from 'zod';
import { issuingDateAdjustments, issuingDateAnchors } from '../../billing/invoices/draft-dates.ts';
import { organizationWire } from '../../billing/organizations/wire.ts';
import { ringThoseConcerned } from '../../db/doorbells.ts';
import { type OrganizationRow, findOrganization, updateOrganization } from '../../db/organizations.ts';
import { findOrganizationTaxes } from '../../db/taxes.ts';
import type { Transaction } from '../../db/transaction.ts';
import { listWebhookEndpoints, setFirstWebhookUrl } from '../../db/webhooks.ts';
import { id, wireInstant } from '../contracts/fields.ts';
import { organizationFields, toSettings } from '../contracts/organizations.ts';
import { taxObject } from '../contracts/taxes.ts';
import { type Operation, operation } from '../operation.ts';

const organizationObject = z
  .object({
    lago_id: id,
    name: z.string(),
    default_currency: z.string(),
    webhook_url: z.string().meta({ description: 'Of the first endpoint; empty without one' }),
    webhook_urls: z.array(z.string()).readonly(),
    email: z.string().nullable(),
    legal_name: z.string().nullable(),
    legal_number: z.string().nullable(),
    tax_identification_number: z.string().nullable(),
    address_line1: z.string().nullable(),
    address_line2: z.string().nullable(),
    city: z.string().nullable(),
    state: z.string().nullable(),
    zipcode: z.string().nullable(),
    country: z.string().nullable(),
    timezone: z.string(),
    net_payment_term: z.int(),
    email_settings: z.array(z.string()).readonly(),
    document_numbering: z.enum(['per_customer', 'per_organization']),
    document_number_prefix: z.string(),
    finalize_zero_amount_invoice: z.boolean(),
    billing_configuration: z.object({
      invoice_footer: z.string().nullable(),
      invoice_grace_period: z.int(),
      subscription_invoice_issuing_date_anchor: z.enum(issuingDateAnchors),
      subscription_invoice_issuing_date_adjustment: z.enum(issuingDateAdjustments),
      document_locale: z.string(),
    }),
    taxes: z.array(taxObject),
    created_at: wireInstant,
  })
  .meta({ id: 'OrganizationObject' });

const answer = z.object({ organization: organizationObject });

async function show(
  trx: Transaction,
  organization: OrganizationRow,
): Promise<{ organization: ReturnType<typeof organizationWire> }> {
  const endpoints = await listWebhookEndpoints(trx);
  const webhook_urls = endpoints.map(({ webhook_url }) => webhook_url).reverse();
  return { organization: organizationWire({ organization, webhook_urls, taxes: await findOrganizationTaxes(trx) }) };
}

export const organizationOperations: Operation[] = [
  operation({
    op: 'GET /organizations',
    tag: 'organizations',
    summary: 'Retrieve your organization',
    object: 'organization',
    answer,
    errors: [],
    handle: async ({ trx }) => show(trx, await findOrganization(trx)),
  }),
  operation({
    op: 'PUT /organizations',
    tag: 'organizations',
    summary: 'Update your organization',
    object: 'organization',
    body: z.object({ organization: z.object(organizationFields) }),
    answer,
    errors: [400, 422],
    async handle({ trx, at, body: { organization: input } }) {
      const before = await findOrganization(trx);
      const after = await updateOrganization(trx, toSettings(input), at);
      if (input.webhook_url !== undefined) await setFirstWebhookUrl(trx, input.webhook_url || null, at);
      await ringThoseConcerned(trx, {}, before, after);
      return show(trx, after);
    },
  }),
];
