import type { Instant } from '../billing/clock/instant.ts';
import type { BillingPeriod, Invoice, InvoiceMetadata, InvoiceTax } from '../billing/invoices/invoice.ts';
import { visibleInvoiceStatuses } from '../billing/invoices/invoice.ts';
import type { Currency } from '../billing/money/currency.ts';
import { assert } from '../billing/assert.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface InvoiceRow extends Invoice {
  readonly organization_id: string;
}

export interface InvoiceMetadataRow extends InvoiceMetadata {
  readonly organization_id: string;
}

export interface InvoiceTaxRow extends InvoiceTax {
  readonly organization_id: string;
}

export interface BillingPeriodRow extends BillingPeriod {
  readonly organization_id: string;
}

/** What makes two bills the same one. */
export interface InvoiceKey {
  readonly customer_id: string;
  readonly billing_at: Instant;
  readonly currency: Currency;
  readonly occasion: string;
}

/** Undefined when this bill exists already: see `findInvoiceByKey`. */
export async function insertInvoice(trx: Transaction, invoice: Invoice): Promise<InvoiceRow | undefined> {
  const [row] = (await trx('invoices')
    .insert({ ...invoice, organization_id: trx.organization_id })
    .onConflict(['customer_id', 'billing_at', 'currency', 'occasion'])
    .ignore()
    .returning('*')) as InvoiceRow[];
  return row;
}

export async function insertInvoiceTaxes(trx: Transaction, taxes: readonly InvoiceTax[]): Promise<InvoiceTaxRow[]> {
  return insert<InvoiceTaxRow>(trx, 'invoice_taxes', [...taxes]);
}

export async function insertBillingPeriods(
  trx: Transaction,
  periods: readonly BillingPeriod[],
): Promise<BillingPeriodRow[]> {
  return insert<BillingPeriodRow>(trx, 'billing_periods', [...periods]);
}

/** Closed ones too. */
export async function findInvoice(trx: Transaction, id: string): Promise<InvoiceRow | undefined> {
  return rows<InvoiceRow>(trx, 'invoices').where({ id }).first();
}

export async function findInvoiceByKey(trx: Transaction, key: InvoiceKey): Promise<InvoiceRow | undefined> {
  return rows<InvoiceRow>(trx, 'invoices')
    .where({ ...key })
    .first();
}

/** As callers see it: a closed invoice does not exist. */
export async function findVisibleInvoice(trx: Transaction, id: string): Promise<InvoiceRow | undefined> {
  return rows<InvoiceRow>(trx, 'invoices')
    .where({ id })
    .whereIn('status', [...visibleInvoiceStatuses])
    .first();
}

/** Holds the row until the transaction ends. Closed ones too. */
export async function lockInvoice(trx: Transaction, id: string): Promise<InvoiceRow | undefined> {
  return rows<InvoiceRow>(trx, 'invoices').where({ id }).forUpdate().first();
}

export async function updateInvoice(
  trx: Transaction,
  id: string,
  changes: Partial<Invoice> & Pick<Invoice, 'updated_at'>,
): Promise<InvoiceRow> {
  const [row] = await rows<InvoiceRow>(trx, 'invoices').where({ id }).update(changes).returning('*');
  assert(row, 'invoice: an updated row exists');
  return row;
}

/** What has been billed of subscriptions, the oldest first. Serves to decide whether a period still is to be billed. */
export async function findBillingPeriodsOf(
  trx: Transaction,
  subscription_ids: readonly string[],
): Promise<BillingPeriodRow[]> {
  return rows<BillingPeriodRow>(trx, 'billing_periods')
    .whereIn('subscription_id', [...subscription_ids])
    .orderBy(['billing_at', 'id']);
}

/** The latest span of each subscription that an invoice covers. */
export async function findLatestBillingPeriods(
  trx: Transaction,
  subscription_ids: readonly string[],
): Promise<BillingPeriodRow[]> {
  return rows<BillingPeriodRow>(trx, 'billing_periods')
    .distinctOn('subscription_id')
    .whereIn('subscription_id', [...subscription_ids])
    .orderBy([{ column: 'subscription_id' }, { column: 'billing_at', order: 'desc' }, { column: 'id', order: 'desc' }]);
}
