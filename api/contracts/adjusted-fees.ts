import { z } from 'zod';
import { feeObject } from '../routes/fees.ts';
import { id, optionalText, positiveDecimal, text, wireDecimal, wireInstant } from './fields.ts';

export const adjustedFeeInput = z.object({
  adjusted_fee: z.object({
    fee_id: text.nullish().meta({ format: 'uuid', description: 'A line that the draft has' }),
    subscription_id: text.nullish().meta({ format: 'uuid', description: 'Of a line that it does not have' }),
    charge_id: text.nullish().meta({ format: 'uuid', description: "A charge of the subscription's plan" }),
    charge_filter_id: text.nullish().meta({ format: 'uuid' }),
    grouped_by: z.record(text, text.nullable()).nullish(),
    units: positiveDecimal.nullish(),
    unit_precise_amount: positiveDecimal
      .nullish()
      .meta({ description: "Of one unit, in currency units; the charge's price if left out" }),
    invoice_display_name: optionalText,
  }),
});

export type AdjustedFeeInput = z.output<typeof adjustedFeeInput>['adjusted_fee'];

export const adjustedFeeObject = z
  .object({
    lago_id: id,
    lago_invoice_id: id,
    lago_subscription_id: id,
    fee_type: z.enum(['charge', 'subscription']),
    lago_charge_id: id.nullable(),
    lago_charge_filter_id: id.nullable(),
    grouped_by: z.record(z.string(), z.string().nullable()),
    units: wireDecimal.nullable(),
    unit_precise_amount: wireDecimal.nullable(),
    invoice_display_name: z.string().nullable(),
    created_at: wireInstant,
    fee: feeObject.nullable().meta({ description: 'The line that it is on the bill now' }),
  })
  .meta({ id: 'AdjustedFeeObject' });
