import { type Cents, roundToCents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal, sum, ZERO } from '../money/decimal.ts';
import type { AppliedCoupon, CouponType } from './coupon.ts';

/** An applied coupon that may be used on an invoice. */
export interface UsableCoupon extends Pick<
  AppliedCoupon,
  'id' | 'frequency' | 'frequency_duration_remaining' | 'amount_currency' | 'percentage_rate'
> {
  readonly coupon_type: CouponType;
  /** Of a fixed amount: what is left of it when it is used once, else the whole of it. */
  readonly amount_cents: Cents | null;
  /** Null: not limited. */
  readonly plan_ids: ReadonlySet<string> | null;
  readonly billable_metric_ids: ReadonlySet<string> | null;
}

/** What a coupon sees of a fee. */
export interface DiscountableFee {
  readonly amount_cents: Cents;
  /** What was taken off it before, decimal text in cents. */
  readonly precise_coupons_amount_cents: string;
  /** Null for what is not of a plan. */
  readonly plan_id: string | null;
  /** Null for what is not usage. */
  readonly billable_metric_id: string | null;
}

export interface CouponUse {
  readonly coupon: UsableCoupon;
  /** May be 0 where there was nothing left to discount on what it is limited to. */
  readonly amount_cents: Cents;
}

export interface UsedCoupons {
  readonly uses: readonly CouponUse[];
  /** For each fee what was taken off it in all, decimal text with 5 digits at most. */
  readonly shares: readonly string[];
  /** What is left of the fees. */
  readonly sub_total_cents: Cents;
}

/**
 * Takes coupons off fees, one after the other, each from what the earlier ones left: those limited to metrics, those limited to plans, the
 * others; within each kind in the order in which they come. Source: spec "Use on an invoice" and "Spreading a coupon".
 */
export function useCoupons(
  fees: readonly DiscountableFee[],
  coupons: readonly UsableCoupon[],
  { currency, sub_total_cents }: { readonly currency: Currency; readonly sub_total_cents: Cents },
): UsedCoupons {
  const shares = fees.map((fee) => new Decimal(fee.precise_coupons_amount_cents));
  const uses: CouponUse[] = [];
  let left = sub_total_cents;
  for (const coupon of inOrder(coupons)) {
    if (left <= 0) break;
    if (coupon.coupon_type === 'fixed_amount' && coupon.amount_currency !== currency) continue;
    const eligible = [...fees.keys()].filter((index) => isEligible(coupon, fees[index]!));
    if (eligible.length === 0) continue;
    const rest = (index: number): Decimal => new Decimal(fees[index]!.amount_cents).minus(shares[index]!);
    const base = isLimited(coupon) ? sum(eligible.map(rest)) : new Decimal(left);
    const amount_cents = Math.min(creditOf(coupon, base), left);
    if (base.gt(0))
      for (const [index, share] of eligible.map((one) => [one, rest(one).times(amount_cents).div(base)] as const))
        shares[index] = Decimal.min(shares[index]!.plus(share).toDecimalPlaces(5), fees[index]!.amount_cents);
    uses.push({ coupon, amount_cents });
    left -= amount_cents;
  }
  return { uses, shares: shares.map((share) => share.toFixed()), sub_total_cents: left };
}

function inOrder(coupons: readonly UsableCoupon[]): UsableCoupon[] {
  const rank = (coupon: UsableCoupon): number => (coupon.billable_metric_ids ? 0 : coupon.plan_ids ? 1 : 2);
  return [...coupons].sort((a, b) => rank(a) - rank(b));
}

function isLimited({ plan_ids, billable_metric_ids }: UsableCoupon): boolean {
  return plan_ids !== null || billable_metric_ids !== null;
}

function isEligible({ plan_ids, billable_metric_ids }: UsableCoupon, fee: DiscountableFee): boolean {
  if (billable_metric_ids) return fee.billable_metric_id !== null && billable_metric_ids.has(fee.billable_metric_id);
  return plan_ids === null || (fee.plan_id !== null && plan_ids.has(fee.plan_id));
}

/** Never more than the base, and then cut to whole cents. */
function creditOf({ coupon_type, amount_cents, percentage_rate }: UsableCoupon, base: Decimal): Cents {
  const wanted =
    coupon_type === 'percentage' ? base.times(percentage_rate ?? 0).div(100) : new Decimal(amount_cents ?? 0);
  const credit = new Decimal(roundToCents(wanted));
  return roundToCents(Decimal.max(ZERO, credit.gt(base) ? base.trunc() : credit));
}

/** What becomes of an applied coupon that has been used. */
export interface AfterUse {
  readonly frequency_duration_remaining: number | null;
  readonly isUsedUp: boolean;
}

/** A coupon that is used once ends with its amount, or with its percentage; a recurring one has an invoice less. */
export function afterUse({ coupon, amount_cents }: CouponUse): AfterUse {
  const { frequency, frequency_duration_remaining: remaining } = coupon;
  switch (frequency) {
    case 'forever':
      return { frequency_duration_remaining: remaining, isUsedUp: false };
    case 'once': {
      const isUsedUp = coupon.coupon_type === 'percentage' || amount_cents >= (coupon.amount_cents ?? 0);
      return { frequency_duration_remaining: remaining, isUsedUp };
    }
    case 'recurring': {
      const left = Math.max(0, (remaining ?? 1) - 1);
      return { frequency_duration_remaining: left, isUsedUp: left === 0 };
    }
  }
}
