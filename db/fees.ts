import type { Knex } from 'knex';
import type { Instant } from '../billing/clock/instant.ts';
import type { Fee, FeePaymentStatus, FeeTax, FeeType, NewFee } from '../billing/fees/fee.ts';
import type { FeeDocument } from '../billing/fees/wire.ts';
import type { Currency } from '../billing/money/currency.ts';
import { assert } from '../billing/assert.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface FeeRow extends Fee {
  readonly organization_id: string;
}

export interface FeeTaxRow extends FeeTax {
  readonly organization_id: string;
}

export async function insertFees(trx: Transaction, fees: readonly NewFee[]): Promise<FeeRow[]> {
  return insert<FeeRow>(
    trx,
    'fees',
    fees.map((fee) => ({
      ...fee,
      pricing_unit: fee.pricing_unit ?? null,
      presentation_breakdowns: JSON.stringify(fee.presentation_breakdowns ?? []),
    })),
  );
}

export async function insertFeeTaxes(trx: Transaction, taxes: readonly FeeTax[]): Promise<FeeTaxRow[]> {
  return insert<FeeTaxRow>(trx, 'fee_taxes', [...taxes]);
}

export async function findFee(trx: Transaction, id: string): Promise<FeeRow | undefined> {
  return rows<FeeRow>(trx, 'fees').where({ id }).whereNull('deleted_at').first();
}

/** The oldest first. */
export async function findFees(trx: Transaction, ids: readonly string[]): Promise<FeeRow[]> {
  return rows<FeeRow>(trx, 'fees')
    .whereIn('id', [...ids])
    .whereNull('deleted_at')
    .orderBy(['created_at', 'id']);
}

/** Holds the row until the transaction ends. */
export async function lockFee(trx: Transaction, id: string): Promise<FeeRow | undefined> {
  return rows<FeeRow>(trx, 'fees').where({ id }).whereNull('deleted_at').forUpdate().first();
}

export async function updateFee(
  trx: Transaction,
  id: string,
  changes: Partial<Fee> & Pick<Fee, 'updated_at'>,
): Promise<FeeRow> {
  const [row] = await rows<FeeRow>(trx, 'fees').where({ id }).update(changes).returning('*');
  assert(row, 'fee: an updated row exists');
  return row;
}

/** The fees of an invoice follow its payment. */
export async function updateFeesOfInvoice(
  trx: Transaction,
  invoice_id: string,
  changes: Partial<Fee> & Pick<Fee, 'updated_at'>,
): Promise<void> {
  await rows(trx, 'fees').where({ invoice_id }).whereNull('deleted_at').update(changes);
}

/** What the wires of fees are made of, in the order of `fees`; a constant number of statements whatever their number. */
export async function loadFees(trx: Transaction, fees: readonly FeeRow[]): Promise<FeeDocument[]> {
  if (fees.length === 0) return [];
  const taxes = Map.groupBy(await findFeeTaxes(trx, fees), (tax) => tax.fee_id);
  const trueUps = await findTrueUps(trx, fees);
  const customers = await findNames(
    trx,
    'customers',
    fees.map((fee) => fee.customer_id),
  );
  const subscriptions = await findNames(
    trx,
    'subscriptions',
    fees.flatMap((fee) => fee.subscription_id ?? []),
  );
  return fees.map((fee) => {
    const customer = customers.get(fee.customer_id);
    assert(customer, 'fee: its customer exists');
    const subscription = subscriptions.get(fee.subscription_id ?? '') ?? null;
    return { fee, true_up_fee_id: trueUps.get(fee.id) ?? null, taxes: taxes.get(fee.id) ?? [], customer, subscription };
  });
}

/** By the fee that each tops up. */
async function findTrueUps(trx: Transaction, fees: readonly FeeRow[]): Promise<Map<string, string>> {
  const parents = fees.filter((fee) => fee.fee_type === 'charge').map((fee) => fee.id);
  if (parents.length === 0) return new Map();
  const found = await rows<FeeRow>(trx, 'fees')
    .whereIn('true_up_parent_fee_id', parents)
    .select('id', 'true_up_parent_fee_id');
  return new Map(found.map((fee) => [fee.true_up_parent_fee_id ?? '', fee.id]));
}

export async function findFeeTaxes(trx: Transaction, fees: readonly FeeRow[]): Promise<FeeTaxRow[]> {
  return rows<FeeTaxRow>(trx, 'fee_taxes')
    .whereIn(
      'fee_id',
      fees.map((fee) => fee.id),
    )
    .orderBy(['fee_id', { column: 'tax_rate', order: 'desc' }, 'tax_code']);
}

interface Name {
  readonly id: string;
  readonly external_id: string;
}

/** What callers call them, by id. Deleted ones are still found. */
async function findNames(
  trx: Transaction,
  table: 'customers' | 'subscriptions',
  ids: readonly string[],
): Promise<Map<string, Name>> {
  const found = await rows<Name>(trx, table)
    .whereIn('id', [...new Set(ids)])
    .select('id', 'external_id');
  return new Map(found.map((name) => [name.id, name]));
}

/** The lines of invoices, each invoice's in the order they were made. */
export async function findFeesOfInvoices(trx: Transaction, invoice_ids: readonly string[]): Promise<FeeRow[]> {
  return rows<FeeRow>(trx, 'fees')
    .whereIn('invoice_id', [...invoice_ids])
    .whereNull('deleted_at')
    .orderBy(['created_at', 'id']);
}

/** A draft is computed anew: its earlier fees never were anybody's. Answers with them. */
export async function deleteFeesOfInvoice(trx: Transaction, invoice_id: string): Promise<FeeRow[]> {
  return rows<FeeRow>(trx, 'fees').where({ invoice_id }).delete().returning('*');
}

/** What a subscription was billed last for its plan, on an invoice that still counts, if that was anything. */
export async function findLastSubscriptionFee(trx: Transaction, subscription_id: string): Promise<FeeRow | undefined> {
  return rows<FeeRow>(trx, 'fees')
    .join('invoices as i', 'i.id', 'fees.invoice_id')
    .where({ 'fees.subscription_id': subscription_id, 'fees.fee_type': 'subscription' })
    .whereNull('fees.deleted_at')
    .whereNotIn('i.status', ['voided', 'deleted'])
    .where('fees.amount_cents', '>', 0)
    .orderBy([
      { column: 'i.billing_at', order: 'desc' },
      { column: 'fees.created_at', order: 'desc' },
      { column: 'fees.id', order: 'desc' },
    ])
    .select('fees.*')
    .first() as Promise<FeeRow | undefined>;
}

const STAMPS = ['created_at', 'succeeded_at', 'failed_at', 'refunded_at'] as const;
type Stamp = (typeof STAMPS)[number];

export interface FeeFilters extends Partial<Readonly<Record<`${Stamp}_${'from' | 'to'}`, Instant | undefined>>> {
  readonly external_customer_id?: string | undefined;
  readonly external_subscription_id?: string | undefined;
  readonly event_transaction_id?: string | undefined;
  readonly billable_metric_code?: string | undefined;
  readonly currency?: Currency | undefined;
  readonly fee_type?: FeeType | undefined;
  readonly payment_status?: FeePaymentStatus | undefined;
}

/** The oldest first. The lines of invoices that nobody sees are not seen either. */
export function listFees(trx: Transaction, filters: FeeFilters): Knex.QueryBuilder<FeeRow, FeeRow[]> {
  const { external_customer_id, external_subscription_id, billable_metric_code } = filters;
  const query = rows<FeeRow>(trx, 'fees')
    .whereNull('deleted_at')
    .whereNotExists(
      rows(trx, 'invoices').whereRaw('invoices.id = fees.invoice_id').whereIn('status', ['closed', 'deleted']),
    )
    .orderBy(['created_at', 'id']);
  if (external_customer_id !== undefined)
    query.whereIn('customer_id', rows(trx, 'customers').where({ external_id: external_customer_id }).select('id'));
  if (external_subscription_id !== undefined)
    query.whereIn(
      'subscription_id',
      rows(trx, 'subscriptions').where({ external_id: external_subscription_id }).select('id'),
    );
  if (billable_metric_code !== undefined) query.where({ fee_type: 'charge', item_code: billable_metric_code });
  if (filters.event_transaction_id !== undefined) query.where({ event_transaction_id: filters.event_transaction_id });
  if (filters.currency !== undefined) query.where({ amount_currency: filters.currency });
  if (filters.fee_type !== undefined) query.where({ fee_type: filters.fee_type });
  if (filters.payment_status !== undefined) query.where({ payment_status: filters.payment_status });
  for (const stamp of STAMPS) {
    const { [`${stamp}_from` as const]: from, [`${stamp}_to` as const]: to } = filters;
    if (from !== undefined) query.where(stamp, '>=', from);
    if (to !== undefined) query.where(stamp, '<=', to);
  }
  return query;
}
