import { localDate } from '../clock/calendar.ts';
import { type Instant, latest } from '../clock/instant.ts';
import type { Subscription } from './subscription.ts';

export type Start = Pick<Subscription, 'status' | 'started_at' | 'activated_at' | 'activation_timezone'>;

export const notStarted: Start = { status: 'pending', started_at: null, activated_at: null, activation_timezone: null };

/** The start at `at` of a subscription meant to begin at `subscription_at`. What an earlier one was billed for is not billed again. */
export function startedAt(
  subscription_at: Instant,
  at: Instant,
  timezone: string,
  billed_until: Instant | null = null,
): Start {
  const started_at = billed_until === null ? subscription_at : latest(subscription_at, billed_until);
  return { status: 'active', started_at, activated_at: at, activation_timezone: timezone };
}

/** Whether a subscription begins at once, in the customer's days: a later hour of today counts as begun. */
export function hasDayCome(subscription_at: Instant, at: Instant, timezone: string): boolean {
  return localDate(subscription_at, timezone) <= localDate(at, timezone);
}

/** An end has to lie after today and after the beginning, in UTC days. */
export function canEndAt(ending_at: Instant, subscription_at: Instant, at: Instant): boolean {
  const day = ending_at.slice(0, 10);
  return day > at.slice(0, 10) && day > subscription_at.slice(0, 10);
}
