import type { Instant } from '../billing/clock/instant.ts';
import type { BillingPeriod, Invoice, InvoiceMetadata, InvoiceTax } from '../billing/invoices/invoice.ts';
import { visibleInvoiceStatuses } from '../billing/invoices/invoice.ts';
import type { InvoiceDocument, InvoiceSummary } from '../billing/invoices/wire.ts';
import { assert } from '../billing/assert.ts';
import { loadCredits } from './credits.ts';
import { loadCustomers } from './customers.ts';
import { findDocumentNames } from './documents.ts';
import { findFeesOfInvoices, loadFees } from './fees.ts';
import { newId } from './ids.ts';
import { loadReachedThresholds } from './lifetime-usages.ts';
import { findInvoiceErrors } from './invoice-errors.ts';
import { loadSubscriptions } from './subscriptions.ts';
import { type Transaction, insert, lock, rows } from './transaction.ts';

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

/** Undefined when this bill exists already: the same customer, instant, currency and occasion. */
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

/** Those that nobody sees too. */
export async function findInvoice(trx: Transaction, id: string): Promise<InvoiceRow | undefined> {
  return rows<InvoiceRow>(trx, 'invoices').where({ id }).first();
}

/** As callers see it: one that was closed or deleted does not exist. */
export async function findVisibleInvoice(trx: Transaction, id: string): Promise<InvoiceRow | undefined> {
  return rows<InvoiceRow>(trx, 'invoices')
    .where({ id })
    .whereIn('status', [...visibleInvoiceStatuses])
    .first();
}

/** Holds the row until the transaction ends. Those that nobody sees too. */
export async function lockInvoice(trx: Transaction, id: string): Promise<InvoiceRow | undefined> {
  return rows<InvoiceRow>(trx, 'invoices').where({ id }).forNoKeyUpdate().first();
}

/** Holds the billing of its customer as well, and first: whoever holds both takes them in this order, so that no two wait for each other. */
export async function lockInvoiceWithBilling(trx: Transaction, id: string): Promise<InvoiceRow | undefined> {
  const found = await findInvoice(trx, id);
  if (!found) return undefined;
  await lock(trx, `billing/${found.customer_id}`);
  return lockInvoice(trx, id);
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

/** What lists show of invoices, in the order of `invoices`; a constant number of statements whatever their number. */
export async function loadInvoiceSummaries(
  trx: Transaction,
  invoices: readonly InvoiceRow[],
): Promise<InvoiceSummary[]> {
  if (invoices.length === 0) return [];
  const ids = invoices.map((invoice) => invoice.id);
  const customers = await loadCustomers(trx, [...new Set(invoices.map((invoice) => invoice.customer_id))]);
  const metadata = Map.groupBy(await findInvoiceMetadata(trx, ids), (entry) => entry.invoice_id);
  const taxes = Map.groupBy(await findInvoiceTaxes(trx, ids), (tax) => tax.invoice_id);
  const documents = await findDocumentNames(trx, 'invoice_id', ids);
  return invoices.map((invoice) => {
    const customer = customers.get(invoice.customer_id);
    assert(customer, 'invoice: its customer exists');
    return {
      invoice,
      customer,
      metadata: metadata.get(invoice.id) ?? [],
      taxes: taxes.get(invoice.id) ?? [],
      document: documents.get(invoice.id) ?? null,
    };
  });
}

/** All that invoices consist of, in the order of `ids`; a constant number of statements whatever their number. */
export async function loadInvoices(trx: Transaction, ids: readonly string[]): Promise<InvoiceDocument[]> {
  const found = new Map(
    (await rows<InvoiceRow>(trx, 'invoices').whereIn('id', [...ids])).map((invoice) => [invoice.id, invoice]),
  );
  const summaries = await loadInvoiceSummaries(
    trx,
    ids.flatMap((id) => found.get(id) ?? []),
  );
  const fees = Map.groupBy(await loadFees(trx, await findFeesOfInvoices(trx, ids)), ({ fee }) => fee.invoice_id);
  const credits = Map.groupBy(await loadCredits(trx, ids), (credit) => credit.invoice_id);
  const thresholds = Map.groupBy(await loadReachedThresholds(trx, ids), (one) => one.invoice_id);
  const errors = Map.groupBy(await findInvoiceErrors(trx, ids), (error) => error.invoice_id);
  const periods = Map.groupBy(await findBillingPeriodsOfInvoices(trx, ids), (period) => period.invoice_id);
  const subscriptions = await loadSubscriptions(trx, [
    ...new Set([...periods.values()].flat().map((period) => period.subscription_id)),
  ]);
  return summaries.map((summary) => {
    const { id } = summary.invoice;
    const billing_periods = periods.get(id) ?? [];
    const covered = new Set(billing_periods.map((period) => period.subscription_id));
    return {
      ...summary,
      billing_periods,
      subscriptions: subscriptions.filter(({ subscription }) => covered.has(subscription.id)),
      fees: fees.get(id) ?? [],
      credits: credits.get(id) ?? [],
      thresholds: thresholds.get(id) ?? [],
      errors: errors.get(id) ?? [],
    };
  });
}

async function findInvoiceMetadata(trx: Transaction, invoice_ids: readonly string[]): Promise<InvoiceMetadataRow[]> {
  return rows<InvoiceMetadataRow>(trx, 'invoice_metadata')
    .whereIn('invoice_id', [...invoice_ids])
    .orderBy(['created_at', 'id']);
}

async function findInvoiceTaxes(trx: Transaction, invoice_ids: readonly string[]): Promise<InvoiceTaxRow[]> {
  return rows<InvoiceTaxRow>(trx, 'invoice_taxes')
    .whereIn('invoice_id', [...invoice_ids])
    .orderBy([{ column: 'tax_rate', order: 'desc' }, { column: 'tax_code' }]);
}

async function findBillingPeriodsOfInvoices(
  trx: Transaction,
  invoice_ids: readonly string[],
): Promise<BillingPeriodRow[]> {
  return rows<BillingPeriodRow>(trx, 'billing_periods')
    .whereIn('invoice_id', [...invoice_ids])
    .orderBy(['created_at', 'id']);
}

export async function findBillingPeriodsOfInvoice(trx: Transaction, invoice_id: string): Promise<BillingPeriodRow[]> {
  return rows<BillingPeriodRow>(trx, 'billing_periods').where({ invoice_id }).orderBy('id');
}

/** A draft is computed anew. */
export async function deleteInvoiceTaxes(trx: Transaction, invoice_id: string): Promise<void> {
  await rows(trx, 'invoice_taxes').where({ invoice_id }).delete();
}

export type MetadataFields = Pick<InvoiceMetadata, 'key' | 'value'> & { readonly id?: string | undefined };

/** Replaces the whole list. Those that are named by their id keep it, and the time of their creation. */
export async function replaceInvoiceMetadata(
  trx: Transaction,
  invoice_id: string,
  list: readonly MetadataFields[],
  at: Instant,
): Promise<void> {
  const removed = await rows<InvoiceMetadataRow>(trx, 'invoice_metadata').where({ invoice_id }).delete().returning('*');
  const known = new Map(removed.map((one) => [one.id, one]));
  await insert(
    trx,
    'invoice_metadata',
    list.map(({ id, key, value }) => {
      const before = known.get(id ?? '');
      known.delete(id ?? '');
      return { id: before?.id ?? newId(), invoice_id, key, value, created_at: before?.created_at ?? at };
    }),
  );
}

/** The latest bill of these subscriptions, apart from those of single events. */
export async function findLastBill(trx: Transaction, subscription_ids: readonly string[]): Promise<string | undefined> {
  const period = (await rows(trx, 'billing_periods')
    .whereIn('subscription_id', [...subscription_ids])
    .whereIn('invoicing_reason', ['subscription_starting', 'subscription_periodic', 'subscription_terminating'])
    .orderBy([
      { column: 'billing_at', order: 'desc' },
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .first('invoice_id')) as { invoice_id: string } | undefined;
  return period?.invoice_id;
}

/** Whether another invoice has been made in place of a voided one. */
export async function isRegenerated(trx: Transaction, voided_invoice_id: string): Promise<boolean> {
  return (await rows(trx, 'invoices').where({ voided_invoice_id }).first('id')) !== undefined;
}

/** Whether this bill exists, by what makes two bills the same one. */
export async function isBilled(
  trx: Transaction,
  key: Pick<Invoice, 'customer_id' | 'billing_at' | 'currency' | 'occasion'>,
): Promise<boolean> {
  return (await rows(trx, 'invoices').where(key).first('id')) !== undefined;
}
