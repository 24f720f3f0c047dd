import type { Instant } from '../clock/instant.ts';
import { Decimal } from '../money/decimal.ts';
import type { CouponExpiration, CouponFrequency, CouponType } from './coupon.ts';

/** What belongs together in a coupon, as sent or as it is now. */
export interface CouponTerms {
  readonly coupon_type: CouponType;
  readonly amount_cents: number | null;
  readonly amount_currency: string | null;
  readonly percentage_rate: string | null;
  readonly frequency: CouponFrequency;
  readonly frequency_duration: number | null;
  readonly expiration: CouponExpiration;
  readonly expiration_at: Instant | null;
}

const RATE_DIGITS = 5;

/** A field that is needed where another one has a certain value. */
export const neededFields = [
  { field: 'amount_cents', where: 'coupon_type', is: 'fixed_amount' },
  { field: 'amount_currency', where: 'coupon_type', is: 'fixed_amount' },
  { field: 'percentage_rate', where: 'coupon_type', is: 'percentage' },
  { field: 'frequency_duration', where: 'frequency', is: 'recurring' },
] as const;

/** What is wrong with the terms, by field; empty when they can be stored. An end that was not sent is not looked at: it may have passed. */
export function validateTerms(terms: CouponTerms, { at, isEndSent }: { at: Instant; isEndSent: boolean }) {
  const details: Record<string, string[]> = {};
  for (const { field, where, is } of neededFields) {
    if (terms[where] !== is) continue;
    const value = terms[field];
    if (value === null) details[field] = ['value_is_mandatory'];
    else if (typeof value === 'number' && value <= 0) details[field] = ['value_is_out_of_range'];
  }
  const { expiration, expiration_at } = terms;
  const isMissing = expiration === 'time_limit' && expiration_at === null;
  const hasPassed = expiration_at !== null && expiration_at <= at;
  if (isEndSent && (isMissing || hasPassed)) details['expiration_at'] = ['invalid_date'];
  return details;
}

/** Without what belongs to the other type, frequency or expiration. */
export function keptTerms<T extends CouponTerms>(terms: T): T {
  const { percentage_rate, frequency_duration, expiration_at } = terms;
  const isFixed = terms.coupon_type === 'fixed_amount';
  return {
    ...terms,
    amount_cents: isFixed ? terms.amount_cents : null,
    amount_currency: isFixed ? terms.amount_currency : null,
    percentage_rate:
      isFixed || percentage_rate === null ? null : new Decimal(percentage_rate).toDecimalPlaces(RATE_DIGITS).toFixed(),
    frequency_duration: terms.frequency === 'recurring' ? frequency_duration : null,
    expiration_at: terms.expiration === 'time_limit' ? expiration_at : null,
  };
}
