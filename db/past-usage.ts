import type { Knex } from 'knex';
import type { PastCharge } from '../billing/usage/past-usage.ts';
import type { FeeRow } from './fees.ts';
import { type Transaction, rows } from './transaction.ts';

/** One period of usage that an invoice bills, with what it comes to. */
export interface BilledPeriodRow {
  readonly invoice_id: string;
  readonly subscription_id: string;
  readonly charges_from: string;
  readonly charges_to: string;
  readonly issuing_date: string;
  readonly currency: string;
  readonly fees_amount_cents: number;
}

export interface PastUsageQuestion {
  readonly external_customer_id: string;
  readonly external_subscription_id: string;
}

/** The latest first. Each invoice is one of its own, be it for the same dates. */
export function listBilledPeriods(
  trx: Transaction,
  { external_customer_id, external_subscription_id }: PastUsageQuestion,
): Knex.QueryBuilder<BilledPeriodRow, BilledPeriodRow[]> {
  return rows(trx, 'billing_periods')
    .join('invoices as i', 'i.id', 'billing_periods.invoice_id')
    .join('subscriptions as s', 's.id', 'billing_periods.subscription_id')
    .join('customers as c', 'c.id', 's.customer_id')
    .where({ 's.external_id': external_subscription_id, 'c.external_id': external_customer_id })
    .whereNull('c.deleted_at')
    .whereRaw('billing_periods.charges_to > billing_periods.charges_from')
    .whereNot('i.status', 'closed')
    .orderBy([
      { column: 'billing_periods.charges_from', order: 'desc' },
      { column: 'billing_periods.billing_at', order: 'desc' },
      { column: 'billing_periods.id', order: 'desc' },
    ])
    .select(
      'billing_periods.invoice_id',
      'billing_periods.subscription_id',
      'billing_periods.charges_from',
      'billing_periods.charges_to',
      'i.issuing_date',
      'i.currency',
      'i.fees_amount_cents',
    ) as Knex.QueryBuilder<BilledPeriodRow, BilledPeriodRow[]>;
}

/** Taxes of the fees of invoices, by invoice. */
export async function sumFeeTaxes(trx: Transaction, invoice_ids: readonly string[]): Promise<Map<string, number>> {
  const { rows: sums } = await trx.raw<{ rows: { invoice_id: string; taxes: number }[] }>(
    `select invoice_id, sum(taxes_amount_cents)::bigint as taxes from fees
     where organization_id = ? and invoice_id = any(?) and deleted_at is null group by invoice_id`,
    [trx.organization_id, [...invoice_ids]],
  );
  return new Map(sums.map(({ invoice_id, taxes }) => [invoice_id, taxes]));
}

/** The lines for usage of invoices, in the order in which they were made; of one metric where it is named. */
export async function findUsageFees(
  trx: Transaction,
  invoice_ids: readonly string[],
  metric_code: string | undefined,
): Promise<FeeRow[]> {
  const query = rows<FeeRow>(trx, 'fees')
    .whereIn('invoice_id', [...invoice_ids])
    .where({ fee_type: 'charge' })
    .whereNull('deleted_at')
    .orderBy(['created_at', 'id']);
  return metric_code === undefined ? query : query.where({ item_code: metric_code });
}

/** By id, deleted ones too. */
export async function findPastCharges(trx: Transaction, ids: readonly string[]): Promise<Map<string, PastCharge>> {
  const { rows: found } = await trx.raw<{ rows: PastCharge[] }>(
    `select c.id, c.code, c.charge_model, c.invoice_display_name, c.billable_metric_id,
       m.code as metric_code, m.name as metric_name, m.aggregation_type,
       exists (select from charge_filters f where f.charge_id = c.id and f.deleted_at is null) as has_filters
     from charges c join billable_metrics m on m.id = c.billable_metric_id
     where c.organization_id = ? and c.id = any(?)`,
    [trx.organization_id, [...new Set(ids)]],
  );
  return new Map(found.map((charge) => [charge.id, charge]));
}
