import type { Instant } from '../../billing/clock/instant.ts';
import { draftDates, isDatedBy } from '../../billing/invoices/draft-dates.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import { type InvoiceRow, updateInvoice } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';

/** The terms of its customer may have changed since the draft was dated. */
export async function redateDraft(trx: Transaction, draft: InvoiceRow, at: Instant): Promise<InvoiceRow> {
  const settings = await readBillingSettings(trx, draft.customer_id);
  if (isDatedBy(draft, settings)) return draft;
  return updateInvoice(trx, draft.id, { ...draftDates(draft, settings, at), updated_at: at });
}
