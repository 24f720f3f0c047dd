import type { z } from 'zod';
import type { Instant } from '../../../billing/clock/instant.ts';
import { expiredAt } from '../../../billing/coupons/coupon.ts';
import { keptTerms, validateTerms } from '../../../billing/coupons/validate.ts';
import { invalid, notAllowed, notFound } from '../../../billing/errors.ts';
import { type AppliedCouponRow, hasEverHad, insertAppliedCoupon, overlaps } from '../../../db/applied-coupons.ts';
import { findCoupon, lockCoupon } from '../../../db/coupons.ts';
import { type CustomerRow, updateCustomer } from '../../../db/customers.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { AppliedCouponInput, couponInPreview } from '../../contracts/coupons.ts';
import { createCoupon } from './write.ts';

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

/** Gives a customer one that exists, or one that is made up for the occasion: to be run dry. */
export async function applyInPreview(
  trx: Transaction,
  customer: CustomerRow,
  { code, name, coupon_type, ...terms }: z.output<typeof couponInPreview>,
  at: Instant,
): Promise<void> {
  const { frequency_duration } = terms;
  const frequency = frequency_duration ? ('recurring' as const) : ('once' as const);
  if (coupon_type && !(await findCoupon(trx, code)))
    await createCoupon(
      trx,
      { ...terms, code, name: name ?? code, coupon_type, frequency, expiration: 'no_expiration' },
      at,
    );
  await applyCoupon(trx, customer, { external_customer_id: customer.external_id, coupon_code: code, ...terms }, at);
}
