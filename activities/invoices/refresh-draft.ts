import type { Instant } from '../../billing/clock/instant.ts';
import type { InvoiceRow } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { fillOrFail } from './fill-or-fail.ts';

/** Computes a draft anew from the facts of today. Its dates stay. The caller holds the invoice and its billing. */
export async function refreshDraft(trx: Transaction, draft: InvoiceRow, at: Instant): Promise<void> {
  await fillOrFail(trx, draft, at, { isFinal: false });
}
