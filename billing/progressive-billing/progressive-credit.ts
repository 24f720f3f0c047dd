import type { Cents } from '../money/cents.ts';
import { Decimal } from '../money/decimal.ts';

/** What a progressive billing invoice has billed already of a subscription's charges span. */
export interface ProgressiveCredit {
  readonly invoice_id: string;
  readonly subscription_id: string;
  /** What may be given back of it: its fees, less its coupons, the credits taken from it before and its credit notes. */
  readonly creditable_cents: Cents;
  readonly fees: readonly BilledFee[];
}

/** By what a fee of the same charge is recognized. */
export interface FeeKey {
  readonly subscription_id: string | null;
  readonly charge_id: string | null;
  readonly charge_filter_id: string | null;
  readonly grouped_by: Readonly<Record<string, string | null>>;
}

export interface BilledFee extends Omit<FeeKey, 'subscription_id'> {
  readonly amount_cents: Cents;
}

export interface CreditedProgress {
  readonly credits: readonly { readonly invoice_id: string; readonly amount_cents: Cents }[];
  /** For each fee what was billed of it before, at most all of it. Decimal text. */
  readonly shares: readonly string[];
  /** What is creditable and found no fee to be taken from: usage was corrected downwards. */
  readonly excesses: readonly { readonly invoice_id: string; readonly amount_cents: Cents }[];
}

/**
 * Takes off the bill of a whole span what was billed during it. A fee bears what the earlier fee of its charge, filter and group came to, also
 * where the credit is smaller because that invoice had a coupon; where usage has moved to another filter or group since, the others of the charge bear
 * what is left. Source: spec "Progressive billing" and "Order of arithmetic".
 */
export function creditProgress(
  fees: readonly (FeeKey & { readonly amount_cents: Cents; readonly isTrueUp: boolean })[],
  progressive: readonly ProgressiveCredit[],
): CreditedProgress {
  const shares = fees.map(() => new Decimal(0));
  const credits: { invoice_id: string; amount_cents: Cents }[] = [];
  const excesses: { invoice_id: string; amount_cents: Cents }[] = [];
  for (const { invoice_id, subscription_id, creditable_cents, fees: billed } of progressive) {
    const charges = new Set(billed.map(({ charge_id }) => charge_id));
    const same = fees.filter((fee) => fee.subscription_id === subscription_id && charges.has(fee.charge_id));
    const total = same.reduce((cents, fee) => cents + fee.amount_cents, 0);
    const amount_cents = Math.min(creditable_cents, total);
    if (creditable_cents > amount_cents) excesses.push({ invoice_id, amount_cents: creditable_cents - amount_cents });
    if (amount_cents <= 0) continue;
    credits.push({ invoice_id, amount_cents });
    const before = new Map(billed.map((fee) => [keyOf(fee), fee.amount_cents]));
    let left = new Decimal(amount_cents);
    const bear = (fee: (typeof fees)[number], cents: Decimal | Cents): void => {
      const index = fees.indexOf(fee);
      const share = Decimal.min(fee.amount_cents, shares[index]!.plus(cents));
      left = left.minus(share.minus(shares[index]!));
      shares[index] = share;
    };
    for (const fee of same) if (!fee.isTrueUp) bear(fee, before.get(keyOf(fee)) ?? 0);
    for (const fee of same) if (left.gt(0)) bear(fee, left);
  }
  return { credits, shares: shares.map((share) => share.toFixed()), excesses };
}

function keyOf({ charge_id, charge_filter_id, grouped_by }: Omit<FeeKey, 'subscription_id'>): string {
  return JSON.stringify([charge_id, charge_filter_id, Object.entries(grouped_by).sort()]);
}
