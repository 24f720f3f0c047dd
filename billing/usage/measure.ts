import type { AggregationType } from '../billable-metrics/aggregation.ts';
import type { StoredProperties } from '../charge-models/charge-model.ts';
import type { ChargeModelName } from '../charge-models/index.ts';
import { hasBoundsPerEvent, hasFreeUnits, runningTotals } from '../charge-models/percentage.ts';
import type { UsageToPrice } from '../charge-models/price-charge.ts';
import { Decimal, sum, ZERO } from '../money/decimal.ts';
import type { CustomState } from './custom.ts';
import { presentationGroupKeys } from '../charge-models/group-keys.ts';
import { type ChargeFilter, type FilterValues, filtersInArrears, matchesAny } from './filters.ts';
import { bucketKey } from './bucket-key.ts';
import type { Carried } from './measure-custom.ts';
import { paidUnits } from './paid-units.ts';
import type { PresentationBreakdown } from './presentation.ts';
import type { Dimensions, UsageCell, UsageEvent, UsageReading } from './reading.ts';
import {
  type MeasuredSpan,
  proratedSum,
  proratedSumChanges,
  proratedUniqueCount,
  proratedUniqueCountChanges,
  weightedSum,
} from './time-weighted.ts';

/** What of a charge and its metric decides how usage is measured. */
export interface MeasuredCharge {
  readonly charge_model: ChargeModelName;
  readonly properties: StoredProperties;
  /** Oldest first. */
  readonly filters: readonly ChargeFilter[];
  readonly prorated: boolean;
  /** Charged event by event: what a removal takes away has been paid for all the same. */
  readonly isPaidAsItComes: boolean;
  readonly metric: {
    readonly aggregation_type: AggregationType;
    /** The listed values of each key. */
    readonly filters: FilterValues;
    /** The code that aggregates its events, of a custom metric. */
    readonly custom_aggregator?: string | null;
  };
}

export type GroupedBy = Readonly<Record<string, string | null>>;

/** What is priced on its own, and becomes a fee of its own: one combination of group values, under one filter or none. */
export interface Bucket {
  readonly filter: ChargeFilter | null;
  /** In the order of the keys; empty where the charge does not group. */
  readonly grouped_by: GroupedBy;
  readonly usage: Pick<UsageToPrice, 'units' | 'full_units' | 'total_aggregated_units' | 'events_count' | 'events'>;
  /** Its units by the properties that the charge is only shown by; absent where there are none. */
  readonly presentation?: readonly PresentationBreakdown[];
  /** Where the next period of a recurring metric goes on, unless it counts all there ever was. */
  readonly carried?: CustomState;
}

/** The properties that a reading must tell apart for a charge. */
export function dimensionKeys({ filters, properties }: Pick<MeasuredCharge, 'filters' | 'properties'>): string[] {
  const keys = [
    ...filters.flatMap((filter) => [...Object.keys(filter.values), ...groupKeys(filter.properties)]),
    ...groupKeys(properties),
    ...presentationGroupKeys(properties),
  ];
  return [...new Set(keys)].sort();
}

export function groupKeys(properties: StoredProperties): readonly string[] {
  return (properties['pricing_group_keys'] as readonly string[] | undefined) ?? [];
}

/** Whether the price depends on single events, so that sums do not do. */
export function needsEvents(charge: MeasuredCharge): boolean {
  const { charge_model, properties, filters, metric, prorated, isPaidAsItComes } = charge;
  if (prorated || metric.aggregation_type === 'weighted_sum_agg' || metric.aggregation_type === 'custom_agg')
    return true;
  if (isPaidAsItComes && charge_model !== 'dynamic' && metric.aggregation_type !== 'count_agg') return true;
  if (charge_model !== 'percentage') return false;
  return [properties, ...filters.map((filter) => filter.properties)].some(
    (terms) => hasBoundsPerEvent(terms) || (metric.aggregation_type === 'sum_agg' && hasFreeUnits(terms)),
  );
}

/** What was used of a charge in arrears: its filters in their order, then what none of them matches, each by groups. */
export function measure(
  charge: MeasuredCharge,
  reading: UsageReading,
  span: MeasuredSpan,
  carried: Carried = new Map(),
): Bucket[] {
  return reading.detail === 'cells'
    ? bucketsOf({ charge, span, carried }, reading.cells, aggregateCells)
    : bucketsOf({ charge, span, carried }, reading.events, aggregateEvents);
}

interface Measured {
  readonly charge: MeasuredCharge;
  readonly span: MeasuredSpan;
  /** With what the period before ended. */
  readonly carried: Carried;
}

function bucketsOf<T extends { readonly dimensions: Dimensions }>(
  { charge, span, carried }: Measured,
  all: readonly T[],
  aggregate: Aggregate<T>,
): Bucket[] {
  const shownBy = presentationGroupKeys(charge.properties);
  return split(charge, all).map(({ filter, grouped_by, parts }) => {
    const terms = { charge, span, properties: filter?.properties ?? charge.properties };
    const before = carried.get(bucketKey(filter?.id ?? null, grouped_by))?.state.total_units;
    const usage = aggregate({ ...terms, carried: before }, parts);
    const { total_aggregated_units: total } = usage;
    const bucket = {
      filter,
      grouped_by,
      usage,
      ...(total !== undefined && { carried: { total_units: new Decimal(total), amount: ZERO } }),
    };
    if (shownBy.length === 0) return bucket;
    return { ...bucket, presentation: breakDown(shownBy, parts, (some) => aggregate(terms, some)) };
  });
}

/** The units of those with the same values; nothing where there is nothing. */
function breakDown<T extends { readonly dimensions: Dimensions }>(
  keys: readonly string[],
  parts: readonly T[],
  aggregate: (some: readonly T[]) => Bucket['usage'],
): PresentationBreakdown[] {
  const byValues = Map.groupBy(parts, ({ dimensions }) => JSON.stringify(groupValues(keys, dimensions)));
  return [...byValues]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([values, some]) => {
      const { units, full_units = units } = aggregate(some);
      const presentation_by = groupedBy(keys, JSON.parse(values) as (string | null)[]);
      return { presentation_by, units: new Decimal(full_units).toFixed() };
    });
}

/** The units of events by what a charge is only shown by, where each carries its own. */
export function breakDownUnits(
  { properties }: MeasuredCharge,
  events: readonly UsageEvent[],
  unitsOf: (event: UsageEvent) => Decimal,
): PresentationBreakdown[] {
  const keys = presentationGroupKeys(properties);
  if (keys.length === 0) return [];
  return breakDown(keys, events, (some) => ({ units: sum(some.map(unitsOf)), events_count: some.length }));
}

export function splitEvents(charge: MeasuredCharge, events: readonly UsageEvent[]): Part<UsageEvent>[] {
  return split(charge, events);
}

export interface Part<T> {
  readonly filter: ChargeFilter | null;
  readonly grouped_by: GroupedBy;
  readonly parts: readonly T[];
}

function split<T extends { readonly dimensions: Dimensions }>(charge: MeasuredCharge, all: readonly T[]): Part<T>[] {
  const { filters, metric } = charge;
  const choose = filtersInArrears(filters, metric.filters);
  const isFiltered = matchesAny(filters, metric.filters);
  const chosen = new Map<ChargeFilter | null, T[]>([...filters, null].map((filter) => [filter, []]));
  for (const one of all) {
    for (const filter of choose(one.dimensions)) chosen.get(filter)?.push(one);
    if (!isFiltered(one.dimensions)) chosen.get(null)?.push(one);
  }
  return [...chosen].flatMap(([filter, parts]) =>
    group(filter, groupKeys(filter?.properties ?? charge.properties), parts),
  );
}

/** Missing, empty and blank values are one group. Without any event there is one result, with no values. */
function group<T extends { readonly dimensions: Dimensions }>(
  filter: ChargeFilter | null,
  keys: readonly string[],
  parts: readonly T[],
): Part<T>[] {
  const groups = Map.groupBy(parts, ({ dimensions }) => JSON.stringify(groupValues(keys, dimensions)));
  if (groups.size === 0) groups.set(JSON.stringify(keys.map(() => null)), []);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([values, members]) => {
      const texts = JSON.parse(values) as (string | null)[];
      return {
        filter,
        grouped_by: groupedBy(keys, texts),
        parts: members,
      };
    });
}

/** What tells the groups of a charge, or of one of its filters, apart. */
export function groupValues(keys: readonly string[], dimensions: Dimensions): (string | null)[] {
  return keys.map((key) => groupValue(dimensions[key]));
}

export function groupedBy(keys: readonly string[], values: readonly (string | null)[]): GroupedBy {
  return Object.fromEntries(keys.map((key, index) => [key, values[index] ?? null]));
}

function groupValue(text: string | null | undefined): string | null {
  return text === null || text === undefined || text.trim() === '' ? null : text;
}

interface Terms {
  readonly charge: MeasuredCharge;
  /** Of the charge, or of the filter. */
  readonly properties: StoredProperties;
  readonly span: MeasuredSpan;
  /** Units that the period begins with; absent: what the events say. */
  readonly carried?: Decimal | undefined;
}

type Aggregate<T> = (terms: Terms, parts: readonly T[]) => Bucket['usage'];

const aggregateCells: Aggregate<UsageCell> = ({ charge: { metric, charge_model }, properties }, cells) => {
  const { aggregation_type } = metric;
  const units = unitsOfCells(aggregation_type, cells);
  const counted = cells.reduce((total, cell) => total + cell.events_count, 0);
  const usage = { units, events_count: aggregation_type === 'unique_count_agg' ? units.toNumber() : counted };
  if (charge_model === 'dynamic')
    return { ...usage, events: { dynamic_amount_cents: sum(cells.map((cell) => cell.dynamic_amount_cents)) } };
  if (charge_model === 'percentage')
    return {
      ...usage,
      events: { running_totals: runningTotals(properties, { aggregation_type, units, event_values: [] }) },
    };
  return usage;
};

function unitsOfCells(aggregation_type: AggregationType, cells: readonly UsageCell[]): Decimal {
  switch (aggregation_type) {
    case 'count_agg':
      return sum(cells.map((cell) => cell.events_count));
    case 'sum_agg':
      return sum(cells.map((cell) => cell.sum));
    case 'max_agg':
      return maximum(cells.flatMap((cell) => cell.max ?? []));
    case 'latest_agg': {
      const latest = cells.flatMap((cell) => cell.latest ?? []).sort((a, b) => (a.order < b.order ? 1 : -1))[0];
      return Decimal.max(latest?.value ?? 0, 0);
    }
    case 'unique_count_agg':
      return new Decimal(activeValues(cells));
    default:
      throw new Error(`usage: ${aggregation_type} is not read from cells`);
  }
}

/** Adding what is there and removing what is not change nothing, so only what was done last to each value matters. */
function activeValues(cells: readonly UsageCell[]): number {
  const last = new Map<string | null, UsageCell>();
  for (const cell of cells) {
    const known = last.get(cell.value);
    if (!known || (cell.latest?.order ?? '') > (known.latest?.order ?? '')) last.set(cell.value, cell);
  }
  return [...last.values()].filter((cell) => cell.operation === 'add').length;
}

/** Events are looked at one by one only where a price depends on them; what they add up to is the same. */
const aggregateEvents: Aggregate<UsageEvent> = (terms, events) => {
  const { charge, span } = terms;
  if (charge.metric.aggregation_type === 'weighted_sum_agg')
    return weightedSum(events, span, {
      isGrouped: groupKeys(terms.properties).length > 0,
      carried: terms.carried,
    });
  if (charge.isPaidAsItComes) {
    const usage = priceEvents(terms, events);
    // Shown is what is there; paid for is the most that has been there.
    return { ...usage, units: paidUnits(charge, events, span), full_units: usage.units };
  }
  return charge.prorated ? prorate(terms, events) : priceEvents(terms, events);
};

function prorate({ charge: { metric, charge_model }, span }: Terms, events: readonly UsageEvent[]): Bucket['usage'] {
  const isSum = metric.aggregation_type === 'sum_agg';
  const usage = isSum ? proratedSum(events, span) : proratedUniqueCount(events, span);
  if (charge_model !== 'graduated') return usage;
  const prorated_changes = isSum ? proratedSumChanges(events, span) : proratedUniqueCountChanges(events, span);
  return { ...usage, events: { prorated_changes } };
}

function priceEvents({ charge, properties }: Terms, events: readonly UsageEvent[]): Bucket['usage'] {
  const { aggregation_type } = charge.metric;
  // What is counted or told apart need be no number.
  const isNumber = aggregation_type === 'sum_agg' || aggregation_type === 'max_agg';
  const values = events.map((event) => new Decimal(isNumber ? (event.value ?? 0) : 1));
  const units = unitsOfEvents(aggregation_type, events, values);
  const events_count = aggregation_type === 'unique_count_agg' ? units.toNumber() : events.length;
  if (charge.charge_model !== 'percentage') return { units, events_count };
  return {
    units,
    events_count,
    events: {
      running_totals: runningTotals(properties, { aggregation_type, units, event_values: values }),
      event_values: shares(aggregation_type, values),
    },
  };
}

function unitsOfEvents(
  aggregation_type: AggregationType,
  events: readonly UsageEvent[],
  values: readonly Decimal[],
): Decimal {
  switch (aggregation_type) {
    case 'count_agg':
      return new Decimal(events.length);
    case 'sum_agg':
      return sum(values);
    case 'max_agg':
      return maximum(values);
    case 'unique_count_agg': {
      const last = new Map(events.map((event) => [event.value, event.operation]));
      return new Decimal([...last.values()].filter((operation) => operation === 'add').length);
    }
    default:
      throw new Error(`usage: ${aggregation_type} is not read from events`);
  }
}

/** What each event carries of the units: of a sum its value, of a maximum the first that has it all, otherwise one each. */
function shares(aggregation_type: AggregationType, values: readonly Decimal[]): Decimal[] {
  if (aggregation_type === 'sum_agg') return [...values];
  if (aggregation_type !== 'max_agg') return values.map(() => new Decimal(1));
  const max = maximum(values);
  const first = values.findIndex((value) => value.eq(max));
  return values.map((value, index) => (index === first ? value : ZERO));
}

function maximum(values: readonly (Decimal | string)[]): Decimal {
  return (
    values.reduce<Decimal | undefined>((max, value) => (max?.gte(value) ? max : new Decimal(value)), undefined) ?? ZERO
  );
}
