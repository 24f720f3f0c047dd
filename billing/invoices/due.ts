import type { Cents } from '../money/cents.ts';
import type { Invoice } from './invoice.ts';

export type Owed = Pick<
  Invoice,
  'status' | 'total_amount_cents' | 'total_paid_amount_cents' | 'total_offsetted_credit_note_amount_cents'
>;

/** What is still owed on an invoice: of a voided one nothing. */
export function dueCents(invoice: Owed): Cents {
  const { total_amount_cents, total_paid_amount_cents, total_offsetted_credit_note_amount_cents } = invoice;
  if (invoice.status === 'voided') return 0;
  return total_amount_cents - total_paid_amount_cents - total_offsetted_credit_note_amount_cents;
}
