import { z } from 'zod';
import { couponExpirations, couponFrequencies, couponTypes } from '../../billing/coupons/coupon.ts';
import { neededFields } from '../../billing/coupons/validate.ts';
import { fitsKey } from '../../billing/events/event.ts';
import { creditObject } from './invoices.ts';
import { currency, id, instant, mandatoryText, optionalText, positiveDecimal, text, wireInstant } from './fields.ts';

const code = mandatoryText.refine(fitsKey, 'value_is_too_long');
const invalidEnum = { error: () => 'value_is_invalid' };
const wholeCents = z.int().nullish().meta({ description: 'In the smallest unit of the currency' });
const duration = z.int().max(1_000_000, 'value_is_out_of_range').nullish();
const rate = positiveDecimal.nullish().meta({ description: 'Percent' });
const codes = z.array(z.string()).max(1000, 'value_is_too_long').nullish();
const applies_to = z.object({ plan_codes: codes, billable_metric_codes: codes }).nullish();

const shared = {
  description: optionalText,
  amount_cents: wholeCents,
  amount_currency: currency.nullish(),
  percentage_rate: rate,
  frequency_duration: duration,
  expiration_at: instant.nullish(),
  applies_to,
};

const createFields = z.object({
  ...shared,
  name: mandatoryText,
  code,
  coupon_type: z.enum(couponTypes, invalidEnum),
  frequency: z.enum(couponFrequencies, invalidEnum),
  expiration: z.enum(couponExpirations, invalidEnum),
  reusable: z.boolean().nullish().meta({ description: 'true if left out' }),
});

export const couponCreateInput = z.object({
  // Also when something else is wrong.
  coupon: neededFields.reduce(
    (fields, { field, where, is }) =>
      fields.refine((coupon) => coupon[where] !== is || (coupon[field] ?? null) !== null, {
        path: [field],
        error: 'value_is_mandatory',
        when: ({ value }) => typeof value === 'object' && value !== null,
      }),
    createFields,
  ),
});

/** One that exists, by its code, or what it would be. */
export const couponInPreview = z.object({
  code,
  name: text.nullish(),
  coupon_type: z.enum(couponTypes, invalidEnum).nullish(),
  amount_cents: wholeCents,
  amount_currency: currency.nullish(),
  percentage_rate: rate,
  frequency_duration: duration,
});

export const couponUpdateInput = z.object({
  coupon: z.object({
    ...shared,
    name: mandatoryText.optional(),
    code: code.optional(),
    coupon_type: z.enum(couponTypes, invalidEnum).optional(),
    frequency: z.enum(couponFrequencies, invalidEnum).optional(),
    expiration: z.enum(couponExpirations, invalidEnum).optional(),
    reusable: z.boolean().optional(),
  }),
});

export type CouponCreateInput = z.output<typeof couponCreateInput>['coupon'];
export type CouponUpdateInput = z.output<typeof couponUpdateInput>['coupon'];

export const couponObject = z
  .object({
    lago_id: id,
    name: z.string(),
    code: z.string(),
    description: z.string().nullable(),
    coupon_type: z.enum(couponTypes),
    amount_cents: z.int().nullable(),
    amount_currency: z.string().nullable(),
    percentage_rate: z.string().nullable(),
    frequency: z.enum(couponFrequencies),
    frequency_duration: z.int().nullable(),
    reusable: z.boolean(),
    limited_plans: z.boolean(),
    limited_billable_metrics: z.boolean(),
    plan_codes: z.array(z.string()).readonly(),
    billable_metric_codes: z.array(z.string()).readonly(),
    expiration: z.enum(couponExpirations),
    expiration_at: wireInstant.nullable(),
    created_at: wireInstant,
    terminated_at: wireInstant.nullable(),
  })
  .meta({ id: 'CouponObject' });

// Whose it is and what it is are looked at first, so these get as far as the operation.
export const appliedCouponInput = z.object({
  applied_coupon: z.object({
    external_customer_id: text,
    coupon_code: text,
    amount_cents: wholeCents,
    amount_currency: currency.nullish(),
    percentage_rate: rate,
    frequency: z.enum(couponFrequencies, invalidEnum).nullish(),
    frequency_duration: duration,
  }),
});

export type AppliedCouponInput = z.output<typeof appliedCouponInput>['applied_coupon'];

const statuses = ['active', 'terminated'] as const;

export const appliedCouponObject = z
  .object({
    lago_id: id,
    lago_coupon_id: id,
    coupon_code: z.string(),
    coupon_name: z.string(),
    coupon_description: z.string().nullable(),
    coupon_status: z.enum(statuses),
    coupon_deleted_at: wireInstant.nullable(),
    lago_customer_id: id,
    external_customer_id: z.string(),
    status: z.enum(statuses),
    amount_cents: z.int().nullable(),
    amount_cents_remaining: z.int().nullable(),
    amount_currency: z.string().nullable(),
    percentage_rate: z.string().nullable(),
    frequency: z.enum(couponFrequencies),
    frequency_duration: z.int().nullable(),
    frequency_duration_remaining: z.int().nullable(),
    expiration_at: wireInstant.nullable(),
    created_at: wireInstant,
    terminated_at: wireInstant.nullable(),
  })
  .meta({ id: 'AppliedCouponObject' });

export const appliedCouponObjectExtended = appliedCouponObject
  .extend({ credits: z.array(creditObject) })
  .meta({ id: 'AppliedCouponObjectExtended' });
