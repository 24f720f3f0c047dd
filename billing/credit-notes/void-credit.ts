import { invalid } from '../errors.ts';
import type { Cents } from '../money/cents.ts';
import { Decimal } from '../money/decimal.ts';
import { computeItems, DECIMALS, type Item } from './compute-items.ts';
import { type CreditableInvoice, refundableCents } from './creditable-invoice.ts';
import { type Parts, totalOf } from './credit-note.ts';

/** All that is left of an invoice's fees. */
export function allThatIsLeft({ fees }: CreditableInvoice): Item[] {
  return fees.flatMap((fee) => {
    const left = fee.amount_cents - fee.credited_cents;
    return left > 0 ? [{ fee, amount: new Decimal(left) }] : [];
  });
}

/** What could still be given back of an invoice, after coupons and with taxes. */
export function creditableCents(facts: CreditableInvoice): Cents {
  return computeItems(allThatIsLeft(facts), facts).expected_total_cents;
}

/** @throws when more is wanted than can be given back */
export function checkVoidCredit(wanted: Parts, facts: CreditableInvoice): void {
  const isTooMuch = totalOf(wanted) > creditableCents(facts) || wanted.refund_amount_cents > refundableCents(facts);
  if (isTooMuch) throw invalid({ credit_refund_amount: ['total_amount_exceeds_invoice_amount'] });
}

/** Items over all fees in proportion, which come to this total. */
export function spreadOverFees(total_cents: Cents, facts: CreditableInvoice): Item[] {
  const creditable = creditableCents(facts);
  if (total_cents === 0 || creditable === 0) return [];
  return allThatIsLeft(facts).flatMap(({ fee, amount }) => {
    const share = amount.times(total_cents).div(creditable).toDecimalPlaces(DECIMALS, Decimal.ROUND_DOWN);
    return share.isZero() ? [] : [{ fee, amount: share }];
  });
}
