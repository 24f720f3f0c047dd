import { type ErrorDetails, invalid } from '../errors.ts';
import type { Instant } from '../clock/instant.ts';
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

/** Fields of the other type are not kept. @throws with all that is missing. */
export function completeTerms<T extends CouponTerms>(terms: T, at: Instant): T {
  const details: Record<string, string[]> = {};
  const isFixed = terms.coupon_type === 'fixed_amount';
  if (isFixed && terms.amount_cents === null) details['amount_cents'] = ['value_is_mandatory'];
  if (isFixed && terms.amount_cents !== null && terms.amount_cents <= 0)
    details['amount_cents'] = ['value_is_out_of_range'];
  if (isFixed && terms.amount_currency === null) details['amount_currency'] = ['value_is_mandatory'];
  if (!isFixed && terms.percentage_rate === null) details['percentage_rate'] = ['value_is_mandatory'];
  if (terms.frequency === 'recurring') {
    if (terms.frequency_duration === null) details['frequency_duration'] = ['value_is_mandatory'];
    else if (terms.frequency_duration <= 0) details['frequency_duration'] = ['value_is_out_of_range'];
  }
  if (terms.expiration === 'time_limit' && (terms.expiration_at === null || terms.expiration_at <= at))
    details['expiration_at'] = ['invalid_date'];
  if (Object.keys(details).length > 0) throw invalid(details as ErrorDetails);
  return {
    ...terms,
    amount_cents: isFixed ? terms.amount_cents : null,
    amount_currency: isFixed ? terms.amount_currency : null,
    percentage_rate: isFixed ? null : terms.percentage_rate,
    frequency_duration: terms.frequency === 'recurring' ? terms.frequency_duration : null,
    expiration_at: terms.expiration === 'time_limit' ? terms.expiration_at : null,
  };
}
