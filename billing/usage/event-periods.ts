import { type Instant, latest, type Span } from '../clock/instant.ts';
import { chargesTerms, periodAt, type Terms } from '../subscriptions/periods.ts';
import type { InstantPeriod } from './instant-usage.ts';

export interface EventSubscription extends Terms {
  readonly bill_charges_monthly: boolean | null;
  readonly started_at: Instant;
}

/** The periods that an event belongs to: those of its own instant, however late it came. */
export interface EventPeriods {
  /** Of the plan itself. */
  readonly subscription: Span;
  /** Of its usage. */
  readonly charges: InstantPeriod;
}

export function periodsOfEvent(subscription: EventSubscription, at: Instant): EventPeriods {
  const { interval, billing_time, subscription_at, timezone, bill_charges_monthly, started_at } = subscription;
  const terms: Terms = { interval, billing_time, subscription_at, timezone };
  const whole = periodAt(terms, at);
  const usage = periodAt(chargesTerms(terms, bill_charges_monthly), at);
  return {
    subscription: { from: latest(whole.from, started_at), to: whole.to },
    charges: { from: latest(usage.from, started_at), to: usage.to, timezone, period_days: usage.days },
  };
}
