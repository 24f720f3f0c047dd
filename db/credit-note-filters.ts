import type { Knex } from 'knex';
import type { LocalDate } from '../billing/clock/instant.ts';
import type { CreditNoteReason, CreditStatus, RefundStatus } from '../billing/credit-notes/credit-note.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { Currency } from '../billing/money/currency.ts';
import type { CreditNoteRow } from './credit-notes.ts';
import { customersLike, patternOf } from './customer-search.ts';
import { isId } from './ids.ts';
import { type Transaction, rows } from './transaction.ts';

export const creditNoteTypes = ['credit', 'refund', 'offset'] as const;
export type CreditNoteType = (typeof creditNoteTypes)[number];

/** What is undefined does not filter. */
export interface CreditNoteFilters {
  readonly customer_id?: string | undefined;
  readonly external_customer_id?: string | undefined;
  readonly currency?: Currency | undefined;
  readonly reasons?: readonly CreditNoteReason[] | undefined;
  readonly credit_statuses?: readonly CreditStatus[] | undefined;
  readonly refund_statuses?: readonly RefundStatus[] | undefined;
  /** Those that have such a part. */
  readonly types?: readonly CreditNoteType[] | undefined;
  readonly invoice_number?: string | undefined;
  readonly issuing_date_from?: LocalDate | undefined;
  readonly issuing_date_to?: LocalDate | undefined;
  readonly amount_from?: Cents | undefined;
  readonly amount_to?: Cents | undefined;
  readonly search_term?: string | undefined;
  readonly self_billed?: boolean | undefined;
}

type Query = Knex.QueryBuilder<CreditNoteRow, CreditNoteRow[]>;

/** Final ones, the newest first. */
export function listCreditNotes(trx: Transaction, filters: CreditNoteFilters): Query {
  const query = rows<CreditNoteRow>(trx, 'credit_notes')
    .where({ status: 'finalized' })
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);
  const { customer_id, external_customer_id, currency, invoice_number, types } = filters;
  // No note is: partners come later.
  if (filters.self_billed === true) query.whereRaw('false');
  if (customer_id !== undefined) query.where({ customer_id });
  if (external_customer_id !== undefined)
    query.whereIn('customer_id', rows(trx, 'customers').where({ external_id: external_customer_id }).select('id'));
  if (currency !== undefined) query.where({ currency });
  if (invoice_number !== undefined)
    query.whereIn('invoice_id', rows(trx, 'invoices').where({ number: invoice_number }).select('id'));
  if (filters.reasons) query.whereIn('reason', [...filters.reasons]);
  if (filters.credit_statuses) query.whereIn('credit_status', [...filters.credit_statuses]);
  if (filters.refund_statuses) query.whereIn('refund_status', [...filters.refund_statuses]);
  if (types) query.where((any) => types.forEach((type) => any.orWhere(`${type}_amount_cents`, '>', 0)));
  if (filters.issuing_date_from !== undefined) query.where('issuing_date', '>=', filters.issuing_date_from);
  if (filters.issuing_date_to !== undefined) query.where('issuing_date', '<=', filters.issuing_date_to);
  if (filters.amount_from !== undefined) query.where('total_amount_cents', '>=', filters.amount_from);
  if (filters.amount_to !== undefined) query.where('total_amount_cents', '<=', filters.amount_to);
  if (filters.search_term !== undefined) search(query, trx, filters.search_term, filters);
  return query;
}

/** A part of the number or of what its customer is called, in any case; or the exact id. */
function search(
  query: Query,
  trx: Transaction,
  term: string,
  { customer_id, external_customer_id }: CreditNoteFilters,
): void {
  const pattern = patternOf(term);
  const isOneCustomer = customer_id !== undefined || external_customer_id !== undefined;
  query.where((found) => {
    found.whereILike('number', pattern);
    if (isId(term)) found.orWhere('credit_notes.id', term);
    if (!isOneCustomer) found.orWhereIn('customer_id', customersLike(trx, pattern));
  });
}
