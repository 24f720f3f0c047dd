import { z } from 'zod';
import { cents, id, optionalText, wireInstant } from './fields.ts';

const THRESHOLDS_MAX = 1000;

/** What is wrong with the list as a whole, and that an amount is missing, is told in one word of the list. */
export const usageThresholdsInput = z
  .array(
    z.object({
      amount_cents: cents
        .refine((amount) => amount > 0, 'value_is_out_of_range')
        .nullish()
        .meta({ description: 'Mandatory' }),
      threshold_display_name: optionalText,
      recurring: z.boolean().nullish().meta({ description: 'Reached each time so much more was used; at most one' }),
    }),
  )
  .max(THRESHOLDS_MAX, 'value_is_too_long')
  .nullish()
  .meta({ description: 'The whole list of amounts of lifetime usage at which what was used is invoiced; empty: none' });

export type UsageThresholdsInput = z.output<typeof usageThresholdsInput>;

export const usageThresholdObject = z
  .object({
    lago_id: id,
    threshold_display_name: z.string().nullable(),
    amount_cents: z.int(),
    recurring: z.boolean(),
    created_at: wireInstant,
    updated_at: wireInstant,
  })
  .meta({ id: 'UsageThresholdObject' });

export const applicableUsageThresholdObject = z
  .object({ threshold_display_name: z.string().nullable(), amount_cents: z.int(), recurring: z.boolean() })
  .meta({ id: 'ApplicableUsageThreshold' });
