import type { CreditableFee, Item } from '../credit-notes/compute-items.ts';
import type { Cents } from '../money/cents.ts';
import { Decimal } from '../money/decimal.ts';

/**
 * A fee of a progressive invoice without its share of what invoices before it had billed: what it was paid for. Coupons were used on the rest alone.
 */
export function withoutShare(fee: CreditableFee, share: string): CreditableFee {
  return {
    ...fee,
    amount_cents: new Decimal(fee.amount_cents).minus(share).toNumber(),
    precise_coupons_amount_cents: new Decimal(fee.precise_coupons_amount_cents).minus(share).toFixed(),
  };
}

/** From which fees of a progressive invoice what is too much is given back: the largest first. */
export function itemsOfExcess(fees: readonly CreditableFee[], excess_cents: Cents): Item[] {
  let left = excess_cents;
  return [...fees]
    .sort((a, b) => b.amount_cents - a.amount_cents)
    .flatMap((fee) => {
      const amount_cents = Math.min(left, fee.amount_cents - fee.credited_cents);
      if (amount_cents <= 0) return [];
      left -= amount_cents;
      return [{ fee, amount: new Decimal(amount_cents) }];
    });
}
