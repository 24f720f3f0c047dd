import type { Instant } from '../../billing/clock/instant.ts';
import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import { dueCents } from '../../billing/invoices/due.ts';
import { type InvoiceRow, updateInvoice } from '../../db/invoices.ts';
import { readSettled } from '../../db/payments.ts';
import type { Transaction } from '../../db/transaction.ts';
import { changePaymentStatus } from './change-payment-status.ts';

/** Counts what was paid of an invoice and taken off what is owed on it, and says that it is paid once nothing is owed. The caller holds the invoice. */
export async function settleInvoice(
  trx: Transaction,
  { id }: Pick<InvoiceRow, 'id'>,
  at: Instant,
  links?: LinkSettings,
): Promise<InvoiceRow> {
  const invoice = await updateInvoice(trx, id, { ...(await readSettled(trx, id)), updated_at: at });
  if (dueCents(invoice) !== 0 || invoice.payment_status === 'succeeded') return invoice;
  return changePaymentStatus(trx, invoice, 'succeeded', at, links);
}
