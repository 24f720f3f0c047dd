import { assert } from '../../billing/assert.ts';
import { addMilliseconds, type Instant, type Span } from '../../billing/clock/instant.ts';
import { billingSpans, type SubscriptionReason } from '../../billing/subscriptions/billing-spans.ts';
import { type SubscriptionFee, subscriptionFee } from '../../billing/subscriptions/subscription-fee.ts';
import type { Terms } from '../../billing/subscriptions/periods.ts';
import { endedBy } from '../../billing/subscriptions/plan-change.ts';
import { trialEnd } from '../../billing/subscriptions/trial.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { SpansToBill } from './generate-invoice.ts';

/** One subscription at the moment at which it is billed. The time zone is the one the invoice is made with. */
export interface Occasion {
  readonly facts: SubscriptionFacts;
  readonly reason: SubscriptionReason;
  readonly at: Instant;
  readonly timezone: string;
}

function termsOf({ facts, timezone }: Occasion): Terms {
  return {
    interval: facts.interval,
    billing_time: facts.billing_time,
    subscription_at: facts.subscription_at,
    timezone,
  };
}

/** What the invoice covers of the subscription, as it is stored with it. */
export function spansToBill(occasion: Occasion): SpansToBill {
  const { facts, reason, at } = occasion;
  const { started_at, activated_at } = facts;
  assert(started_at && activated_at, 'billing: only a subscription that has started is billed');
  const is_upgraded = reason === 'subscription_terminating' && endedBy(facts) === 'upgrade';
  const { subscription, charges } = billingSpans({
    terms: termsOf(occasion),
    plan: facts,
    started_at,
    activated_at,
    activation_timezone: facts.activation_timezone,
    reason,
    at,
    is_upgraded,
    last_periodic_at: facts.last_periodic_at,
    previous_charges_to: facts.last_charges_to,
  });
  return {
    subscription_id: facts.id,
    plan_id: facts.plan_id,
    invoicing_reason: reason,
    subscription_from: subscription.from,
    subscription_to: is_upgraded ? shownEnd(subscription, at) : subscription.to,
    charges_from: charges.from,
    charges_to: is_upgraded ? shownEnd(charges, at) : charges.to,
  };
}

/** Documents show the instant of an upgrade as the end of what it cut off, as they do that of a termination. */
function shownEnd({ to }: Span, changed_at: Instant): Instant {
  return to === changed_at ? addMilliseconds(to, 1) : to;
}

/** What an upgrade cut off of a span that an invoice keeps, without its instant, which is the new plan's; undefined if it did not. */
export function cutByUpgrade(facts: SubscriptionFacts, { from, to }: Span): Span | undefined {
  const { terminated_at } = facts;
  return terminated_at !== null && endedBy(facts) === 'upgrade' && to > terminated_at
    ? { from, to: terminated_at }
    : undefined;
}

/** From the span that the invoice keeps, so that a draft is computed anew for what it was made for. */
export function subscriptionFeeOf(occasion: Occasion, span: Span): SubscriptionFee | undefined {
  const { facts, reason, at } = occasion;
  assert(facts.started_at, 'billing: only a subscription that has started is billed');
  const cut = reason === 'subscription_terminating' ? cutByUpgrade(facts, span) : undefined;
  return subscriptionFee({
    terms: termsOf(occasion),
    plan: { ...facts, amount_cents: facts.plan_amount_cents },
    reason,
    at,
    span: cut ?? span,
    started_at: facts.started_at,
    created_at: facts.created_at,
    trial_end: trialEnd(facts.first_started_at, facts.trial_period),
    fees_at: facts.subscription_fees_at,
    change: facts.plan_change,
    is_upgraded: cut !== undefined,
  });
}
