import { z } from 'zod';
import { assert } from '../assert.ts';
import type { AggregationType } from '../billable-metrics/aggregation.ts';
import { Decimal, sum, toWireDecimal, ZERO } from '../money/decimal.ts';
import { defineChargeModel } from './charge-model.ts';
import { check, decimalText, integerFrom, isDecimalText } from './properties.ts';

// Empty text is how the console says that there is no bound.
const bound = check<string>((value) => value === '' || isDecimalText(value), 'invalid_amount').nullish();

const properties = z
  .object({
    rate: decimalText('invalid_rate'),
    fixed_amount: decimalText('invalid_fixed_amount').nullish(),
    free_units_per_events: integerFrom(1, 'invalid_free_units_per_events').nullish(),
    free_units_per_total_aggregation: decimalText('invalid_free_units_per_total_aggregation').nullish(),
    per_transaction_min_amount: bound,
    per_transaction_max_amount: bound,
  })
  .superRefine(({ per_transaction_min_amount: min, per_transaction_max_amount: max }, context) => {
    if (isDecimalText(min) && isDecimalText(max) && new Decimal(max).lt(min))
      context.addIssue({ code: 'custom', message: 'per_transaction_max_lower_than_per_transaction_min' });
  });

type Properties = z.output<typeof properties>;

/** A rate on the units and a fixed amount per event, both after what is free; with bounds per event, each event is priced on its own. */
export const percentage = defineChargeModel({
  name: 'percentage',
  properties,
  default_properties: { rate: '0' },
  unpriceable_aggregation_types: ['latest_agg'],
  canBePaidInAdvance: true,
  prorates: 'never',
  isPricedFromUnits: false,
  price({ units, events_count, running_totals, event_values, properties: terms }) {
    const { rate, fixed } = readTerms(terms);
    const free_units = freeUnits(terms, running_totals);
    const freeEvents = freeEventsCount(terms, running_totals);
    const forUnits = free_units.gt(units) ? ZERO : percent(units.minus(free_units), rate);
    const forEvents = units.isZero() || freeEvents >= events_count ? ZERO : fixed.times(events_count - freeEvents);
    const unbounded = forUnits.plus(forEvents);
    const amount = hasBounds(terms) ? priceEachEvent(terms, event_values) : unbounded;

    const free_events = Math.min(freeEvents, events_count);
    const paid_events = events_count - free_events;
    return {
      amount,
      amount_details: {
        units: toWireDecimal(units),
        free_units: toWireDecimal(free_units),
        free_events,
        paid_units: toWireDecimal(Decimal.max(units.minus(free_units), 0)),
        rate: toWireDecimal(rate),
        per_unit_total_amount: toWireDecimal(forUnits),
        paid_events,
        fixed_fee_unit_amount: toWireDecimal(paid_events > 0 ? fixed : ZERO),
        fixed_fee_total_amount: toWireDecimal(forEvents),
        min_max_adjustment_total_amount: toWireDecimal(amount.minus(unbounded)),
      },
    };
  },
});

/**
 * The totals from which the free units are read, in the order of the events. Given the values of all events since the beginning of the sum
 * (a recurring metric's: ever), and the units. Stops where nothing further can change the free part.
 */
export function runningTotals(
  stored: unknown,
  usage: {
    readonly aggregation_type: AggregationType;
    readonly units: Decimal;
    readonly event_values: Iterable<Decimal>;
  },
): Decimal[] {
  const { freeEventsMax, freeAmount } = readTerms(properties.parse(stored));
  if (freeEventsMax === 0 && freeAmount.isZero()) return [];

  const totals: Decimal[] = [];
  if (usage.aggregation_type === 'sum_agg') {
    let total = ZERO;
    for (const value of usage.event_values) {
      total = total.plus(value);
      totals.push(total);
      if (freeEventsMax > 0 ? totals.length === freeEventsMax : total.gt(freeAmount)) break;
    }
  } else if (usage.aggregation_type === 'count_agg' || usage.aggregation_type === 'unique_count_agg') {
    const last = Decimal.min(usage.units, Decimal.max(freeEventsMax, freeAmount.floor()).plus(1));
    for (let total = 1; last.gte(total); total += 1) totals.push(new Decimal(total));
  }
  return totals;
}

function readTerms(terms: Properties): {
  readonly rate: Decimal;
  readonly fixed: Decimal;
  readonly freeEventsMax: number;
  readonly freeAmount: Decimal;
} {
  return {
    rate: new Decimal(terms.rate),
    fixed: new Decimal(terms.fixed_amount ?? 0),
    freeEventsMax: terms.free_units_per_events ?? 0,
    freeAmount: new Decimal(terms.free_units_per_total_aggregation ?? 0),
  };
}

/** The free units are those of the free events, or the free amount, whichever is reached first. */
function freeUnits(terms: Properties, totals: readonly Decimal[] | undefined): Decimal {
  const { freeEventsMax, freeAmount } = readTerms(terms);
  if (freeEventsMax === 0 && freeAmount.isZero()) return ZERO;

  assert(totals, 'percentage: what is free is read from the running totals');
  const last = totals.at(-1);
  if (last === undefined || last.isZero()) return ZERO;
  if (freeEventsMax > 0 && freeEventsMax < totals.length) return totals[freeEventsMax - 1]!;
  return freeAmount.isZero() || last.lte(freeAmount) ? last : freeAmount;
}

/** How many events owe no fixed amount. The event that goes beyond the free amount owes it. */
function freeEventsCount(terms: Properties, totals: readonly Decimal[] = []): number {
  const { freeEventsMax, freeAmount } = readTerms(terms);
  const within = totals.filter((total) => total.lt(freeAmount)).length;
  return freeEventsMax > 0 && within > 0 ? Math.min(freeEventsMax, within) : Math.max(freeEventsMax, within);
}

/** Whether the price of each event is bounded, so that each must be known. */
export function hasBoundsPerEvent(stored: unknown): boolean {
  return hasBounds(properties.parse(stored));
}

/** Whether something is free, be it events or an amount. */
export function hasFreeUnits(stored: unknown): boolean {
  const { freeEventsMax, freeAmount } = readTerms(properties.parse(stored));
  return freeEventsMax > 0 || !freeAmount.isZero();
}

function hasBounds({ per_transaction_min_amount: min, per_transaction_max_amount: max }: Properties): boolean {
  return isDecimalText(min) || isDecimalText(max);
}

/** Each event of the period clamped to the bounds. A free amount alone decides what is free; a number of free events only counts without one. */
function priceEachEvent(terms: Properties, event_values: readonly Decimal[] | undefined): Decimal {
  assert(event_values, 'percentage: bounds per event need the events');
  const { rate, fixed, freeEventsMax, freeAmount } = readTerms(terms);
  let freeEventsLeft = freeEventsMax;
  let freeAmountLeft = freeAmount;
  const prices: Decimal[] = [];

  for (let value of event_values) {
    if (freeEventsLeft > 0 || freeAmountLeft.gt(0)) {
      freeEventsLeft -= 1;
      if (freeAmountLeft.lte(0)) continue;
      if (freeAmountLeft.gt(value)) {
        freeAmountLeft = freeAmountLeft.minus(value);
        continue;
      }
      value = value.minus(freeAmountLeft);
      freeAmountLeft = ZERO;
      freeEventsLeft = 0;
    }
    prices.push(clamp(percent(value, rate).plus(fixed), terms));
  }
  return sum(prices);
}

function clamp(
  amount: Decimal,
  { per_transaction_min_amount: min, per_transaction_max_amount: max }: Properties,
): Decimal {
  const atLeast = isDecimalText(min) ? Decimal.max(amount, min) : amount;
  return isDecimalText(max) ? Decimal.min(atLeast, max) : atLeast;
}

function percent(of: Decimal, rate: Decimal): Decimal {
  return of.times(rate).div(100);
}
