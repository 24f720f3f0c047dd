import type { ProratedChange } from '../charge-models/prorated-graduated.ts';
import { countDays, daysBetween, localDate } from '../clock/calendar.ts';
import { addMilliseconds, type Instant, type Span, toMilliseconds } from '../clock/instant.ts';
import { Decimal, sum, ZERO } from '../money/decimal.ts';
import type { UsageEvent } from './reading.ts';

/** The span whose usage is measured, and what proration needs of the whole period that it is cut from. */
export interface MeasuredSpan extends Span {
  readonly timezone: string;
  /** Of the whole period, however much of it the subscription lived in. */
  readonly period_days: number;
  /** Of `totalSince`: a weighted sum begins with it. */
  readonly started_at: Instant;
  /** The day of an upgrade belongs to the plan that comes after. */
  readonly is_ended_by_upgrade: boolean;
}

export interface Units {
  readonly units: Decimal;
  readonly full_units: Decimal;
  readonly events_count: number;
  readonly total_aggregated_units?: Decimal;
}

const SECONDS_A_DAY = 86_400;

/** Rounded up at 5 decimals: proration never gives away a fraction of a day. */
export function ceil5(value: Decimal): Decimal {
  return value.toDecimalPlaces(5, Decimal.ROUND_CEIL);
}

/** Where the last day of a half-open span is. */
function lastInstant({ to, is_ended_by_upgrade }: MeasuredSpan): Instant {
  return is_ended_by_upgrade ? to : addMilliseconds(to, -1);
}

const toInstant = (timestamp: string): Instant => `${timestamp.slice(0, 23)}Z`;

/** Days from the local day of an instant to the last day of the span, both included. */
function daysLeft(span: MeasuredSpan, timestamp: string): number {
  const last = localDate(lastInstant(span), span.timezone);
  return daysBetween(localDate(toInstant(timestamp), span.timezone), last) + 1;
}

/** The days of the span; the day of an upgrade is the new plan's. */
export function billedDays(span: MeasuredSpan): number {
  const days = countDays(span.from, lastInstant(span), span.timezone);
  return span.is_ended_by_upgrade ? Math.max(days - 1, 0) : days;
}

function isBefore(span: MeasuredSpan): (event: UsageEvent) => boolean {
  return (event) => toInstant(event.timestamp) < span.from;
}

/** Carried-over units for the days of the span, and each event for the days from its own on. Divided last. Source: spec "Prorated: sum". */
export function proratedSum(events: readonly UsageEvent[], span: MeasuredSpan): Units {
  const earlier = isBefore(span);
  const carried = sum(events.filter(earlier).map(valueOf));
  const during = events.filter((event) => !earlier(event));
  const unitDays = sum(during.map((event) => valueOf(event).times(daysLeft(span, event.timestamp))));
  return {
    units: ceil5(carried.times(billedDays(span)).plus(unitDays).div(span.period_days)),
    full_units: carried.plus(sum(during.map(valueOf))),
    events_count: events.length,
  };
}

/** The same as changes in their order: what was carried over first. Not rounded. */
export function proratedSumChanges(events: readonly UsageEvent[], span: MeasuredSpan): ProratedChange[] {
  const earlier = isBefore(span);
  const carried = sum(events.filter(earlier).map(valueOf));
  const during = events
    .filter((event) => !earlier(event))
    .map((event) => ({
      units: valueOf(event),
      prorated: valueOf(event).times(daysLeft(span, event.timestamp)).div(span.period_days),
    }));
  const before = { units: carried, prorated: carried.times(billedDays(span)).div(span.period_days) };
  return carried.isZero() ? during : [before, ...during];
}

/** Units that were there for as many days of the span. */
export interface DaysUsed {
  readonly units: Decimal;
  readonly days: number;
}

/** What a prorated charge counted, by how long it was there, the longest first: each part is units × days / the days of the period. */
export function daysUsed(
  aggregation: 'sum_agg' | 'unique_count_agg',
  events: readonly UsageEvent[],
  span: MeasuredSpan,
): DaysUsed[] {
  const parts =
    aggregation === 'sum_agg'
      ? summedDays(events, span)
      : changesOf(events, span).map(({ days }) => ({ units: new Decimal(1), days }));
  return [...Map.groupBy(parts, ({ days }) => days)]
    .map(([days, same]) => ({ days, units: sum(same.map(({ units }) => units)) }))
    .filter(({ days, units }) => days > 0 && !units.isZero())
    .sort((a, b) => b.days - a.days);
}

function summedDays(events: readonly UsageEvent[], span: MeasuredSpan): DaysUsed[] {
  const earlier = isBefore(span);
  return events.map((event) => ({
    units: valueOf(event),
    days: earlier(event) ? billedDays(span) : daysLeft(span, event.timestamp),
  }));
}

function valueOf(event: UsageEvent): Decimal {
  return new Decimal(event.value ?? 0);
}

interface Change {
  readonly event: UsageEvent;
  /** How many days of the span an addition lasted. */
  readonly days: number;
}

/** The changes of state of each value: what is added while there, or removed while not, changes nothing, nor does a removal taken back on its day. */
function changesOf(events: readonly UsageEvent[], span: MeasuredSpan): Change[] {
  const byValue = Map.groupBy(events, (event) => event.value);
  const changes = [...byValue.values()].flatMap((list) => {
    const kept = stateChanges(withoutTakenBack(list, span.timezone));
    return kept.map((event, index) => ({
      event,
      days: event.operation === 'add' ? daysThere(event, kept[index + 1], span) : 0,
    }));
  });
  return changes.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

const key = ({ event }: Change): string => `${event.timestamp} ${event.value ?? ''}`;

function withoutTakenBack(events: readonly UsageEvent[], timezone: string): UsageEvent[] {
  return events.filter((event, index) => {
    const next = events[index + 1];
    const isTakenBack = event.operation === 'remove' && next?.operation === 'add';
    return !(
      isTakenBack && localDate(toInstant(event.timestamp), timezone) === localDate(toInstant(next.timestamp), timezone)
    );
  });
}

function stateChanges(events: readonly UsageEvent[]): UsageEvent[] {
  let state: UsageEvent['operation'] = 'remove';
  return events.filter((event) => {
    const isChange = event.operation !== state;
    state = event.operation;
    return isChange;
  });
}

/** The day of the addition and the day of the removal both count. */
function daysThere(added: UsageEvent, removed: UsageEvent | undefined, span: MeasuredSpan): number {
  if (removed && toInstant(removed.timestamp) < span.from) return 0;
  const { timezone } = span;
  const until = removed ? toInstant(removed.timestamp) : lastInstant(span);
  const since = toInstant(added.timestamp) < span.from ? span.from : toInstant(added.timestamp);
  return daysBetween(localDate(since, timezone), localDate(until, timezone)) + 1;
}

/** Each value for the days it was there. Divided last. Source: spec "Prorated: unique count". */
export function proratedUniqueCount(events: readonly UsageEvent[], span: MeasuredSpan): Units {
  const changes = changesOf(events, span);
  const days = changes.reduce((total, change) => total + change.days, 0);
  const units = ceil5(new Decimal(days).div(span.period_days));
  const full_units = changes.reduce((total, { event }) => total + (event.operation === 'add' ? 1 : -1), 0);
  return { units, full_units: new Decimal(full_units), events_count: units.trunc().toNumber() };
}

/** The same as changes in their order: an addition takes a place and its share of days, a removal frees the place. */
export function proratedUniqueCountChanges(events: readonly UsageEvent[], span: MeasuredSpan): ProratedChange[] {
  const orphans = new Map<string | null, number>();
  return changesOf(events, span).flatMap(({ event, days }) => {
    const missing = orphans.get(event.value) ?? 0;
    if (event.operation === 'add' && days === 0) {
      orphans.set(event.value, missing + 1);
      return [];
    }
    if (event.operation === 'remove' && missing > 0) {
      orphans.set(event.value, missing - 1);
      return [];
    }
    const units = new Decimal(event.operation === 'add' ? 1 : -1);
    return [{ units, prorated: ceil5(new Decimal(days).div(span.period_days)) }];
  });
}

/**
 * The running total averaged over the seconds of the whole period. Events carry differences. A recurring metric begins with what the period before was
 * billed with, whatever has come in late since; before the first bill, with the total so far. Source: spec "Weighted sum".
 */
export function weightedSum(
  events: readonly UsageEvent[],
  span: MeasuredSpan,
  { isGrouped, carried }: { readonly isGrouped: boolean; readonly carried?: Decimal | undefined },
): Units {
  const earlier = isBefore(span);
  const initial = carried ?? sum(events.filter(earlier).map(valueOf));
  const during = events.filter((event) => !earlier(event));
  const end = new Decimal(toMilliseconds(lastInstant(span))).div(1000).ceil();
  let at = new Decimal(toMilliseconds(span.from)).div(1000);
  let total = initial;
  let unitSeconds = ZERO;
  for (const event of during) {
    const then = secondsOf(event.timestamp);
    unitSeconds = unitSeconds.plus(total.times(then.minus(at)));
    total = total.plus(valueOf(event));
    at = then;
  }
  unitSeconds = unitSeconds.plus(total.times(Decimal.max(end.minus(at), 0)));
  const units = unitSeconds.div(span.period_days * SECONDS_A_DAY);
  return {
    units: isGrouped ? units : units.toDecimalPlaces(20, Decimal.ROUND_CEIL),
    full_units: isGrouped ? units : units.toDecimalPlaces(20, Decimal.ROUND_CEIL),
    total_aggregated_units: total,
    events_count: during.length,
  };
}

/** Since 1970, to the microsecond. */
function secondsOf(timestamp: string): Decimal {
  const micros = timestamp.slice(20, 26);
  return new Decimal(Date.parse(`${timestamp.slice(0, 19)}Z`)).div(1000).plus(`0.${micros}`);
}
