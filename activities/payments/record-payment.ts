import type { Instant } from '../../billing/clock/instant.ts';
import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import { notFound } from '../../billing/errors.ts';
import { visibleInvoiceStatuses } from '../../billing/invoices/invoice.ts';
import { checkPayment, type ManualPayment } from '../../billing/payments/check-payment.ts';
import { newId } from '../../db/ids.ts';
import { type InvoiceRow, lockInvoice } from '../../db/invoices.ts';
import { insertPayment, type PaymentRow } from '../../db/payments.ts';
import type { Transaction } from '../../db/transaction.ts';
import { settleInvoice } from './settle-invoice.ts';

/** Enters a payment that came in by another way. Two on one invoice queue, so that together they never pay more than is owed. @throws */
export async function recordPayment(
  trx: Transaction,
  invoice_id: string,
  payment: ManualPayment,
  links: LinkSettings,
  at: Instant,
): Promise<PaymentRow> {
  const invoice = await lockInvoice(trx, invoice_id);
  if (!invoice || !isVisible(invoice)) throw notFound('invoice');
  const made_at = checkPayment(payment, invoice);
  const row = await insertPayment(trx, {
    id: newId(),
    customer_id: invoice.customer_id,
    invoice_id,
    payment_type: 'manual',
    amount_cents: payment.amount_cents,
    amount_currency: invoice.currency,
    status: 'succeeded',
    payment_status: 'succeeded',
    reference: payment.reference ?? null,
    created_at: made_at ?? at,
    updated_at: at,
  });
  await settleInvoice(trx, invoice, at, links);
  return row;
}

function isVisible({ status }: InvoiceRow): boolean {
  return visibleInvoiceStatuses.some((visible) => visible === status);
}
