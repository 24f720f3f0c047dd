import type { Instant } from '../../billing/clock/instant.ts';
import { notAllowed } from '../../billing/errors.ts';
import { announceInvoice } from '../../db/announcements.ts';
import { deleteCreditsOfInvoice } from '../../db/credits.ts';
import { type InvoiceRow, updateInvoice } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { dropDraftNotes } from '../credit-notes/draft-notes.ts';
import { replanInvoice } from './plan-invoice.ts';

/** A draft that is not wanted. Its periods count as billed; what was credited on it is free again. The caller holds it and the billing of its customer. */
export async function deleteDraft(trx: Transaction, draft: InvoiceRow, at: Instant): Promise<void> {
  if (draft.status !== 'draft') throw notAllowed('not_deletable');
  await deleteCreditsOfInvoice(trx, draft.id);
  await dropDraftNotes(trx, draft.id);
  await updateInvoice(trx, draft.id, { status: 'deleted', updated_at: at });
  await announceInvoice(trx, draft.id, 'invoice.deleted', at);
  await replanInvoice(trx, draft.id, at);
}
