import { z } from 'zod';
import { aggregationTypes } from '../../billing/billable-metrics/aggregation.ts';
import { chargeModelNames } from '../../billing/charge-models/index.ts';
import { id, wireDate, wireDecimal, wireInstant } from './fields.ts';
import { presentationBreakdowns } from './presentation.ts';

const pricingUnitDetails = z
  .object({ amount_cents: z.int(), short_name: z.string(), conversion_rate: wireDecimal })
  .meta({ id: 'UsagePricingUnitDetailsObject' });

const commonNumbers = {
  units: wireDecimal,
  events_count: z.int(),
  amount_cents: z.int(),
  presentation_breakdowns: presentationBreakdowns,
};

const numbers = {
  ...commonNumbers,
  total_aggregated_units: wireDecimal,
  pricing_unit_details: pricingUnitDetails.nullable(),
};

const projectedNumbers = {
  ...commonNumbers,
  projected_units: wireDecimal,
  projected_amount_cents: z.int(),
  pricing_unit_details: pricingUnitDetails.extend({ projected_amount_cents: z.int() }).nullable(),
  projected_presentation_breakdowns: presentationBreakdowns,
};

const charge = z.object({
  lago_id: id,
  charge_model: z.enum(chargeModelNames),
  invoice_display_name: z.string().nullable(),
});

const billable_metric = z.object({
  lago_id: id,
  name: z.string(),
  code: z.string(),
  aggregation_type: z.enum(aggregationTypes),
});

const filterFields = {
  invoice_display_name: z.string().nullable(),
  values: z.record(z.string(), z.array(z.string())).nullable().describe('Null: what no filter matches'),
};

const grouped_by = z.record(z.string(), z.string().nullable());

const filterUsage = z.object({ ...numbers, ...filterFields });
const projectedFilterUsage = z.object({ ...projectedNumbers, ...filterFields });

const chargeUsageObject = z
  .object({
    ...numbers,
    amount_currency: z.string(),
    charge: charge.extend({ code: z.string() }),
    billable_metric,
    filters: z.array(filterUsage),
    grouped_usage: z.array(z.object({ ...numbers, grouped_by, filters: z.array(filterUsage) })),
  })
  .meta({ id: 'CustomerChargeUsageObject' });

const projectedChargeUsageObject = z
  .object({
    ...projectedNumbers,
    amount_currency: z.string(),
    charge,
    billable_metric,
    filters: z.array(projectedFilterUsage),
    grouped_usage: z.array(z.object({ ...projectedNumbers, grouped_by, filters: z.array(projectedFilterUsage) })),
  })
  .meta({ id: 'CustomerProjectedChargeUsageObject' });

const period = {
  from_datetime: wireInstant,
  to_datetime: wireInstant,
  issuing_date: wireDate,
  currency: z.string(),
  amount_cents: z.int(),
  taxes_amount_cents: z.int(),
  total_amount_cents: z.int(),
};

export const usageObject = z
  .object({
    ...period,
    lago_invoice_id: id.nullable().describe('Of usage that was billed'),
    charges_usage: z.array(chargeUsageObject),
  })
  .meta({ id: 'CustomerUsageObject' });

export const projectedUsageObject = z
  .object({
    ...period,
    projected_amount_cents: z.int(),
    lago_invoice_id: z.null(),
    charges_usage: z.array(projectedChargeUsageObject),
  })
  .meta({ id: 'CustomerProjectedUsageObject' });
