import type { Instant, LocalDate, Span } from '../clock/instant.ts';
import { addMilliseconds } from '../clock/instant.ts';
import { addDays, addMonths, daysBetween, localDate, monthsBetween, spanDays, startOfDay } from '../clock/calendar.ts';

export const intervals = ['weekly', 'monthly', 'quarterly', 'semiannual', 'yearly'] as const;
export type Interval = (typeof intervals)[number];

export const billingTimes = ['calendar', 'anniversary'] as const;
export type BillingTime = (typeof billingTimes)[number];

/** What decides where periods begin. */
export interface Terms {
  readonly interval: Interval;
  readonly billing_time: BillingTime;
  readonly subscription_at: Instant;
  readonly timezone: string;
}

/** A whole billing period, however much of it a subscription lived in. */
export interface Period extends Span {
  readonly from_date: LocalDate;
  /** The day after the last one: the next period's `from_date`. */
  readonly to_date: LocalDate;
  readonly days: number;
}

const MONTHS: Record<Exclude<Interval, 'weekly'>, number> = { monthly: 1, quarterly: 3, semiannual: 6, yearly: 12 };

/** A Monday, and a 1 January: every calendar week, month, quarter, half-year and year is a whole number of steps away. */
const CALENDAR_WEEKS: LocalDate = '1970-01-05';
const CALENDAR_MONTHS: LocalDate = '1970-01-01';

function anchor({ interval, billing_time, subscription_at, timezone }: Terms): LocalDate {
  if (billing_time === 'anniversary') return localDate(subscription_at, timezone);
  return interval === 'weekly' ? CALENDAR_WEEKS : CALENDAR_MONTHS;
}

/** Each start is counted from the anchor and not from the one before, so that the 31st returns after a short month. */
function startDate({ interval }: Terms, anchored: LocalDate, index: number): LocalDate {
  return interval === 'weekly' ? addDays(anchored, 7 * index) : addMonths(anchored, MONTHS[interval] * index);
}

/** Of the period that has this day in it, or of a neighbour of that one. */
function nearbyIndex({ interval }: Terms, anchored: LocalDate, date: LocalDate): number {
  if (interval === 'weekly') return Math.floor(daysBetween(anchored, date) / 7);
  return Math.floor(monthsBetween(anchored, date) / MONTHS[interval]);
}

/** The period that `at` lies in. */
export function periodAt(terms: Terms, at: Instant): Period {
  const { timezone } = terms;
  const anchored = anchor(terms);
  let index = nearbyIndex(terms, anchored, localDate(at, timezone));

  // Compared as instants and not as dates: where clocks go back over midnight, a date comes twice.
  while (at < startOfDay(startDate(terms, anchored, index), timezone)) index -= 1;
  while (at >= startOfDay(startDate(terms, anchored, index + 1), timezone)) index += 1;

  const from_date = startDate(terms, anchored, index);
  const to_date = startDate(terms, anchored, index + 1);
  const span = { from: startOfDay(from_date, timezone), to: startOfDay(to_date, timezone) };
  // Counted as parts of it are, so that they add up also where a place has skipped its first day.
  return { ...span, from_date, to_date, days: spanDays(span, timezone) };
}

export function previousPeriod(terms: Terms, period: Span): Period {
  return periodAt(terms, addMilliseconds(period.from, -1));
}

export function nextPeriod(terms: Terms, period: Span): Period {
  return periodAt(terms, period.to);
}

/** The first beginning of a period strictly after `after`. */
export function nextBoundary(terms: Terms, after: Instant): Instant {
  return periodAt(terms, after).to;
}

/** When usage is invoiced: monthly also for a year or half-year whose plan says so, on the same nominal day. */
export function chargesTerms(terms: Terms, bill_charges_monthly: boolean | null): Terms {
  return bill_charges_monthly ? { ...terms, interval: 'monthly' } : terms;
}
