import { z } from 'zod';
import { chargeModelNames } from '../../billing/charge-models/index.ts';
import { intervals } from '../../billing/subscriptions/periods.ts';
import { metadataObject, planMetadataInput } from './metadata.ts';
import {
  cents,
  currency,
  id,
  mandatoryText,
  optionalText,
  positiveDecimal,
  taxCodes,
  text,
  wireDecimal,
  wireInstant,
} from './fields.ts';
import { taxObject } from './taxes.ts';
import { usageThresholdObject, usageThresholdsInput } from './usage-thresholds.ts';

const tier = z.object({
  from_value: z.number(),
  to_value: z.number().nullable(),
  flat_amount: z.string(),
  per_unit_amount: z.string(),
});
const percentageTier = z.object({
  from_value: z.number(),
  to_value: z.number().nullable(),
  flat_amount: z.string(),
  rate: z.string(),
});

/** Of all models: which of them belong to a model, and what is wrong with them, is the model's to say. */
const chargeProperties = z
  .object({
    amount: z.string(),
    graduated_ranges: z.array(tier),
    graduated_percentage_ranges: z.array(percentageTier),
    volume_ranges: z.array(tier),
    package_size: z.int(),
    free_units: z.int(),
    rate: z.string(),
    fixed_amount: z.string(),
    free_units_per_events: z.int().nullable(),
    free_units_per_total_aggregation: z.string().nullable(),
    per_transaction_max_amount: z.string().nullable(),
    per_transaction_min_amount: z.string().nullable(),
    pricing_group_keys: z.array(z.string()),
    grouped_by: z.array(z.string()),
    custom_properties: z
      .unknown()
      .meta({ description: 'What the code of a custom metric is handed: an object, or JSON text of one' }),
    presentation_group_keys: z
      .array(
        z.object({
          value: z.string().optional(),
          options: z.object({ display_in_invoice: z.boolean().nullish() }).nullish(),
        }),
      )
      .meta({ description: 'At most two properties of events: units are shown by their values, and priced together' }),
  })
  .partial()
  .meta({ description: 'Prices, as the charge model needs them' });

/** What is described as one thing and checked elsewhere. */
function described(schema: z.ZodType): z.ZodUnknown {
  const { $schema: _, ...description } = z.toJSONSchema(schema);
  return z.unknown().meta(description);
}

const FILTERS_MAX = 1000;

/** Which values, and what is wrong with them, is told by the metric. */
const filterValues = z.record(z.string(), z.array(z.string())).meta({
  description: 'Keys of the metric, each with some of its values; `["__ALL_FILTER_VALUES__"]` for all that it lists',
});

const filter = z.object({
  invoice_display_name: optionalText,
  properties: described(chargeProperties).optional(),
  values: described(filterValues).optional(),
});

/** What is wrong with the rate is told with the rest of the charge. */
const appliedPricingUnit = z
  .object({ code: text.nullish(), conversion_rate: described(z.string()).optional() })
  .meta({ description: 'A unit that the prices are in, and what one of it costs in the currency of the plan' });

const charge = z.object({
  billable_metric_id: z.string().nullish().meta({ description: 'The `lago_id` of a billable metric', format: 'uuid' }),
  code: optionalText,
  charge_model: text.meta({ enum: chargeModelNames }),
  pay_in_advance: z.boolean().nullish(),
  invoiceable: z.boolean().nullish(),
  regroup_paid_fees: text.nullish().meta({ enum: ['invoice', null] }),
  invoice_display_name: optionalText,
  prorated: z.boolean().nullish(),
  min_amount_cents: z.int().nullish(),
  properties: described(chargeProperties).optional(),
  filters: z
    .array(filter)
    .max(FILTERS_MAX, 'value_is_too_long')
    .nullish()
    .meta({ description: 'The whole list: filters that are not in it are deleted' }),
  tax_codes: taxCodes,
  applied_pricing_unit: appliedPricingUnit.nullish(),
  accepts_target_wallet: z.boolean().nullish(),
});

const minimumCommitment = z
  .object({
    amount_cents: cents.refine((amount) => amount > 0, 'value_is_out_of_range').optional(),
    invoice_display_name: optionalText,
    tax_codes: taxCodes,
  })
  .meta({ description: 'Empty: none, or none any more' });

const cascade = z.boolean().nullish().meta({
  description:
    'Whether plans that were made of this one for single subscriptions follow, where they still have its terms',
});

export const chargeCreateFields = charge.extend({ code: mandatoryText, cascade_updates: cascade });
export const chargeUpdateFields = charge.extend({
  charge_model: charge.shape.charge_model.nullish(),
  cascade_updates: cascade,
});
export const chargeFilterCreateFields = filter.extend({ cascade_updates: cascade });
/** Its values are what a filter is: they stay. */
export const chargeFilterUpdateFields = filter.omit({ values: true }).extend({ cascade_updates: cascade });
export const deletionFields = z.object({ cascade_updates: cascade }).nullish();

const CHARGES_MAX = 1000;

const optionalFields = {
  invoice_display_name: optionalText,
  description: optionalText,
  trial_period: positiveDecimal
    .refine((value) => !(Number(value) > 36_500), 'value_is_out_of_range')
    .nullish()
    .meta({ description: 'Days' }),
  bill_charges_monthly: z.boolean().nullish(),
  tax_codes: taxCodes,
  minimum_commitment: minimumCommitment.nullish(),
  usage_thresholds: usageThresholdsInput,
  fixed_charges: z.unknown().optional(),
  metadata: planMetadataInput.nullish(),
};

const interval = z.enum(intervals, 'value_is_invalid');
const payInAdvance = z.boolean('value_is_invalid');

export const planCreateFields = z.object({
  name: mandatoryText,
  code: mandatoryText,
  interval,
  amount_cents: cents,
  amount_currency: currency,
  pay_in_advance: payInAdvance,
  ...optionalFields,
  charges: z.array(charge).max(CHARGES_MAX, 'value_is_too_long').nullish(),
});

export const planUpdateFields = z.object({
  name: mandatoryText.optional(),
  code: mandatoryText.optional(),
  interval: interval.optional(),
  amount_cents: cents.optional(),
  amount_currency: currency.optional(),
  pay_in_advance: payInAdvance.optional(),
  ...optionalFields,
  cascade_updates: cascade,
  charges: z
    .array(charge.extend({ id: z.string().nullish(), charge_model: charge.shape.charge_model.nullish() }))
    .max(CHARGES_MAX, 'value_is_too_long')
    .nullish()
    .meta({ description: 'The whole list: charges that are not in it are deleted' }),
});

/** Of the plan of a single subscription. */
export const planOverrideFields = planUpdateFields.pick({
  amount_cents: true,
  amount_currency: true,
  name: true,
  invoice_display_name: true,
  description: true,
  trial_period: true,
  tax_codes: true,
  minimum_commitment: true,
  usage_thresholds: true,
  metadata: true,
  charges: true,
});
export const chargeOverrideFields = charge.pick({
  invoice_display_name: true,
  min_amount_cents: true,
  properties: true,
  filters: true,
  tax_codes: true,
  applied_pricing_unit: true,
});

export type PlanOverridesInput = z.output<typeof planOverrideFields>;
export type PlanCreateInput = z.output<typeof planCreateFields>;
export type PlanUpdateInput = z.output<typeof planUpdateFields>;
export type ChargeInput = NonNullable<PlanUpdateInput['charges']>[number];

export const chargeFilterObject = z
  .object({
    lago_id: id,
    charge_code: z.string(),
    invoice_display_name: z.string().nullable(),
    properties: chargeProperties,
    values: filterValues,
  })
  .meta({ id: 'ChargeFilterObject' });

export const chargeObject = z
  .object({
    lago_id: id,
    lago_billable_metric_id: id,
    billable_metric_code: z.string(),
    code: z.string(),
    invoice_display_name: z.string().nullable(),
    charge_model: z.enum(chargeModelNames),
    pay_in_advance: z.boolean(),
    invoiceable: z.boolean(),
    regroup_paid_fees: z.enum(['invoice']).nullable(),
    prorated: z.boolean(),
    min_amount_cents: z.int(),
    properties: chargeProperties,
    filters: z.array(chargeFilterObject),
    taxes: z.array(taxObject),
    lago_parent_id: id.nullable(),
    applied_pricing_unit: z.object({ code: z.string(), conversion_rate: wireDecimal }).nullable(),
    created_at: wireInstant,
  })
  .meta({ id: 'ChargeObject' });

const counter = z.int().meta({ description: 'Always 0' });

export const planObject = z
  .object({
    lago_id: id,
    name: z.string(),
    code: z.string(),
    invoice_display_name: z.string().nullable(),
    description: z.string().nullable(),
    interval: z.enum(intervals),
    amount_cents: z.int(),
    amount_currency: z.string(),
    pay_in_advance: z.boolean(),
    trial_period: z.number().nullable().meta({ description: 'Days' }),
    bill_charges_monthly: z.boolean().nullable(),
    parent_id: id.nullable(),
    metadata: metadataObject,
    pending_deletion: z.boolean(),
    charges: z.array(chargeObject),
    taxes: z.array(taxObject),
    usage_thresholds: z.array(usageThresholdObject),
    minimum_commitment: z
      .object({
        lago_id: id,
        plan_code: z.string(),
        invoice_display_name: z.string().nullable(),
        amount_cents: z.int(),
        interval: z.enum(intervals),
        created_at: wireInstant,
        updated_at: wireInstant,
        taxes: z.array(taxObject),
      })
      .meta({ id: 'MinimumCommitmentObject' })
      .optional(),
    customers_count: counter,
    active_subscriptions_count: counter,
    draft_invoices_count: counter,
    created_at: wireInstant,
  })
  .meta({ id: 'PlanObject' });
