import type { Instant } from '../../../billing/clock/instant.ts';
import { expiredAt } from '../../../billing/coupons/coupon.ts';
import { keptTerms, validateTerms } from '../../../billing/coupons/validate.ts';
import { invalid, notAllowed, notFound } from '../../../billing/errors.ts';
import { type AppliedCouponRow, hasEverHad, insertAppliedCoupon, overlaps } from '../../../db/applied-coupons.ts';
import { lockCoupon } from '../../../db/coupons.ts';
import { type CustomerRow, updateCustomer } from '../../../db/customers.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { AppliedCouponInput } from '../../contracts/coupons.ts';

/** Gives a customer a coupon, at its own terms or at others. The customer is held, so two requests come one after the other. */
export async function applyCoupon(
  trx: Transaction,
  customer: CustomerRow | undefined,
  input: AppliedCouponInput,
  at: Instant,
): Promise<AppliedCouponRow> {
  if (!customer) throw notFound('customer');
  const coupon = await lockCoupon(trx, input.coupon_code);
  if (!coupon || expiredAt(coupon, at) !== null) throw notFound('coupon');
  if (await overlaps(trx, customer.id, coupon.id)) throw notAllowed('plan_overlapping');
  if (!coupon.reusable && (await hasEverHad(trx, customer.id, coupon.id)))
    throw invalid({ coupon: ['coupon_is_not_reusable'] });

  const terms = {
    ...coupon,
    amount_cents: input.amount_cents ?? coupon.amount_cents,
    amount_currency: input.amount_currency ?? coupon.amount_currency,
    percentage_rate: input.percentage_rate ?? coupon.percentage_rate,
    frequency: input.frequency ?? coupon.frequency,
    frequency_duration: input.frequency_duration ?? coupon.frequency_duration,
  };
  const details = validateTerms(terms, { at, isEndSent: false });
  if (Object.keys(details).length > 0) throw invalid(details);
  const { amount_cents, amount_currency, percentage_rate, frequency, frequency_duration } = keptTerms(terms);
  if (customer.currency === null && amount_currency !== null)
    await updateCustomer(trx, customer.id, { currency: amount_currency }, at);
  return insertAppliedCoupon(
    trx,
    {
      coupon_id: coupon.id,
      customer_id: customer.id,
      amount_cents,
      amount_currency,
      percentage_rate,
      frequency,
      frequency_duration,
      frequency_duration_remaining: frequency_duration,
    },
    at,
  );
}
