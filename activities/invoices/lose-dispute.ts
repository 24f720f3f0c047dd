import type { Instant } from '../../billing/clock/instant.ts';
import { notAllowed } from '../../billing/errors.ts';
import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import { announceDisputeLost } from '../../db/announcements.ts';
import { type InvoiceRow, updateInvoice } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { replanInvoice } from './plan-invoice.ts';

export interface LostDispute {
  /** As the payment provider says it; absent when somebody else does. */
  readonly reason?: string;
  readonly at: Instant;
}

/** The customer got the money back by way of the bank: it is not asked for again. Told once, however often it is lost. The caller holds the invoice. */
export async function loseDispute(
  trx: Transaction,
  invoice: InvoiceRow,
  links: LinkSettings,
  { reason, at }: LostDispute,
): Promise<void> {
  if (invoice.status !== 'finalized' && invoice.status !== 'voided') throw notAllowed('not_disputable');
  if (invoice.payment_dispute_lost_at !== null) return;
  await updateInvoice(trx, invoice.id, { payment_dispute_lost_at: at, payment_overdue: false, updated_at: at });
  await announceDisputeLost(trx, invoice.id, reason, links, at);
  await replanInvoice(trx, invoice.id, at);
}
