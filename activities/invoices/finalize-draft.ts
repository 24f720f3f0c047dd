import type { Instant } from '../../billing/clock/instant.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import type { InvoiceRow } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { fillOrFail } from './fill-or-fail.ts';
import { finalizeInvoice } from './finalize-invoice.ts';
import { redateDraft } from './redate-draft.ts';

/** Computes a draft anew from the facts of now, and makes it final. The caller holds the invoice and its billing. */
export async function finalizeDraft(trx: Transaction, draft: InvoiceRow, at: Instant): Promise<void> {
  const dated = await redateDraft(trx, draft, at);
  const filled = await fillOrFail(trx, dated, at, { isFinal: true });
  if (filled) await finalizeInvoice(trx, filled, await readBillingSettings(trx, draft.customer_id), at);
}
