import { dueCents, type Owed } from '../invoices/due.ts';
import type { Invoice } from '../invoices/invoice.ts';
import { type Cents, roundToCents } from '../money/cents.ts';
import { Decimal, sum } from '../money/decimal.ts';
import type { TaxesGivenBack } from './compute-items.ts';
import { type Parts, totalOf } from './credit-note.ts';
import type { Room } from './settle-credit-note.ts';

/** An invoice with all that was given back of it so far. */
export interface CreditableInvoice extends TaxesGivenBack {
  readonly invoice: Owed & Pick<Invoice, 'invoice_type' | 'payment_status'>;
  /** Of its final notes, voided ones included. */
  readonly given: Parts;
}

/** Whether all of it has been paid, and nobody has said yet that the payment succeeded. */
export function isPaymentPending({ invoice }: CreditableInvoice): boolean {
  return (
    invoice.payment_status !== 'succeeded' &&
    invoice.total_paid_amount_cents > 0 &&
    invoice.total_paid_amount_cents === invoice.total_amount_cents
  );
}

export function refundableCents(facts: CreditableInvoice): Cents {
  const { invoice, given } = facts;
  if (invoice.status === 'draft' || isPaymentPending(facts)) return 0;
  return Math.max(invoice.total_paid_amount_cents - given.refund_amount_cents, 0);
}

export function roomOf(facts: CreditableInvoice): Room {
  return { refundable_cents: refundableCents(facts), due_cents: Math.max(dueCents(facts.invoice), 0) };
}

/** The fees with their taxes, before anything was taken off them. */
export function grossCents({ fees }: TaxesGivenBack): Cents {
  const taxes = sum(
    fees.flatMap((fee) => fee.taxes.map(({ tax_rate }) => new Decimal(fee.amount_cents).times(tax_rate).div(100))),
  );
  return fees.reduce((total, { amount_cents }) => total + amount_cents, roundToCents(taxes));
}

/** What final notes have left of the gross amount. */
export function leftCents(facts: CreditableInvoice): Cents {
  return grossCents(facts) - totalOf(facts.given);
}
