import type { Instant } from '../../billing/clock/instant.ts';
import { paymentStamps } from '../../billing/fees/payment-status.ts';
import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import type { InvoicePaymentStatus } from '../../billing/invoices/invoice.ts';
import { announceInvoice } from '../../db/announcements.ts';
import { updateFeesOfInvoice } from '../../db/fees.ts';
import { type InvoiceRow, updateInvoice } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { replanInvoice } from '../invoices/plan-invoice.ts';

/** Says how the payment of an invoice went, with all that follows from it. */
export async function changePaymentStatus(
  trx: Transaction,
  { id }: InvoiceRow,
  payment_status: InvoicePaymentStatus,
  at: Instant,
  links?: LinkSettings,
): Promise<InvoiceRow> {
  const overdue = payment_status === 'succeeded' ? { payment_overdue: false } : {};
  const updated = await updateInvoice(trx, id, { payment_status, ...overdue, updated_at: at });
  await updateFeesOfInvoice(trx, id, { ...paymentStamps(payment_status, at), updated_at: at });
  await announceInvoice(trx, id, 'invoice.payment_status_updated', at, links);
  await replanInvoice(trx, id, at);
  return updated;
}
