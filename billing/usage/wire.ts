import type { AggregationType } from '../billable-metrics/aggregation.ts';
import type { ChargeModelName } from '../charge-models/index.ts';
import { addMilliseconds, toWireSeconds } from '../clock/instant.ts';
import { toWireDecimal } from '../money/decimal.ts';
import type {
  ChargeUsage,
  CurrentUsage,
  FilterUsage,
  ProjectedNumbers,
  ShownCharge,
  UsageNumbers,
  UsagePeriod,
} from './current-usage.ts';
import type { PastPeriod } from './past-usage.ts';
import { breakdownsWire, narrowBreakdowns, projectBreakdowns } from './presentation.ts';

export interface WireOptions {
  /** Shows of the breakdowns only those with one of these values. Absent: all. */
  readonly presented?: readonly string[] | undefined;
}

export function currentUsageWire(usage: CurrentUsage, period: UsagePeriod, options: WireOptions = {}) {
  return {
    ...periodWire(usage, period),
    lago_invoice_id: null,
    charges_usage: usage.charges.map((charge) => chargeUsageWire(charge, usage.currency, options)),
  };
}

type Totals = Pick<CurrentUsage, 'currency' | 'amount_cents' | 'taxes_amount_cents' | 'total_amount_cents'>;
type Dates = Pick<UsagePeriod, 'from' | 'to' | 'issuing_date'>;

function periodWire(totals: Totals, { from, to, issuing_date }: Dates) {
  return {
    from_datetime: toWireSeconds(from),
    to_datetime: toWireSeconds(addMilliseconds(to, -1000)),
    issuing_date,
    currency: totals.currency,
    amount_cents: totals.amount_cents,
    taxes_amount_cents: totals.taxes_amount_cents,
    total_amount_cents: totals.total_amount_cents,
  };
}

/** What was billed of a period: read from its invoice. */
export function pastUsageWire(period: PastPeriod) {
  return {
    ...periodWire(period, period),
    lago_invoice_id: period.invoice_id,
    charges_usage: period.charges.map((charge) => chargeUsageWire(charge, period.currency, {})),
  };
}

function chargeUsageWire(
  { charge, filters, groups, ...numbers }: ChargeUsage,
  currency: string,
  { presented }: WireOptions,
) {
  const numbersOf = (one: UsageNumbers) => numbersWire(one, charge, presented);
  const filterOf = (one: FilterUsage) => ({ ...numbersOf(one), ...filterWire(one) });
  return {
    ...numbersOf(numbers),
    amount_currency: currency,
    charge: { ...chargeWire(charge), code: charge.code },
    billable_metric: metricWire(charge),
    filters: filters.map(filterOf),
    grouped_usage: groups.map((group) => ({
      ...numbersOf(group),
      grouped_by: group.grouped_by as Record<string, string | null>,
      filters: group.filters.map(filterOf),
    })),
  };
}

function chargeWire({ id, charge_model, invoice_display_name }: ShownCharge) {
  return { lago_id: id, charge_model: charge_model as ChargeModelName, invoice_display_name };
}

function metricWire(charge: ShownCharge) {
  return {
    lago_id: charge.billable_metric_id,
    name: charge.metric_name,
    code: charge.metric_code,
    aggregation_type: charge.aggregation_type as AggregationType,
  };
}

function filterWire({ filter }: FilterUsage) {
  return {
    invoice_display_name: filter?.invoice_display_name ?? null,
    values: (filter?.values ?? null) as Record<string, string[]> | null,
  };
}

function numbersWire(numbers: UsageNumbers, { pricing_unit }: ShownCharge, presented?: readonly string[]) {
  return {
    units: toWireDecimal(numbers.units),
    total_aggregated_units: toWireDecimal(numbers.total_aggregated_units),
    events_count: numbers.events_count,
    amount_cents: numbers.amount_cents,
    pricing_unit_details: pricing_unit
      ? {
          amount_cents: numbers.pricing_unit_amount_cents,
          short_name: pricing_unit.short_name,
          conversion_rate: toWireDecimal(pricing_unit.conversion_rate),
        }
      : null,
    presentation_breakdowns: breakdownsWire(narrowBreakdowns(numbers.presentation, presented)),
  };
}

/** The same with what it will have come to when the period ends. */
export function projectedUsageWire(usage: CurrentUsage, period: UsagePeriod) {
  return {
    ...periodWire(usage, period),
    projected_amount_cents: usage.projected?.amount_cents ?? 0,
    lago_invoice_id: null,
    charges_usage: usage.charges.map(({ charge, filters, groups, ...numbers }) => {
      const numbersOf = (one: UsageNumbers) => projectedNumbersWire(one, charge);
      const filterOf = (one: FilterUsage) => ({ ...numbersOf(one), ...filterWire(one) });
      return {
        ...numbersOf(numbers),
        amount_currency: usage.currency,
        charge: chargeWire(charge),
        billable_metric: metricWire(charge),
        filters: filters.map(filterOf),
        grouped_usage: groups.map((group) => ({
          ...numbersOf(group),
          grouped_by: group.grouped_by as Record<string, string | null>,
          filters: group.filters.map(filterOf),
        })),
      };
    }),
  };
}

const NOTHING: ProjectedNumbers = { units: '0', amount_cents: 0, pricing_unit_amount_cents: 0 };

function projectedNumbersWire(numbers: UsageNumbers, charge: ShownCharge) {
  const { total_aggregated_units: _, pricing_unit_details, ...shown } = numbersWire(numbers, charge);
  const projected = numbers.projected ?? NOTHING;
  return {
    ...shown,
    projected_units: toWireDecimal(projected.units),
    projected_amount_cents: projected.amount_cents,
    pricing_unit_details: pricing_unit_details && {
      ...pricing_unit_details,
      projected_amount_cents: projected.pricing_unit_amount_cents,
    },
    projected_presentation_breakdowns: breakdownsWire(
      projectBreakdowns(numbers.presentation, numbers.units, projected),
    ),
  };
}
