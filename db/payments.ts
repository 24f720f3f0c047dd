import type { Knex } from 'knex';
import { assert } from '../billing/assert.ts';
import { visibleInvoiceStatuses } from '../billing/invoices/invoice.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { Payment } from '../billing/payments/payment.ts';
import type { PaymentDocument } from '../billing/payments/wire.ts';
import { isId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface PaymentRow extends Payment {
  readonly organization_id: string;
}

export async function insertPayment(trx: Transaction, payment: Payment): Promise<PaymentRow> {
  const [row] = await insert<PaymentRow>(trx, 'payments', payment);
  assert(row, 'payment: an inserted row comes back');
  return row;
}

export interface PaymentFilters {
  readonly id?: string | undefined;
  readonly customer_id?: string | undefined;
  readonly external_customer_id?: string | undefined;
  readonly invoice_id?: string | undefined;
}

/** The newest first. Payments of invoices that nobody sees are not seen either. */
export function listPayments(
  trx: Transaction,
  { id, customer_id, external_customer_id, invoice_id }: PaymentFilters,
): Knex.QueryBuilder<PaymentRow, PaymentRow[]> {
  const visible = rows(trx, 'invoices')
    .whereIn('status', [...visibleInvoiceStatuses])
    .select('id');
  const query = rows<PaymentRow>(trx, 'payments')
    .whereIn('invoice_id', visible)
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);
  if (id !== undefined) query.where({ id });
  if (customer_id !== undefined) query.where({ customer_id });
  if (external_customer_id !== undefined)
    query.whereIn('customer_id', rows(trx, 'customers').where({ external_id: external_customer_id }).select('id'));
  if (invoice_id !== undefined) query.whereIn('invoice_id', isId(invoice_id) ? [invoice_id] : []);
  return query;
}

/** What their wire is made of, in the order of `payments`. */
export async function loadPayments(trx: Transaction, payments: readonly PaymentRow[]): Promise<PaymentDocument[]> {
  if (payments.length === 0) return [];
  const { rows: names } = await trx.raw<{ rows: { id: string; external_customer_id: string; number: string }[] }>(
    `select p.id, c.external_id as external_customer_id, i.number
     from payments p join customers c on c.id = p.customer_id join invoices i on i.id = p.invoice_id
     where p.organization_id = ? and p.id = any(?)`,
    [trx.organization_id, payments.map(({ id }) => id)],
  );
  const known = new Map(names.map((name) => [name.id, name]));
  return payments.map((payment) => {
    const name = known.get(payment.id);
    assert(name, 'payment: it has a customer and an invoice');
    return {
      payment,
      external_customer_id: name.external_customer_id,
      invoices: [{ id: payment.invoice_id, number: name.number }],
    };
  });
}

/** What has been paid of an invoice, and what its notes took off what is owed on it. */
export async function readSettled(
  trx: Transaction,
  invoice_id: string,
): Promise<{ readonly total_paid_amount_cents: Cents; readonly total_offsetted_credit_note_amount_cents: Cents }> {
  const { rows: found } = await trx.raw<{
    rows: [{ total_paid_amount_cents: Cents; total_offsetted_credit_note_amount_cents: Cents }];
  }>(
    `select
       (select coalesce(sum(amount_cents), 0)::bigint from payments
         where organization_id = :organization_id and invoice_id = :invoice_id and payment_status = 'succeeded') as total_paid_amount_cents,
       (select coalesce(sum(offset_amount_cents), 0)::bigint from credit_notes
         where organization_id = :organization_id and invoice_id = :invoice_id and status = 'finalized') as total_offsetted_credit_note_amount_cents`,
    { organization_id: trx.organization_id, invoice_id },
  );
  return found[0];
}
