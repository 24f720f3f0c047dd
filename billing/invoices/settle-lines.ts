import { type CouponUse, useCoupons, type UsableCoupon } from '../coupons/use-coupons.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import {
  type CreditedProgress,
  creditProgress,
  type ProgressiveCredit,
} from '../progressive-billing/progressive-credit.ts';
import { applyTaxes, type FeeTaxes, type InvoiceTaxes } from '../taxes/apply-taxes.ts';
import type { Tax } from '../taxes/resolve-taxes.ts';
import type { UntaxedFee } from './compute-invoice.ts';
import { computeTotals, type Totals } from './totals.ts';

/** A line of a bill before anything is taken off it. */
export interface Line {
  readonly fee: UntaxedFee;
  readonly taxes: readonly Tax[];
  /** Of the subscription that it is for. */
  readonly plan_id: string | null;
  /** The line that it tops up. */
  readonly tops_up?: Line;
}

/** What is taken off before taxes. */
export interface Discounts {
  /** What was billed before of the same spans. */
  readonly progressive_credits: readonly ProgressiveCredit[];
  /** In the order in which they were applied. None while the invoice is a draft. */
  readonly coupons: readonly UsableCoupon[];
}

export const NO_DISCOUNTS: Discounts = { progressive_credits: [], coupons: [] };

/** A fee without what only its storage knows. */
export type ComputedFee = UntaxedFee &
  FeeTaxes & {
    /** For a true-up: which of the fees it tops up. */
    readonly tops_up: number | null;
  };

export interface ComputedInvoice {
  readonly fees: readonly ComputedFee[];
  readonly taxes: InvoiceTaxes['taxes'];
  readonly totals: Totals;
  readonly coupon_uses: readonly CouponUse[];
  readonly progressive: Pick<CreditedProgress, 'credits' | 'excesses'>;
}

/** From fees to totals: what was billed during the period, coupons, taxes. Source: spec "Order of arithmetic", steps 2 to 4. */
export function settleLines(lines: readonly Line[], currency: Currency, discounts: Discounts): ComputedInvoice {
  const fees_cents = lines.reduce((total, { fee }) => total + fee.amount_cents, 0);
  const progressive = creditProgress(
    lines.map(({ fee, tops_up }) => ({ ...fee, isTrueUp: tops_up !== undefined })),
    discounts.progressive_credits,
  );
  const progressive_cents = totalOf(progressive.credits);
  const used = useCoupons(
    lines.map(({ fee, plan_id }, index) => ({
      amount_cents: fee.amount_cents,
      precise_coupons_amount_cents: progressive.shares[index]!,
      plan_id,
      billable_metric_id: fee.fee_type === 'charge' ? fee.item_id : null,
    })),
    discounts.coupons,
    { currency, sub_total_cents: fees_cents - progressive_cents },
  );

  const discounted = lines.map(({ fee, taxes, tops_up }, index) => ({
    ...fee,
    precise_coupons_amount_cents: used.shares[index]!,
    taxes,
    tops_up: tops_up ? lines.indexOf(tops_up) : null,
  }));
  const taxed = applyTaxes(discounted);
  const fees = discounted.map((fee, index) => ({ ...fee, ...taxed.fees[index]! }));
  const totals = computeTotals({
    fees,
    taxes: taxed.invoice,
    progressive_billing_credit_amount_cents: progressive_cents,
    coupons_amount_cents: totalOf(used.uses),
  });
  return { fees, taxes: taxed.invoice.taxes, totals, coupon_uses: used.uses, progressive };
}

function totalOf(credits: readonly { readonly amount_cents: Cents }[]): Cents {
  return credits.reduce((total, { amount_cents }) => total + amount_cents, 0);
}
