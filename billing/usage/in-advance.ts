import { assert } from '../assert.ts';
import type { AggregationType } from '../billable-metrics/aggregation.ts';
import type { AmountDetails, Price, StoredProperties } from '../charge-models/charge-model.ts';
import { type ChargeModelName, chargeModels } from '../charge-models/index.ts';
import { hasBoundsPerEvent, runningTotals } from '../charge-models/percentage.ts';
import { type ChargeFeeNumbers, priceEventNumbers } from '../charge-models/price-charge.ts';
import { centsToUnits } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal, toWireDecimal, ZERO } from '../money/decimal.ts';
import type { AppliedPricingUnit } from '../pricing-units/pricing-unit.ts';
import { ceil5 } from './time-weighted.ts';

/** One event that is paid for at once, and what came before it. */
export interface InstantUsage {
  readonly charge_model: ChargeModelName;
  /** Of the charge, or of the filter that prices the event. */
  readonly properties: StoredProperties;
  readonly currency: Currency;
  readonly pricing_unit?: AppliedPricingUnit | null | undefined;
  readonly aggregation_type: AggregationType;
  /** What the fee shows. */
  readonly units: Decimal;
  /** What is paid for. */
  readonly billable: Decimal;
  /** All usage until the event, with it. */
  readonly total: Decimal;
  /** Events until this one, with it. */
  readonly events_count: number;
  /** Of a percentage: the values of all these events, this one's last. */
  readonly event_values: readonly Decimal[];
  /** Of a percentage with bounds per event: those of the period. */
  readonly period_values: readonly Decimal[];
  /** What the event says it costs. */
  readonly dynamic_amount_cents: string | null;
  /** Custom: what the code says that the event costs. */
  readonly custom_amount?: Decimal;
  /** Of a prorated charge: the days that are left, and those of the period. */
  readonly proration?: { readonly days: number; readonly period_days: number } | undefined;
}

export interface PriceOptions {
  /** An estimate shows no steps, and leaves out what the first unit costs besides. */
  readonly isEstimate?: boolean;
}

type Part = Pick<Price, 'amount' | 'amount_details'>;

const NOTHING: Part = { amount: ZERO, amount_details: {} };

/** What one event costs: the price of all usage with it, less the price without it. Source: spec "Units and amount of one event". */
export function priceInstantUsage(usage: InstantUsage, { isEstimate = false }: PriceOptions = {}): ChargeFeeNumbers {
  const part = partOf(usage, isEstimate);
  const { units } = usage;
  return {
    ...priceEventNumbers(Decimal.max(part.amount, 0), units, usage),
    units: units.toFixed(),
    total_aggregated_units: units.toFixed(),
    events_count: 1,
    amount_details: isEstimate ? {} : part.amount_details,
  };
}

/** The units that a prorated charge prices, for the days that are left. */
export function proratedUnits({ billable, proration }: Pick<InstantUsage, 'billable' | 'proration'>): Decimal {
  return proration ? ceil5(billable.times(proration.days).div(proration.period_days)) : billable;
}

function partOf(usage: InstantUsage, isEstimate: boolean): Part {
  switch (usage.charge_model) {
    case 'dynamic':
      return { amount: centsToUnits(usage.dynamic_amount_cents ?? '0', usage.currency), amount_details: {} };
    case 'custom':
      assert(usage.custom_amount, 'custom: the code says what the event costs');
      return { amount: usage.custom_amount, amount_details: {} };
    case 'percentage':
      return partOfPercentage(usage);
    case 'standard':
      // Linear: what came before does not matter.
      return { amount: priceOf(usage, proratedUnits(usage)).amount, amount_details: {} };
    default:
      return partOfTotal(usage, isEstimate);
  }
}

function priceOf({ charge_model, properties, currency }: InstantUsage, units: Decimal, events_count = 1): Price {
  return chargeModels[charge_model].price({ units, events_count, properties, currency });
}

/** What only entering the first tier costs is paid with the first units, so the price of nothing leaves it out. */
function partOfTotal(usage: InstantUsage, isEstimate: boolean): Part {
  const { total, billable, charge_model } = usage;
  const before = total.minus(billable);
  const after = priceOf(usage, total);
  const isFirst = before.lte(0) && !billable.isZero() && !isEstimate;
  const earlier: Part = isFirst ? NOTHING : priceOf(usage, before);
  return {
    amount: after.amount.minus(earlier.amount),
    amount_details: charge_model === 'graduated_percentage' ? rangeDifferences(after, earlier) : {},
  };
}

interface Range {
  readonly from_value: number;
  readonly to_value: number | null;
  readonly flat_unit_amount: string;
  readonly rate: string;
  readonly units: string;
  readonly total_with_flat_amount: string;
}

/** What the event adds to each tier entered so far. */
function rangeDifferences(after: Part, before: Part): AmountDetails {
  const ranges = (part: Part) => (part.amount_details['graduated_percentage_ranges'] ?? []) as readonly Range[];
  return {
    graduated_percentage_ranges: ranges(after).map(({ from_value, to_value, rate, ...range }, index) => {
      const earlier = ranges(before)[index];
      const units = minus(range.units, earlier?.units);
      const total = minus(range.total_with_flat_amount, earlier?.total_with_flat_amount);
      return {
        from_value,
        to_value,
        flat_unit_amount: toWireDecimal(minus(range.flat_unit_amount, earlier?.flat_unit_amount)),
        rate,
        units: toWireDecimal(units),
        per_unit_total_amount: toWireDecimal(units.isZero() ? ZERO : total.div(units).toDecimalPlaces(2)),
        total_with_flat_amount: toWireDecimal(total),
      };
    }),
  };
}

function minus(value: string, subtracted = '0'): Decimal {
  return new Decimal(value).minus(subtracted);
}

/** The fixed amount is due for the event itself, whatever it adds; bounds hold for the event itself too. */
function partOfPercentage(usage: InstantUsage): Part {
  const { total, billable, events_count, event_values, period_values, properties } = usage;
  const after = percentageOf(usage, { units: total, events_count, event_values, period_values });
  const before = percentageOf(usage, {
    units: total.minus(billable),
    events_count: events_count - 1,
    event_values: event_values.slice(0, -1),
    period_values: period_values.slice(0, -1),
  });
  const difference = (name: string): Decimal => detail(after, name).minus(detail(before, name));
  const paid_events = difference('paid_events');
  const paid_units = difference('paid_units');
  const units = difference('units');
  const forUnits = difference('per_unit_total_amount');
  const fixed = new Decimal((properties['fixed_amount'] as string | null | undefined) ?? 0);
  const forEvents = fixed.times(paid_events);
  const unbounded = forUnits.plus(forEvents);
  const amount = hasBoundsPerEvent(properties) ? after.amount.minus(before.amount) : unbounded;
  return {
    amount,
    amount_details: {
      ...after.amount_details,
      units: toWireDecimal(units),
      free_units: toWireDecimal(units.minus(paid_units)),
      free_events: difference('free_events').toNumber(),
      paid_units: toWireDecimal(paid_units),
      per_unit_total_amount: toWireDecimal(forUnits),
      paid_events: paid_events.toNumber(),
      fixed_fee_total_amount: toWireDecimal(forEvents),
      min_max_adjustment_total_amount: toWireDecimal(amount.minus(unbounded)),
    },
  };
}

interface SoFar {
  readonly units: Decimal;
  readonly events_count: number;
  readonly event_values: readonly Decimal[];
  readonly period_values: readonly Decimal[];
}

function percentageOf({ aggregation_type, properties, currency }: InstantUsage, soFar: SoFar): Price {
  const { units, events_count, event_values, period_values } = soFar;
  return chargeModels.percentage.price({
    units,
    events_count,
    running_totals: runningTotals(properties, { aggregation_type, units, event_values }),
    event_values: aggregation_type === 'sum_agg' ? period_values : period_values.map(() => new Decimal(1)),
    properties,
    currency,
  });
}

function detail({ amount_details }: Price, name: string): Decimal {
  const value = amount_details[name];
  assert(typeof value === 'string' || typeof value === 'number', `percentage: shows its ${name}`);
  return new Decimal(value);
}
