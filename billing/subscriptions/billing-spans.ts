import { addDays, countDays, localDate, spanDays, startOfDay } from '../clock/calendar.ts';
import { type Instant, type Span, addMilliseconds, earliest, latest, toMilliseconds } from '../clock/instant.ts';
import { type Period, type Terms, chargesTerms, periodAt, previousPeriod } from './periods.ts';

export type SubscriptionReason = 'subscription_starting' | 'subscription_periodic' | 'subscription_terminating';

export interface BillingOccasion {
  readonly terms: Terms;
  readonly plan: { readonly pay_in_advance: boolean; readonly bill_charges_monthly: boolean | null };
  readonly started_at: Instant;
  readonly activated_at: Instant;
  /** Where the customer was when it became active: the first day of the subscription is one of that place. */
  readonly activation_timezone: string;
  readonly reason: SubscriptionReason;
  /** The start (or the end of the trial, if that is billed), the boundary, or `terminated_at`. */
  readonly at: Instant;
  /** Terminated because a plan of a higher or equal price took its place: the instant of the change belongs to that one. */
  readonly is_upgraded?: boolean;
  /** The boundary that was billed last. */
  readonly last_periodic_at: Instant | null;
  /** The latest end of its charges spans that were not empty. */
  readonly previous_charges_to: Instant | null;
}

export interface BillingSpans {
  readonly subscription: Span;
  readonly charges: Span;
  /** The whole period that the subscription span is cut from. */
  readonly period: Period;
  /** The whole period that the charges span is cut from. */
  readonly charges_period: Period;
}

/** The largest distance between two time zones: one local midnight in both is never further apart. */
export const TIME_ZONES_APART_MS = 26 * 3_600_000;

/**
 * Whether a periodic invoice is still to be made at a boundary. Boundaries before the activation are never billed, and one
 * within a day of the last that was is the same one, seen from the time zone that the customer has moved to.
 */
export function isBoundaryOpen(
  boundary: Instant,
  timezone: string,
  billed: Pick<BillingOccasion, 'started_at' | 'activated_at' | 'activation_timezone' | 'last_periodic_at'>,
): boolean {
  const { started_at, activated_at, activation_timezone, last_periodic_at } = billed;
  const begun_at = latest(started_at, activated_at);
  // By days as well: a customer who has moved west since begins that day once more.
  if (boundary <= begun_at || localDate(boundary, timezone) <= localDate(begun_at, activation_timezone)) return false;
  if (last_periodic_at === null) return true;
  return toMilliseconds(boundary) - toMilliseconds(last_periodic_at) >= TIME_ZONES_APART_MS;
}

/** Whether a subscription fee may be on the invoice: those within a year or half-year billed monthly have usage only. */
export function carriesFee({
  terms,
  plan,
  reason,
  at,
}: Pick<BillingOccasion, 'terms' | 'plan' | 'reason' | 'at'>): boolean {
  if (reason !== 'subscription_periodic') return true;
  return periodAt(chargesTerms(terms, plan.bill_charges_monthly), at).from === periodAt(terms, at).from;
}

/** The last instant of a span, from which days are counted: of one that an upgrade cut off, the instant of the change. */
export function lastInstant(span: Span, period: Span, is_upgraded: boolean): Instant {
  return is_upgraded && span.to < period.to ? span.to : addMilliseconds(span.to, -1);
}

/** How many days of a period a span costs. The day of an upgrade is left to the new plan. */
export function billedDays(span: Span, period: Span, timezone: string, is_upgraded: boolean): number {
  const isCutByUpgrade = is_upgraded && span.to < period.to;
  if (!isCutByUpgrade) return spanDays(span, timezone);
  return Math.max(countDays(span.from, span.to, timezone) - 1, 0);
}

interface Cut {
  readonly span: Span;
  readonly period: Period;
}

const uncut = (period: Period): Cut => ({ span: period, period });

/**
 * What a termination still has to bill: the running period up to its instant, or, on the first day of a period while the
 * one before has not been billed, that one in full, and not a slice of one day.
 */
function cutByTermination(terms: Terms, occasion: BillingOccasion): Cut {
  const { at, is_upgraded } = occasion;
  const running = periodAt(terms, at);
  const secondDay = startOfDay(addDays(localDate(running.from, terms.timezone), 1), terms.timezone);
  if (at < secondDay && isBoundaryOpen(running.from, terms.timezone, occasion))
    return uncut(previousPeriod(terms, running));
  return { span: { from: running.from, to: is_upgraded ? at : addMilliseconds(at, 1) }, period: running };
}

/** The beginning of the day of the start, as it was when the subscription became active. */
function firstDay({ started_at, activation_timezone, terms: { timezone } }: BillingOccasion): Instant {
  return startOfDay(localDate(started_at, activation_timezone), timezone);
}

/** The fee begins with the local day of the start, however late on that day it was. */
function clampSubscription({ span, period }: Cut, occasion: BillingOccasion): Span {
  const { started_at } = occasion;
  // The last finished year of a subscription in its first one: nothing, as of its start.
  if (period.to <= started_at) return { from: started_at, to: started_at };
  const from = latest(span.from, firstDay(occasion));
  return { from: earliest(from, span.to), to: span.to };
}

/** Usage begins with the instant of the start, and goes on where the last invoice ended if the time zone has changed since. */
function clampCharges({ span }: Cut, occasion: BillingOccasion): Span {
  const { started_at, previous_charges_to } = occasion;
  let from = span.from;
  if (previous_charges_to === null) {
    // A period that begins with the first day has all of it, also what a move west has put before its midnight.
    if (from <= firstDay(occasion)) from = started_at;
  } else {
    const gap_ms = toMilliseconds(from) - toMilliseconds(previous_charges_to);
    if (gap_ms < TIME_ZONES_APART_MS) from = previous_charges_to;
  }
  return { from: earliest(latest(from, started_at), span.to), to: span.to };
}

/**
 * What one invoice covers of a subscription. Spans are half open: at a boundary they end at its midnight, by a termination
 * at t one millisecond after it (the instant is still billed), by an upgrade at t.
 */
export function billingSpans(occasion: BillingOccasion): BillingSpans {
  const { terms, plan, reason, at, started_at } = occasion;
  const usageTerms = chargesTerms(terms, plan.bill_charges_monthly);
  switch (reason) {
    case 'subscription_starting': {
      // The fee alone: usage comes at the end of its period.
      const running = uncut(periodAt(terms, at));
      return {
        subscription: clampSubscription(running, occasion),
        charges: { from: started_at, to: started_at },
        period: running.period,
        charges_period: periodAt(usageTerms, started_at),
      };
    }
    case 'subscription_periodic': {
      const running = periodAt(terms, at);
      const paid = uncut(plan.pay_in_advance ? running : previousPeriod(terms, running));
      return clamped(paid, uncut(previousPeriod(usageTerms, periodAt(usageTerms, at))), occasion);
    }
    case 'subscription_terminating':
      return clamped(cutByTermination(terms, occasion), cutByTermination(usageTerms, occasion), occasion);
  }
}

function clamped(paid: Cut, used: Cut, occasion: BillingOccasion): BillingSpans {
  return {
    subscription: clampSubscription(paid, occasion),
    charges: clampCharges(used, occasion),
    period: paid.period,
    charges_period: used.period,
  };
}
