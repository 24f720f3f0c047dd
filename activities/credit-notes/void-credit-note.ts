import type { Instant } from '../../billing/clock/instant.ts';
import { notAllowed, notFound } from '../../billing/errors.ts';
import { type CreditNoteRow, lockCreditNote, updateCreditNote } from '../../db/credit-notes.ts';
import { lockBilling } from '../../db/subscriptions.ts';
import type { Transaction } from '../../db/transaction.ts';

/** What is left of its credit can no longer be used; what is paid back stays so. Held against invoices that may be using it. @throws */
export async function voidCreditNote(
  trx: Transaction,
  { id, customer_id }: Pick<CreditNoteRow, 'id' | 'customer_id'>,
  at: Instant,
): Promise<CreditNoteRow> {
  await lockBilling(trx, customer_id);
  const note = await lockCreditNote(trx, id);
  if (!note) throw notFound('credit_note');
  if (note.credit_status === 'voided' || note.balance_amount_cents === 0) throw notAllowed('no_voidable_amount');
  return updateCreditNote(trx, id, { credit_status: 'voided', balance_amount_cents: 0, voided_at: at, updated_at: at });
}
