import { type Instant, fromMilliseconds, toMilliseconds } from '../clock/instant.ts';
import { Decimal } from '../money/decimal.ts';

const DAY_MS = 86_400_000;

/**
 * When the trial ends, to the millisecond; null for a plan without one. Counted once per external id: `first_started_at` is
 * the first start of all subscriptions that ever had it. A day has 24 hours here, and may be broken: 0.5 is twelve.
 */
export function trialEnd(first_started_at: Instant | null, trial_period: string | number | null): Instant | null {
  if (first_started_at === null || trial_period === null) return null;
  const milliseconds = new Decimal(trial_period).times(DAY_MS).floor();
  return milliseconds.lte(0) ? null : fromMilliseconds(toMilliseconds(first_started_at) + milliseconds.toNumber());
}
