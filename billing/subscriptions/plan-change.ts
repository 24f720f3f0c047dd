import type { Instant } from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';
import { Decimal } from '../money/decimal.ts';
import type { Interval } from './periods.ts';

/** Up takes effect at once, down at the end of the period. */
export const planChanges = ['upgrade', 'downgrade'] as const;
export type PlanChange = (typeof planChanges)[number];

export interface PricedPlan {
  readonly interval: Interval;
  readonly amount_cents: Cents;
}

const PERIODS_A_YEAR: Record<Interval, number> = { weekly: 52, monthly: 12, quarterly: 4, semiannual: 2, yearly: 1 };

function yearlyAmount({ interval, amount_cents }: PricedPlan): Decimal {
  return new Decimal(amount_cents).times(PERIODS_A_YEAR[interval]);
}

/** What taking one plan for another is: by what they cost a year, and up if they cost the same. */
export function planChange(current: PricedPlan, wanted: PricedPlan): PlanChange {
  return yearlyAmount(wanted).gte(yearlyAmount(current)) ? 'upgrade' : 'downgrade';
}

export interface Succession {
  readonly terminated_at: Instant | null;
  /** How another subscription takes its place, or waits to. */
  readonly next_change: PlanChange | null;
}

/** How it ended: by another plan that took its place, or for good (null). */
export function endedBy({ terminated_at, next_change }: Succession): PlanChange | null {
  return terminated_at === null ? null : next_change;
}

/** Before anything was ever sent. */
const BEGINNING: Instant = '0001-01-01T00:00:00.000Z';

/**
 * Since when a running total has all there was, where a period has nothing but its own changes to go by: a plan that takes another's place goes on
 * with all of it, a first one begins with nothing. Source: spec "Weighted sum".
 */
export function totalSince(
  facts: { readonly plan_change: PlanChange | null; readonly first_started_at: Instant | null },
  started_at: Instant,
): Instant {
  return facts.plan_change === null ? (facts.first_started_at ?? started_at) : BEGINNING;
}
