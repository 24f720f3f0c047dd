import type { Span } from '../billing/clock/instant.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { BilledFee, ProgressiveCredit } from '../billing/progressive-billing/progressive-credit.ts';
import { type Transaction, rows } from './transaction.ts';

/** A subscription and a span of its usage. */
export interface UsedSpan extends Span {
  readonly subscription_id: string;
}

/** Of a billing period `b`: its span begins with that of the bill, or some hours from it where the customer has moved to another time zone since. */
const OF_THE_SPAN = `b.charges_from > q.from_at - interval '26 hours' and b.charges_from < q.to_at`;

/** The latest progressive invoice of each span `q`: it contains those before it. */
const LATEST_OF_SPANS = `
  unnest(:subscription_ids::uuid[], :froms::timestamptz[], :tos::timestamptz[]) with ordinality q (subscription_id, from_at, to_at, position)
  cross join lateral (
    select i.* from billing_periods b join invoices i on i.id = b.invoice_id
    where b.organization_id = :organization_id and b.subscription_id = q.subscription_id and b.invoicing_reason = 'progressive_billing'
      and ${OF_THE_SPAN}
      and i.status in ('finalized', 'failed', 'pending') and i.id is distinct from :apart_from::uuid
    order by i.created_at desc, i.id desc limit 1
  ) i`;

function bindings(trx: Transaction, spans: readonly UsedSpan[], apart_from: string | null) {
  return {
    organization_id: trx.organization_id,
    apart_from: apart_from as string,
    subscription_ids: spans.map((span) => span.subscription_id),
    froms: spans.map((span) => span.from),
    tos: spans.map((span) => span.to),
  };
}

/** What thresholds have invoiced of a span so far. */
export async function findLatestProgress(
  trx: Transaction,
  span: UsedSpan,
): Promise<{ readonly id: string; readonly fees_amount_cents: Cents } | undefined> {
  const { rows: found } = await trx.raw<{ rows: { id: string; fees_amount_cents: Cents }[] }>(
    `select i.id, i.fees_amount_cents from ${LATEST_OF_SPANS}`,
    bindings(trx, [span], null),
  );
  return found[0];
}

const FEES_OF_I = `(select coalesce(jsonb_agg(jsonb_build_object('charge_id', f.charge_id, 'charge_filter_id', f.charge_filter_id,
    'grouped_by', f.grouped_by, 'amount_cents', f.amount_cents)), '[]')
  from fees f where f.invoice_id = i.id and f.deleted_at is null) as fees`;

/**
 * What may be taken off a bill because thresholds have invoiced it before: fees, less coupons, less what other bills have taken of it, less its credit
 * notes, and those that were made since on the invoices that it contains. These with their amounts before coupons and taxes, so that what was too much
 * and was given back leaves exactly what was not.
 */
export async function readProgressiveCredits(
  trx: Transaction,
  spans: readonly UsedSpan[],
  apart_from: string,
): Promise<ProgressiveCredit[]> {
  if (spans.length === 0) return [];
  const { rows: found } = await trx.raw<{
    rows: { invoice_id: string; subscription_id: string; creditable_cents: Cents; fees: BilledFee[] }[];
  }>(
    `select i.id as invoice_id, q.subscription_id,
       i.fees_amount_cents - i.coupons_amount_cents
         - coalesce((
             select sum(c.amount_cents) from credits c join invoices by on by.id = c.invoice_id
             where c.progressive_billing_invoice_id = i.id and c.invoice_id <> :apart_from::uuid and by.status <> 'voided'), 0)::bigint
         - coalesce((
             select sum(l.amount_cents) from billing_periods b
             join credit_notes n on n.invoice_id = b.invoice_id join credit_note_items l on l.credit_note_id = n.id
             where b.subscription_id = q.subscription_id and b.invoicing_reason = 'progressive_billing' and ${OF_THE_SPAN}
               and (b.invoice_id = i.id or n.id > i.id) and n.credit_status <> 'voided'), 0)::bigint as creditable_cents,
       ${FEES_OF_I}
     from ${LATEST_OF_SPANS} order by q.position`,
    bindings(trx, spans, apart_from),
  );
  return found.map((one) => ({ ...one, creditable_cents: Math.max(one.creditable_cents, 0) }));
}

/** What a progressive invoice contains of the one before it, as it was taken off it. */
export async function findContainedProgress(
  trx: Transaction,
  invoice_id: string,
): Promise<{ readonly invoice_id: string; readonly amount_cents: Cents; readonly fees: BilledFee[] } | undefined> {
  const { rows: found } = await trx.raw<{ rows: { invoice_id: string; amount_cents: Cents; fees: BilledFee[] }[] }>(
    `select i.id as invoice_id, c.amount_cents, ${FEES_OF_I}
     from credits c join invoices i on i.id = c.progressive_billing_invoice_id
     where c.organization_id = ? and c.invoice_id = ? and i.status <> 'voided'`,
    [trx.organization_id, invoice_id],
  );
  return found[0];
}

/** Whether thresholds have made this invoice, whenever that was. */
export async function isProgressInvoiced(trx: Transaction, customer_id: string, occasion: string): Promise<boolean> {
  const found: unknown = await rows(trx, 'invoices')
    .where({ customer_id, occasion, invoice_type: 'progressive_billing' })
    .first('id');
  return found !== undefined;
}
