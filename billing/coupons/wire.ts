import { type Instant, toWireSeconds } from '../clock/instant.ts';
import { type CreditDocument, creditWire } from '../invoices/wire.ts';
import type { Cents } from '../money/cents.ts';
import { toWireDecimal } from '../money/decimal.ts';
import { type AppliedCoupon, type Coupon, expiredAt } from './coupon.ts';

export interface CouponDocument {
  readonly coupon: Coupon;
  readonly plan_codes: readonly string[];
  readonly billable_metric_codes: readonly string[];
}

export interface AppliedCouponDocument {
  readonly applied_coupon: AppliedCoupon;
  readonly coupon: Pick<Coupon, 'id' | 'code' | 'name' | 'description' | 'expiration' | 'expiration_at' | 'deleted_at'>;
  readonly customer: { readonly id: string; readonly external_id: string };
  /** Of a fixed amount that is used once. */
  readonly used_cents: Cents;
}

const toWireOrNull = (at: Instant | null): string | null => (at === null ? null : toWireSeconds(at));
const rateWire = (rate: string | null): string | null => (rate === null ? null : toWireDecimal(rate));

export function couponWire({ coupon, plan_codes, billable_metric_codes }: CouponDocument, at: Instant) {
  return {
    lago_id: coupon.id,
    name: coupon.name,
    code: coupon.code,
    description: coupon.description,
    coupon_type: coupon.coupon_type,
    amount_cents: coupon.amount_cents,
    amount_currency: coupon.amount_currency,
    percentage_rate: rateWire(coupon.percentage_rate),
    frequency: coupon.frequency,
    frequency_duration: coupon.frequency_duration,
    reusable: coupon.reusable,
    limited_plans: coupon.limited_plans,
    limited_billable_metrics: coupon.limited_billable_metrics,
    plan_codes,
    billable_metric_codes,
    expiration: coupon.expiration,
    expiration_at: toWireOrNull(coupon.expiration_at),
    created_at: toWireSeconds(coupon.created_at),
    terminated_at: toWireOrNull(expiredAt(coupon, at)),
  };
}

export function appliedCouponWire(document: AppliedCouponDocument, at: Instant) {
  const { applied_coupon: applied, coupon, customer, used_cents } = document;
  const isCounted = applied.frequency === 'once' && applied.amount_cents !== null;
  return {
    lago_id: applied.id,
    lago_coupon_id: coupon.id,
    coupon_code: coupon.code,
    coupon_name: coupon.name,
    coupon_description: coupon.description,
    coupon_status:
      coupon.deleted_at !== null || expiredAt(coupon, at) !== null ? ('terminated' as const) : ('active' as const),
    coupon_deleted_at: toWireOrNull(coupon.deleted_at),
    lago_customer_id: customer.id,
    external_customer_id: customer.external_id,
    status: applied.status,
    amount_cents: applied.amount_cents,
    amount_cents_remaining: isCounted ? (applied.amount_cents ?? 0) - used_cents : null,
    amount_currency: applied.amount_currency,
    percentage_rate: rateWire(applied.percentage_rate),
    frequency: applied.frequency,
    frequency_duration: applied.frequency_duration,
    frequency_duration_remaining: applied.frequency_duration_remaining,
    expiration_at: toWireOrNull(coupon.expiration_at),
    created_at: toWireSeconds(applied.created_at),
    terminated_at: toWireOrNull(applied.terminated_at),
  };
}

/** As lists show it. */
export function appliedCouponWithCreditsWire(
  document: AppliedCouponDocument & { readonly credits: readonly CreditDocument[] },
  at: Instant,
) {
  return { ...appliedCouponWire(document, at), credits: document.credits.map(creditWire) };
}
