import type { Knex } from 'knex';
import type { LocalDate } from '../billing/clock/instant.ts';
import { type InvoicePaymentStatus, type InvoiceType, visibleInvoiceStatuses } from '../billing/invoices/invoice.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { Currency } from '../billing/money/currency.ts';
import { customersLike, patternOf } from './customer-search.ts';
import { isId } from './ids.ts';
import type { InvoiceRow } from './invoices.ts';
import { type Transaction, rows } from './transaction.ts';

export type VisibleInvoiceStatus = (typeof visibleInvoiceStatuses)[number];

/** What is undefined does not filter. */
export interface InvoiceFilters {
  readonly customer_id?: string | undefined;
  readonly external_customer_id?: string | undefined;
  readonly statuses?: readonly VisibleInvoiceStatus[] | undefined;
  readonly payment_statuses?: readonly InvoicePaymentStatus[] | undefined;
  readonly payment_overdue?: boolean | undefined;
  readonly payment_dispute_lost?: boolean | undefined;
  readonly partially_paid?: boolean | undefined;
  readonly self_billed?: boolean | undefined;
  readonly currency?: Currency | undefined;
  readonly invoice_type?: InvoiceType | undefined;
  readonly issuing_date_from?: LocalDate | undefined;
  readonly issuing_date_to?: LocalDate | undefined;
  readonly amount_from?: Cents | undefined;
  readonly amount_to?: Cents | undefined;
  readonly search_term?: string | undefined;
  /** All must match; an empty value means that the invoice has no such key. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

type Query = Knex.QueryBuilder<InvoiceRow, InvoiceRow[]>;

/** The newest first. */
export function listInvoices(trx: Transaction, filters: InvoiceFilters): Query {
  const query = rows<InvoiceRow>(trx, 'invoices')
    .whereIn('status', [...(filters.statuses ?? visibleInvoiceStatuses)])
    .orderBy([
      { column: 'issuing_date', order: 'desc' },
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);
  filterByCustomer(query, trx, filters);
  filterByPayment(query, filters);
  const { currency, invoice_type } = filters;
  // No invoice is: partners come later.
  if (filters.self_billed === true) query.whereRaw('false');
  if (currency !== undefined) query.where({ currency });
  if (invoice_type !== undefined) query.where({ invoice_type });
  if (filters.issuing_date_from !== undefined) query.where('issuing_date', '>=', filters.issuing_date_from);
  if (filters.issuing_date_to !== undefined) query.where('issuing_date', '<=', filters.issuing_date_to);
  if (filters.amount_from !== undefined) query.where('total_amount_cents', '>=', filters.amount_from);
  if (filters.amount_to !== undefined) query.where('total_amount_cents', '<=', filters.amount_to);
  if (filters.search_term !== undefined) search(query, trx, filters.search_term, filters);
  for (const [key, value] of Object.entries(filters.metadata ?? {})) filterByMetadata(query, trx, key, value);
  return query;
}

function filterByCustomer(query: Query, trx: Transaction, { customer_id, external_customer_id }: InvoiceFilters): void {
  if (customer_id !== undefined) query.where({ customer_id });
  if (external_customer_id !== undefined)
    query.whereIn('customer_id', rows(trx, 'customers').where({ external_id: external_customer_id }).select('id'));
}

function filterByPayment(query: Query, filters: InvoiceFilters): void {
  const { payment_statuses, payment_overdue, payment_dispute_lost, partially_paid } = filters;
  if (payment_statuses !== undefined) query.whereIn('payment_status', [...payment_statuses]);
  if (payment_overdue !== undefined) query.where({ payment_overdue });
  if (payment_dispute_lost === true) query.whereNotNull('payment_dispute_lost_at');
  if (payment_dispute_lost === false) query.whereNull('payment_dispute_lost_at');
  const isPartiallyPaid = 'total_paid_amount_cents > 0 and total_paid_amount_cents < total_amount_cents';
  if (partially_paid !== undefined) query.whereRaw(partially_paid ? isPartiallyPaid : `not (${isPartiallyPaid})`);
}

/** A part of the number or of what its customer is called, in any case; or the exact id. */
function search(query: Query, trx: Transaction, term: string, { customer_id, external_customer_id }: InvoiceFilters) {
  const pattern = patternOf(term);
  const isOneCustomer = customer_id !== undefined || external_customer_id !== undefined;
  query.where((found) => {
    found.whereILike('number', pattern);
    if (isId(term)) found.orWhere('invoices.id', term);
    if (isOneCustomer) return;
    found.orWhereIn('customer_id', customersLike(trx, pattern));
  });
}

function filterByMetadata(query: Query, trx: Transaction, key: string, value: string): void {
  const entries = rows(trx, 'invoice_metadata').whereRaw('invoice_metadata.invoice_id = invoices.id').where({ key });
  if (value === '') query.whereNotExists(entries);
  else query.whereExists(entries.where({ value }));
}
