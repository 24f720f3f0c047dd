import { assert } from '../assert.ts';
import type { ChargeFeeNumbers } from '../charge-models/price-charge.ts';
import { presentationGroupKeys } from '../charge-models/group-keys.ts';
import { spanDays } from '../clock/calendar.ts';
import { type Span, toMilliseconds } from '../clock/instant.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal, ZERO } from '../money/decimal.ts';
import { bucketKey } from './bucket-key.ts';
import { type ChargeFilter, filterInAdvance, filtersInArrears, matchesAny } from './filters.ts';
import { type HighWaterMark, pass } from './high-water-mark.ts';
import { type PriceOptions, priceInstantUsage, proratedUnits } from './in-advance.ts';
import { type GroupedBy, groupedBy, groupKeys, groupValues, type MeasuredCharge, needsEvents } from './measure.ts';
import type { AppliedPricingUnit } from '../pricing-units/pricing-unit.ts';
import type { PresentationBreakdown } from './presentation.ts';
import type { Dimensions, UsageCell, UsageEvent } from './reading.ts';

/** The period whose usage an event belongs to. */
export interface InstantPeriod extends Span {
  readonly timezone: string;
  /** Of the whole period, however much of it the subscription lived in. */
  readonly period_days: number;
}

/** The mark of one filter and group in one period. */
export interface Mark extends HighWaterMark {
  /** Of a prorated charge: what was paid for, as it was priced. */
  readonly prorated_units: Decimal;
}

/** What there is to know of the usage that events are priced on top of: what was before them, and all events since. */
export interface InstantReading {
  readonly before: readonly UsageCell[];
  /** In the order of timestamp and reception. */
  readonly events: readonly UsageEvent[];
}

export interface InstantFee {
  readonly event: UsageEvent;
  readonly filter: ChargeFilter | null;
  readonly grouped_by: GroupedBy;
  readonly numbers: ChargeFeeNumbers;
  readonly presentation: readonly PresentationBreakdown[];
}

export interface InstantFacts {
  readonly charge: MeasuredCharge;
  readonly currency: Currency;
  readonly pricing_unit?: AppliedPricingUnit | null;
  readonly period: InstantPeriod;
  readonly reading: InstantReading;
  /** By `bucketKey`, as earlier events have left them. */
  readonly marks: ReadonlyMap<string, Mark>;
  /** The ids of the events that are to be paid for. */
  readonly due: ReadonlySet<string>;
}

/** How much of the usage before an event its price depends on. A price per unit needs none; of a unique count it must be known which values are there. */
export function historyNeeded(charge: MeasuredCharge): 'none' | 'cells' | 'events' {
  const { charge_model, metric } = charge;
  // Code goes on from the state that it has left.
  if (metric.aggregation_type === 'custom_agg') return 'none';
  const isUniqueCount = metric.aggregation_type === 'unique_count_agg';
  const needsAll = isUniqueCount || needsEvents({ ...charge, prorated: false, isPaidAsItComes: false });
  if (charge_model === 'percentage' && needsAll) return 'events';
  const isLinear = charge_model === 'standard' || charge_model === 'dynamic';
  return isLinear && !isUniqueCount ? 'none' : 'cells';
}

/** An event without the property is no usage, nor is one whose property says nothing. */
export function isInstantUsage(
  { metric: { aggregation_type } }: Pick<MeasuredCharge, 'metric'>,
  { value }: Pick<UsageEvent, 'value'>,
): boolean {
  const isAlways = aggregation_type === 'count_agg' || aggregation_type === 'custom_agg';
  return isAlways || (value !== null && value.trim() !== '' && value !== 'false');
}

/** A fee for each due event, each priced on top of those before it, and the marks that they leave behind. */
export function chargeInstantUsage(
  facts: InstantFacts,
  options: PriceOptions = {},
): { readonly fees: readonly InstantFee[]; readonly marks: ReadonlyMap<string, Mark> } {
  const { charge, due, reading } = facts;
  const inArrears = bucketsInArrears(charge);
  const tallies = new Map<string, Tally>();
  const tallyOf = (bucket: Bucket): Tally => {
    const tally = tallies.get(bucket.key) ?? new Tally(charge);
    tallies.set(bucket.key, tally);
    return tally;
  };
  for (const cell of reading.before) for (const bucket of inArrears(cell.dimensions)) tallyOf(bucket).addCell(cell);

  const marks = new Map(facts.marks);
  const fees: InstantFee[] = [];
  for (const event of reading.events) {
    const isDue = due.has(event.id) && isInstantUsage(charge, event);
    const own = isDue ? bucketInAdvance(charge, event.dimensions) : undefined;
    const change = own && tallyOf(own).changeBy(event);
    const counting = inArrears(event.dimensions);
    // An event counts where it is priced, also where a narrower filter would take it away in arrears.
    const isCounted = !own || counting.some((bucket) => bucket.key === own.key);
    for (const bucket of isCounted ? counting : [...counting, own]) tallyOf(bucket).addEvent(event, facts.period);
    if (!own || !change) continue;
    const { numbers, mark } = priceEvent(
      facts,
      { event, own, change, tally: tallyOf(own) },
      marks.get(own.key),
      options,
    );
    marks.set(own.key, mark);
    const presentation = presentEvent(charge, event, numbers);
    fees.push({ event, filter: own.filter, grouped_by: own.grouped_by, numbers, presentation });
  }
  return { fees, marks };
}

/** All units of one event have the same values. */
export function presentEvent(
  { properties }: MeasuredCharge,
  { dimensions }: UsageEvent,
  { units }: ChargeFeeNumbers,
): PresentationBreakdown[] {
  const keys = presentationGroupKeys(properties);
  return keys.length === 0 ? [] : [{ presentation_by: groupedBy(keys, groupValues(keys, dimensions)), units }];
}

interface Bucket {
  readonly key: string;
  readonly filter: ChargeFilter | null;
  readonly grouped_by: GroupedBy;
}

function bucketOf({ properties }: MeasuredCharge, filter: ChargeFilter | null, dimensions: Dimensions): Bucket {
  const keys = groupKeys(filter?.properties ?? properties);
  const grouped_by = groupedBy(keys, groupValues(keys, dimensions));
  return { key: bucketKey(filter?.id ?? null, grouped_by), filter, grouped_by };
}

function bucketInAdvance(charge: MeasuredCharge, dimensions: Dimensions): Bucket {
  const filter = filterInAdvance(charge.filters, charge.metric.filters, dimensions) ?? null;
  return bucketOf(charge, filter, dimensions);
}

/** Where usage counts that others are priced on top of. */
function bucketsInArrears(charge: MeasuredCharge): (dimensions: Dimensions) => Bucket[] {
  const choose = filtersInArrears(charge.filters, charge.metric.filters);
  const isFiltered = matchesAny(charge.filters, charge.metric.filters);
  return (dimensions) => {
    const filters = isFiltered(dimensions) ? choose(dimensions) : [null];
    return filters.map((filter) => bucketOf(charge, filter, dimensions));
  };
}

interface Change {
  readonly event: UsageEvent;
  readonly own: Bucket;
  readonly change: Decimal;
  readonly tally: Tally;
}

function priceEvent(
  { charge, currency, pricing_unit, period }: InstantFacts,
  { event, own, change, tally }: Change,
  mark: Mark | undefined,
  options: PriceOptions,
): { readonly numbers: ChargeFeeNumbers; readonly mark: Mark } {
  const isCount = charge.metric.aggregation_type === 'unique_count_agg';
  // A count of values has no debt: what leaves before anything came is not waited for.
  const passed = pass(mark, isCount && !mark ? Decimal.max(change, 0) : change);
  const at = `${event.timestamp.slice(0, 23)}Z`;
  const proration = charge.prorated
    ? { days: spanDays({ from: at, to: period.to }, period.timezone), period_days: period.period_days }
    : undefined;
  const numbers = priceInstantUsage(
    {
      charge_model: charge.charge_model,
      properties: own.filter?.properties ?? charge.properties,
      aggregation_type: charge.metric.aggregation_type,
      currency,
      pricing_unit,
      units: passed.units,
      billable: passed.billable,
      total: tally.total,
      events_count: tally.events_count,
      event_values: tally.values,
      period_values: tally.periodValues,
      dynamic_amount_cents: event.precise_total_amount_cents,
      proration,
    },
    options,
  );
  const prorated = proratedUnits({ billable: passed.billable, proration });
  return { numbers, mark: { ...passed.mark, prorated_units: (mark?.prorated_units ?? ZERO).plus(prorated) } };
}

/** What was last done to a value, and before that instant. */
interface Presence {
  readonly order: string;
  readonly operation: 'add' | 'remove';
  readonly before: 'add' | 'remove';
}

/** What the usage of one bucket adds up to, event after event. */
class Tally {
  readonly #charge: MeasuredCharge;
  readonly #keepsValues: boolean;
  readonly #present = new Map<string | null, Presence>();
  readonly values: Decimal[] = [];
  readonly periodValues: Decimal[] = [];
  events_count = 0;
  total = ZERO;

  constructor(charge: MeasuredCharge) {
    this.#charge = charge;
    this.#keepsValues = historyNeeded(charge) === 'events';
  }

  /** What an event adds or takes away. Values that were added and removed at one instant are what they were before it. */
  changeBy(event: UsageEvent): Decimal {
    switch (this.#charge.metric.aggregation_type) {
      case 'count_agg':
        return new Decimal(1);
      case 'sum_agg':
        return valueOf(event);
      case 'unique_count_agg': {
        const known = this.#present.get(event.value);
        const isThere = (known?.order === event.timestamp ? known.before : known?.operation) === 'add';
        if (event.operation === 'add') return new Decimal(isThere ? 0 : 1);
        return new Decimal(isThere ? -1 : 0);
      }
      default:
        throw new Error(`usage: ${this.#charge.metric.aggregation_type} is not paid in advance`);
    }
  }

  addEvent(event: UsageEvent, period: Span): void {
    this.events_count += 1;
    if (this.#charge.metric.aggregation_type === 'unique_count_agg')
      this.#see(event.value, event.timestamp, event.operation);
    else this.total = this.total.plus(this.changeBy(event));
    if (!this.#keepsValues) return;
    const value = this.#charge.metric.aggregation_type === 'sum_agg' ? valueOf(event) : new Decimal(1);
    this.values.push(value);
    if (Date.parse(event.timestamp) >= toMilliseconds(period.from)) this.periodValues.push(value);
  }

  addCell(cell: UsageCell): void {
    this.events_count += cell.events_count;
    if (this.#charge.metric.aggregation_type === 'unique_count_agg') {
      assert(cell.latest, 'usage: a value is there since an instant');
      const known = this.#present.get(cell.value);
      if (!known || known.order < cell.latest.order) this.#see(cell.value, cell.latest.order, cell.operation);
    } else {
      this.total = this.total.plus(this.#charge.metric.aggregation_type === 'count_agg' ? cell.events_count : cell.sum);
    }
  }

  #see(value: string | null, order: string, operation: 'add' | 'remove'): void {
    const known = this.#present.get(value);
    const before = known?.order === order ? known.before : (known?.operation ?? 'remove');
    const wasThere = known?.operation === 'add';
    this.#present.set(value, { order, operation, before });
    this.total = this.total.plus(Number(operation === 'add') - Number(wasThere));
  }
}

function valueOf(event: UsageEvent): Decimal {
  return new Decimal(event.value ?? 0);
}
