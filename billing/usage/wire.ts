import { addMilliseconds, toWireSeconds } from '../clock/instant.ts';
import { toWireDecimal } from '../money/decimal.ts';
import type { ChargeUsage, CurrentUsage, FilterUsage, UsageNumbers, UsagePeriod } from './current-usage.ts';

export function currentUsageWire(usage: CurrentUsage, period: UsagePeriod) {
  return {
    from_datetime: toWireSeconds(period.from),
    to_datetime: toWireSeconds(addMilliseconds(period.to, -1000)),
    issuing_date: period.issuing_date,
    currency: usage.currency,
    lago_invoice_id: null,
    amount_cents: usage.amount_cents,
    taxes_amount_cents: usage.taxes_amount_cents,
    total_amount_cents: usage.total_amount_cents,
    charges_usage: usage.charges.map((charge) => chargeUsageWire(charge, usage.currency)),
  };
}

function chargeUsageWire({ charge, filters, groups, ...numbers }: ChargeUsage, currency: string) {
  return {
    ...numbersWire(numbers),
    amount_currency: currency,
    charge: {
      lago_id: charge.id,
      code: charge.code,
      charge_model: charge.charge_model,
      invoice_display_name: charge.invoice_display_name,
    },
    billable_metric: {
      lago_id: charge.billable_metric_id,
      name: charge.metric_name,
      code: charge.metric_code,
      aggregation_type: charge.aggregation_type,
    },
    filters: filters.map(filterUsageWire),
    grouped_usage: groups.map((group) => ({
      ...numbersWire(group),
      grouped_by: group.grouped_by as Record<string, string | null>,
      filters: group.filters.map(filterUsageWire),
    })),
  };
}

function filterUsageWire({ filter, ...numbers }: FilterUsage) {
  return {
    ...numbersWire(numbers),
    invoice_display_name: filter?.invoice_display_name ?? null,
    values: (filter?.values ?? null) as Record<string, string[]> | null,
  };
}

function numbersWire({ units, total_aggregated_units, events_count, amount_cents }: UsageNumbers) {
  return {
    units: toWireDecimal(units),
    total_aggregated_units: toWireDecimal(total_aggregated_units),
    events_count,
    amount_cents,
    pricing_unit_details: null,
    presentation_breakdowns: [],
  };
}
