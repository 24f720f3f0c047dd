import type { Instant } from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';

export const couponTypes = ['fixed_amount', 'percentage'] as const;
export type CouponType = (typeof couponTypes)[number];

export const couponFrequencies = ['once', 'recurring', 'forever'] as const;
export type CouponFrequency = (typeof couponFrequencies)[number];

export const couponExpirations = ['no_expiration', 'time_limit'] as const;
export type CouponExpiration = (typeof couponExpirations)[number];

export interface Coupon {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  readonly description: string | null;
  readonly coupon_type: CouponType;
  /** Of a fixed amount. */
  readonly amount_cents: Cents | null;
  readonly amount_currency: Currency | null;
  /** Decimal text, percent. */
  readonly percentage_rate: string | null;
  readonly frequency: CouponFrequency;
  /** Of a recurring one: on how many invoices. */
  readonly frequency_duration: number | null;
  readonly expiration: CouponExpiration;
  readonly expiration_at: Instant | null;
  readonly reusable: boolean;
  readonly limited_plans: boolean;
  readonly limited_billable_metrics: boolean;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  readonly deleted_at: Instant | null;
}

/** An expired coupon cannot be applied any more, while what was applied goes on. */
export function expiredAt({ expiration, expiration_at }: Pick<Coupon, 'expiration' | 'expiration_at'>, at: Instant) {
  return expiration === 'time_limit' && expiration_at !== null && expiration_at <= at ? expiration_at : null;
}

/** A coupon as one customer has it. */
export interface AppliedCoupon {
  readonly id: string;
  readonly coupon_id: string;
  readonly customer_id: string;
  readonly status: 'active' | 'terminated';
  readonly amount_cents: Cents | null;
  readonly amount_currency: Currency | null;
  readonly percentage_rate: string | null;
  readonly frequency: CouponFrequency;
  readonly frequency_duration: number | null;
  readonly frequency_duration_remaining: number | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  readonly terminated_at: Instant | null;
}
