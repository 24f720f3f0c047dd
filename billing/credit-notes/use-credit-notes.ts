import type { Invoice } from '../invoices/invoice.ts';
import type { Cents } from '../money/cents.ts';
import type { CreditNote } from './credit-note.ts';

export interface CreditNoteUse {
  readonly id: string;
  readonly amount_cents: Cents;
  /** What is left of the note. */
  readonly balance_amount_cents: Cents;
}

/** What is bought in one go is paid in money: neither notes nor prepaid credits are used on it. */
export function takesCreditNotes({ invoice_type }: Pick<Invoice, 'invoice_type'>): boolean {
  return invoice_type === 'subscription' || invoice_type === 'progressive_billing';
}

/** One after the other until nothing is left to pay. */
export function useBalances(
  notes: readonly Pick<CreditNote, 'id' | 'balance_amount_cents'>[],
  payable_cents: Cents,
): CreditNoteUse[] {
  let left = payable_cents;
  return notes.flatMap(({ id, balance_amount_cents }) => {
    const amount_cents = Math.min(balance_amount_cents, left);
    left -= amount_cents;
    return amount_cents > 0 ? [{ id, amount_cents, balance_amount_cents: balance_amount_cents - amount_cents }] : [];
  });
}
