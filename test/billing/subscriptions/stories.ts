import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type Instant, type Span, addMilliseconds, toWireSeconds } from '../../../billing/clock/instant.ts';
import { type BillingOccasion, billingSpans } from '../../../billing/subscriptions/billing-spans.ts';
import type { BillingTime, Interval } from '../../../billing/subscriptions/periods.ts';
import { type SubscriptionFee, subscriptionFee } from '../../../billing/subscriptions/subscription-fee.ts';
import { trialEnd } from '../../../billing/subscriptions/trial.ts';

/** A subscription and the occasion on which it is billed. Instants as for `instant`. */
export interface Story {
  amount?: number;
  interval?: Interval;
  mode?: BillingTime;
  pay?: 'advance' | 'arrears';
  timezone?: string;
  charges_monthly?: boolean;
  started_at: string;
  /** By default when it started, as the two below. */
  subscription_at?: string;
  created_at?: string;
  /** Where it was when it started; by default where it is now. */
  activation_timezone?: string;
  first_started_at?: string;
  reason?: 'starting' | 'periodic' | 'terminating';
  at: string;
  last_periodic_at?: string;
  previous_charges_to?: string;
  trial?: number;
  fees_at?: string[];
  change?: 'upgrade' | 'downgrade';
  is_upgraded?: boolean;
}

/** `2022-03-01` or `2022-03-01T05:00`, with or without seconds, in UTC. */
export function instant(text: string): Instant {
  return new Date(`${text.length === 10 ? `${text}T00:00` : text}Z`).toISOString();
}

const instantOrNull = (text: string | undefined): Instant | null => (text === undefined ? null : instant(text));

export function occasion(story: Story): BillingOccasion {
  const { interval = 'monthly', mode = 'calendar', timezone = 'UTC', started_at, subscription_at = started_at } = story;
  return {
    terms: { interval, billing_time: mode, subscription_at: instant(subscription_at), timezone },
    plan: { pay_in_advance: story.pay === 'advance', bill_charges_monthly: story.charges_monthly ?? null },
    started_at: instant(started_at),
    activated_at: instant(story.created_at ?? started_at),
    activation_timezone: story.activation_timezone ?? timezone,
    reason: `subscription_${story.reason ?? 'periodic'}`,
    at: instant(story.at),
    is_upgraded: story.is_upgraded ?? false,
    last_periodic_at: instantOrNull(story.last_periodic_at),
    previous_charges_to: instantOrNull(story.previous_charges_to),
  };
}

export function fee(story: Story): SubscriptionFee | undefined {
  const given = occasion(story);
  return subscriptionFee({
    ...given,
    plan: { ...given.plan, amount_cents: story.amount ?? 1000 },
    span: billingSpans(given).subscription,
    created_at: given.activated_at,
    trial_end: trialEnd(instant(story.first_started_at ?? story.started_at), story.trial ?? null),
    fees_at: (story.fees_at ?? []).map(instant),
    change: story.change ?? null,
    is_upgraded: story.is_upgraded ?? false,
  });
}

/** What stories cost, in cents; undefined where there is no fee at all. Each is `common` with what is its own. */
export function describeFees(
  title: string,
  common: Partial<Story>,
  cases: readonly [name: string, story: Partial<Story>, cents: number | undefined][],
): void {
  describe(title, () => {
    for (const [name, story, cents] of cases) {
      const whole = { started_at: '', at: '', ...common, ...story };
      it(`${cents ?? 'nothing'}: ${name}`, () => assert.equal(fee(whole)?.amount_cents, cents));
    }
  });
}

/** As tables write spans: both ends included, in seconds. */
function inclusive({ from, to }: Span): string {
  return from === to ? 'empty' : `${toWireSeconds(from)} → ${toWireSeconds(addMilliseconds(to, -1))}`;
}

export type SpansCase = [name: string, story: Story, subscription: string, charges: string, days_of_period: number];

/** What invoices cover. */
export function describeSpans(title: string, cases: readonly SpansCase[]): void {
  describe(title, () => {
    for (const [name, story, subscription, charges, days] of cases) {
      it(name, () => {
        const spans = billingSpans(occasion(story));
        assert.equal(inclusive(spans.subscription), subscription);
        assert.equal(inclusive(spans.charges), charges === 'same' ? subscription : charges);
        assert.equal(spans.period.days, days);
      });
    }
  });
}
