import { z } from 'zod';
import { billNext } from '../../../activities/invoices/preview-invoice.ts';
import { changePlan } from '../../../activities/subscriptions/change-plan.ts';
import { terminate } from '../../../activities/subscriptions/end.ts';
import { catchUp } from '../../../activities/subscriptions/steps.ts';
import { type Instant, addMilliseconds } from '../../../billing/clock/instant.ts';
import { badRequest, invalid, notAllowed, notFound } from '../../../billing/errors.ts';
import type { LinkSettings } from '../../../billing/invoices/document-link.ts';
import { draftNumber } from '../../../billing/invoices/numbering.ts';
import { invoiceWire } from '../../../billing/invoices/wire.ts';
import { readBillingSettings } from '../../../db/billing-settings.ts';
import { type CustomerRow, findCustomer, lockOrCreateCustomer, updateCustomer } from '../../../db/customers.ts';
import { dryRun } from '../../../db/dry-run.ts';
import { newId } from '../../../db/ids.ts';
import { loadInvoices } from '../../../db/invoices.ts';
import { findPlan } from '../../../db/plans.ts';
import { findActiveSubscriptions, type SubscriptionRow } from '../../../db/subscriptions.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { couponInPreview } from '../../contracts/coupons.ts';
import { addressFields } from '../../contracts/customers.ts';
import { billingEntityCode, currency, instant, optionalText, text, timezone } from '../../contracts/fields.ts';
import { applyInPreview } from '../coupons/apply.ts';
import { assignEuTaxes } from '../customers/eu-taxes.ts';
import { createSubscription } from '../subscriptions/create.ts';

export const previewInput = z.object({
  customer: z
    .object({
      external_id: text.nullish().meta({ description: 'Of a customer that exists; left out: one that does not' }),
      name: optionalText,
      ...addressFields,
      currency: currency.nullish(),
      timezone: timezone.nullish(),
      tax_identification_number: optionalText,
      shipping_address: z.object(addressFields).nullish(),
    })
    .nullish(),
  billing_entity_code: billingEntityCode.nullish(),
  plan_code: text.nullish(),
  subscription_at: text.nullish().meta({ format: 'date-time' }),
  billing_time: text.nullish().meta({ enum: ['calendar', 'anniversary'] }),
  coupons: z
    .unknown()
    .optional()
    .meta({ type: 'array', description: 'Codes of coupons that exist, or whole coupons that do not' }),
  subscriptions: z
    .object({
      external_ids: z.array(z.string()).min(1, 'value_is_mandatory').max(100, 'value_is_too_long'),
      plan_code: text.nullish().meta({ description: 'As if the plan were changed now' }),
      terminated_at: instant.nullish().meta({ description: 'As if the subscription were ended then' }),
    })
    .nullish(),
});

type Input = z.output<typeof previewInput>;

/** A year: all bills until a termination are made on the way to the last one. */
const FORESEEN_MS = 366 * 24 * 3600 * 1000;

/**
 * The bill that is to come, by the code that makes bills: everything is done as it will be, and undone. What is shown has neither a number nor an id
 * that means anything.
 */
export function previewInvoice(trx: Transaction, input: Input, links: LinkSettings, at: Instant) {
  const coupons = readCoupons(input.coupons);
  return dryRun(trx, async (dry) => {
    const customer = await takeCustomer(dry, input.customer ?? {}, at);
    const subscriptions = input.subscriptions
      ? await changeAsAsked(dry, customer, input.subscriptions, links, at)
      : [await subscribe(dry, customer, input, at)];
    for (const coupon of coupons) await applyInPreview(dry, customer, coupon, at);
    const invoice_id = await billNext(
      dry,
      customer.id,
      subscriptions.map(({ id }) => id),
    );
    const [document] = invoice_id === undefined ? [] : await loadInvoices(dry, [invoice_id]);
    if (!document) throw notFound('invoice');
    const { document_number_prefix } = await readBillingSettings(dry, customer.id);
    const unnumbered = { status: 'draft', number: draftNumber(document_number_prefix), sequential_id: null } as const;
    return invoiceWire({ ...document, invoice: { ...document.invoice, ...unnumbered } }, null, at);
  });
}

function readCoupons(coupons: unknown) {
  if (coupons === undefined || coupons === null) return [];
  if (!Array.isArray(coupons)) throw badRequest('coupons_must_be_an_array');
  const { data, error } = z.array(couponInPreview).max(100).safeParse(coupons);
  if (error) throw invalid({ coupons: ['value_is_invalid'] });
  return data;
}

/** One that exists, with what is said about it, or a new one. */
async function takeCustomer(
  trx: Transaction,
  input: NonNullable<Input['customer']>,
  at: Instant,
): Promise<CustomerRow> {
  const { external_id, shipping_address, ...fields } = input;
  const known = external_id ? await findCustomer(trx, external_id) : undefined;
  if (external_id && !known) throw notFound('customer');
  const before = known ?? (await lockOrCreateCustomer(trx, newId(), at)).customer;
  const said = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const customer = await updateCustomer(trx, before.id, { ...said, ...(shipping_address && { shipping_address }) }, at);
  await assignEuTaxes(trx, { before: known, after: customer, tax_codes: undefined }, at);
  return customer;
}

function subscribe(
  trx: Transaction,
  { external_id }: CustomerRow,
  { plan_code, subscription_at, billing_time }: Input,
  at: Instant,
): Promise<SubscriptionRow> {
  const wanted = { external_customer_id: external_id, external_id: newId(), plan_code, subscription_at, billing_time };
  return createSubscription(trx, wanted, at);
}

async function changeAsAsked(
  trx: Transaction,
  customer: CustomerRow,
  { external_ids, plan_code, terminated_at }: NonNullable<Input['subscriptions']>,
  links: LinkSettings,
  at: Instant,
): Promise<{ readonly id: string }[]> {
  const own = await findActiveSubscriptions(trx, customer.id, external_ids);
  if (own.length < new Set(external_ids).size) throw notFound('subscription');
  if (!plan_code && !terminated_at) return own;

  const [only] = own;
  if (!only || own.length > 1 || (plan_code && terminated_at)) throw notAllowed('only_one_change_can_be_previewed');
  const plan = plan_code ? await findPlan(trx, plan_code) : undefined;
  if (plan_code && !plan) throw notFound('plan');
  if (terminated_at && (terminated_at < at || terminated_at > addMilliseconds(at, FORESEEN_MS)))
    throw invalid({ terminated_at: ['invalid_date'] });
  const { facts, changed_at } = await catchUp(trx, only, terminated_at ?? at);
  if (facts.status !== 'active') throw notFound('subscription');
  if (!plan) {
    await terminate(trx, facts, { links }, changed_at);
    return own;
  }
  if (plan.id === facts.plan_id) return own;
  const active_id = await changePlan(trx, facts, { plan, name: facts.name }, changed_at);
  return [{ id: facts.id }, ...(active_id === facts.id ? [] : [{ id: active_id }])];
}
