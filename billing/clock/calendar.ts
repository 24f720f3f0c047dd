import { Temporal } from 'temporal-polyfill';
import { assert } from '../assert.ts';
import {
  type Instant,
  type LocalDate,
  type Span,
  addMilliseconds,
  fromMilliseconds,
  toMilliseconds,
} from './instant.ts';

const DAY_MS = 86_400_000;

function zoned(at: Instant, timezone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(toMilliseconds(at)).toZonedDateTimeISO(timezone);
}

/** An IANA name; offsets such as `+02:00`, which know no daylight saving, are no time zones. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    zoned('1970-01-01T00:00:00.000Z', text);
    return true;
  } catch {
    return false;
  }
}

/** The calendar day that clocks on the wall show. */
export function localDate(at: Instant, timezone: string): LocalDate {
  return zoned(at, timezone).toPlainDate().toString();
}

/**
 * The first instant of the local day: midnight, or what comes after it where clocks skip midnight. A day that a place
 * never had (Apia, 2011-12-30) begins where the next one does.
 */
export function startOfDay(date: LocalDate, timezone: string): Instant {
  return fromMilliseconds(Temporal.PlainDate.from(date).toZonedDateTime(timezone).epochMilliseconds);
}

export function addDays(date: LocalDate, days: number): LocalDate {
  return Temporal.PlainDate.from(date).add({ days }).toString();
}

/** Keeps the day of the month, or `nominal_day` if given; a month that is too short gives its last day. */
export function addMonths(date: LocalDate, months: number, nominal_day?: number): LocalDate {
  const month = Temporal.PlainDate.from(date).add({ months });
  return (nominal_day === undefined ? month : month.with({ day: nominal_day })).toString();
}

/** Days from one date to the other, without the last: 1 February to 1 March 2026 are 28. */
export function daysBetween(from: LocalDate, to: LocalDate): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to), { largestUnit: 'days' }).days;
}

/** Whole months from the month of one date to that of the other, whatever their days. */
export function monthsBetween(from: LocalDate, to: LocalDate): number {
  const [first, last] = [Temporal.PlainDate.from(from), Temporal.PlainDate.from(to)];
  return (last.year - first.year) * 12 + last.month - first.month;
}

/**
 * What clocks on the wall show, as milliseconds. The first instant of a day reads as its midnight also where clocks skip
 * that, so that a count of days from there does not lose the skipped hour.
 */
function wallMilliseconds(at: Instant, timezone: string): number {
  const reading = zoned(at, timezone);
  const isFirstOfDay = reading.startOfDay().epochMilliseconds === reading.epochMilliseconds;
  const wall = reading.epochMilliseconds + reading.offsetNanoseconds / 1_000_000;
  return isFirstOfDay ? Math.floor(wall / DAY_MS) * DAY_MS : wall;
}

/**
 * The days of every proration, both ends included: started spans of 24 hours on the wall's clocks, so that daylight
 * saving neither adds nor removes a day. The last instant, when it is exactly midnight, has begun its day: that counts.
 * Local 00:00 to 23:59:59.999 of one day is 1; 16 September 10:00 to 30 September 23:59:59 is 15.
 * The sum is the specified one: where `from` is no midnight and `to` no end of a day, fewer than the dates touched.
 */
export function countDays(from: Instant, to_inclusive: Instant, timezone: string): number {
  const from_wall = wallMilliseconds(from, timezone);
  const to_wall = wallMilliseconds(to_inclusive, timezone);
  const ended = to_wall % DAY_MS === 0 ? to_wall + 1000 : to_wall;
  return Math.max(Math.ceil((ended - from_wall) / DAY_MS), 0);
}

/**
 * The days of a half-open span, whose last instant is the millisecond before `to`. At a boundary, the midnight that
 * begins a day, that day does not count: `[1 Feb, 1 Mar)` is 28, where `countDays(1 Feb, 1 Mar)` is 29.
 * An end by a termination at t is kept as t + 1 ms, so it counts as `countDays(from, t)`. An end by an upgrade is kept
 * as t itself, and the day of the change is taken off by `billedDays`: do not count it with this.
 */
export function spanDays(span: Span, timezone: string): number {
  assert(span.from <= span.to, 'calendar: a span does not end before it begins');
  return span.from === span.to ? 0 : countDays(span.from, addMilliseconds(span.to, -1), timezone);
}
