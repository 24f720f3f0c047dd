import type { Instant } from '../../billing/clock/instant.ts';
import type { RefundStatus } from '../../billing/credit-notes/credit-note.ts';
import { type CreditNoteRow, updateCreditNote } from '../../db/credit-notes.ts';
import type { Transaction } from '../../db/transaction.ts';

/** Says how a refund went. One that has succeeded never changes again, and where nothing is paid back there is nothing to say. */
export async function changeRefundStatus(
  trx: Transaction,
  note: CreditNoteRow,
  refund_status: RefundStatus,
  at: Instant,
): Promise<CreditNoteRow> {
  if (note.refund_amount_cents === 0 || note.refund_status === 'succeeded' || note.refund_status === refund_status)
    return note;
  const refunded_at = refund_status === 'succeeded' ? at : null;
  return updateCreditNote(trx, note.id, { refund_status, refunded_at, updated_at: at });
}
