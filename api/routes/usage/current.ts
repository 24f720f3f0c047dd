import { assert } from '../../../billing/assert.ts';
import { spanDays } from '../../../billing/clock/calendar.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { notAllowed } from '../../../billing/errors.ts';
import {
  type CurrentUsage,
  computeCurrentUsage,
  currentUsagePeriod,
  type MeteredCharge,
  type UsagePeriod,
  type UsageSubscription,
} from '../../../billing/usage/current-usage.ts';
import type { UsageNarrowing } from '../../../billing/usage/narrowing.ts';
import { elapsedShare } from '../../../billing/usage/project.ts';
import { totalSince } from '../../../billing/subscriptions/plan-change.ts';
import { readChargeUsage } from '../../../activities/usage/read-charge-usage.ts';
import { type ChargeFacts, readTaxLevels } from '../../../db/pricing-facts.ts';
import { readSubscriptionFacts, type SubscriptionFacts } from '../../../db/subscription-facts.ts';
import { findSubscriptionByExternalId } from '../../../db/subscriptions.ts';
import type { Transaction } from '../../../db/transaction.ts';

export async function activeSubscription(
  trx: Transaction,
  customer_id: string,
  external_id: string | undefined,
): Promise<SubscriptionFacts> {
  const active = external_id === undefined ? undefined : await findSubscriptionByExternalId(trx, external_id, 'active');
  if (active?.customer_id !== customer_id) throw notAllowed('no_active_subscription');
  const [facts] = await readSubscriptionFacts(trx, [active.id]);
  assert(facts, 'usage: a subscription has its facts');
  return facts;
}

export interface CurrentUsageOptions {
  readonly at: Instant;
  readonly isTaxed: boolean;
  /** Of all time, not of the period. */
  readonly isFull?: boolean;
  /** With what it will come to. */
  readonly isProjected?: boolean;
  readonly narrowing?: UsageNarrowing;
}

export async function readCurrentUsage(
  trx: Transaction,
  subscription: SubscriptionFacts,
  charges: readonly ChargeFacts[],
  { at, isTaxed, isFull, isProjected, narrowing }: CurrentUsageOptions,
): Promise<{ readonly usage: CurrentUsage; readonly period: UsagePeriod }> {
  const current = currentUsagePeriod(usageSubscription(subscription), at);
  const period = isFull ? sinceStart(current, subscription) : current;
  const usages = await readChargeUsage(
    trx,
    charges.map((charge) => ({
      external_subscription_id: subscription.external_id,
      charge,
      span: period,
      narrowing,
    })),
  );
  const { plan_id, customer_id, currency } = subscription;
  const levels = isTaxed ? await readTaxLevels(trx, customer_id, [plan_id]) : undefined;
  const usage = computeCurrentUsage({
    currency,
    charges: usages.map((buckets, position) => ({ charge: charges[position] as MeteredCharge, buckets })),
    taxes: levels && { ...levels, plan: levels.plans.get(plan_id) ?? [] },
    projected_from: isProjected ? elapsedShare(period, at, period.timezone) : undefined,
  });
  return { usage, period };
}

function sinceStart(period: UsagePeriod, { started_at }: SubscriptionFacts): UsagePeriod {
  const from = started_at ?? period.from;
  return { ...period, from, period_days: spanDays({ from, to: period.to }, period.timezone) };
}

function usageSubscription(facts: SubscriptionFacts): UsageSubscription {
  const { interval, billing_time, subscription_at, timezone, started_at, activated_at } = facts;
  assert(started_at && activated_at, 'usage: an active subscription has started');
  return {
    terms: { interval, billing_time, subscription_at, timezone },
    plan: facts,
    started_at,
    total_since: totalSince(facts, started_at),
    activated_at,
    activation_timezone: facts.activation_timezone,
    last_periodic_at: facts.last_periodic_at,
    last_charges_to: facts.last_charges_to,
  };
}
