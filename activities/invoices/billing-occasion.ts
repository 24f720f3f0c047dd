import { assert } from '../../billing/assert.ts';
import type { Instant, Span } from '../../billing/clock/instant.ts';
import { billingSpans, type SubscriptionReason } from '../../billing/subscriptions/billing-spans.ts';
import { type SubscriptionFee, subscriptionFee } from '../../billing/subscriptions/subscription-fee.ts';
import type { Terms } from '../../billing/subscriptions/periods.ts';
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
  const { subscription, charges } = billingSpans({
    terms: termsOf(occasion),
    plan: facts,
    started_at,
    activated_at,
    reason,
    at,
    last_periodic_at: facts.last_periodic_at,
    previous_charges_to: facts.last_charges_to,
  });
  return {
    subscription_id: facts.id,
    plan_id: facts.plan_id,
    invoicing_reason: reason,
    subscription_from: subscription.from,
    subscription_to: subscription.to,
    charges_from: charges.from,
    charges_to: charges.to,
  };
}

/** From the span that the invoice keeps, so that a draft is computed anew for what it was made for. */
export function subscriptionFeeOf(occasion: Occasion, span: Span): SubscriptionFee | undefined {
  const { facts, reason, at } = occasion;
  assert(facts.started_at, 'billing: only a subscription that has started is billed');
  return subscriptionFee({
    terms: termsOf(occasion),
    plan: { ...facts, amount_cents: facts.plan_amount_cents },
    reason,
    at,
    span,
    started_at: facts.started_at,
    created_at: facts.created_at,
    trial_end: trialEnd(facts.first_started_at, facts.trial_period),
    fees_at: facts.subscription_fees_at,
    change: null,
    is_upgraded: false,
  });
}
