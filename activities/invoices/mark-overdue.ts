import type { Instant } from '../../billing/clock/instant.ts';
import { announceInvoice } from '../../db/announcements.ts';
import { type InvoiceRow, updateInvoice } from '../../db/invoices.ts';
import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import type { Transaction } from '../../db/transaction.ts';

/** The day has come on which the invoice should have been paid. The caller holds it. */
export async function markOverdue(
  trx: Transaction,
  invoice: InvoiceRow,
  links: LinkSettings,
  at: Instant,
): Promise<void> {
  await updateInvoice(trx, invoice.id, { payment_overdue: true, updated_at: at });
  await announceInvoice(trx, invoice.id, 'invoice.payment_overdue', at, links);
}
