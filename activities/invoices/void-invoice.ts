import type { Instant } from '../../billing/clock/instant.ts';
import { notAllowed } from '../../billing/errors.ts';
import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import { announceInvoice } from '../../db/announcements.ts';
import { giveCouponsBack } from '../../db/applied-coupons.ts';
import { type InvoiceRow, updateInvoice } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { replanInvoice } from './plan-invoice.ts';

/** Annuls a final invoice, paid or not. It keeps its number, and how it was paid. The caller holds it and the billing of its customer. */
export async function voidInvoice(
  trx: Transaction,
  invoice: InvoiceRow,
  links: LinkSettings,
  at: Instant,
): Promise<void> {
  if (invoice.status !== 'finalized') throw notAllowed('not_voidable');
  await updateInvoice(trx, invoice.id, { status: 'voided', voided_at: at, payment_overdue: false, updated_at: at });
  await giveCouponsBack(trx, invoice.id, at);
  await announceInvoice(trx, invoice.id, 'invoice.voided', at, links);
  await replanInvoice(trx, invoice.id, at);
}
