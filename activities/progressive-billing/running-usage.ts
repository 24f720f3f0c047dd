import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import type { Cents } from '../../billing/money/cents.ts';
import type { LifetimeUsage } from '../../billing/progressive-billing/lifetime-usage.ts';
import { totalSince } from '../../billing/subscriptions/plan-change.ts';
import {
  computeCurrentUsage,
  currentUsagePeriod,
  type MeteredCharge,
  type UsagePeriod,
} from '../../billing/usage/current-usage.ts';
import { readPastUsageOfLife } from '../../db/lifetime-usages.ts';
import { readCharges } from '../../db/pricing-facts.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { readChargeUsage } from '../usage/read-charge-usage.ts';

export interface RunningUsage {
  readonly period: UsagePeriod;
  /** Without taxes. */
  readonly amount_cents: Cents;
  /** What of it thresholds can invoice: usage that is paid for when its period is over. */
  readonly in_arrears_cents: Cents;
}

/** What the running period of a subscription would cost if it ended now. */
export async function readRunningUsage(trx: Transaction, facts: SubscriptionFacts, at: Instant): Promise<RunningUsage> {
  const { started_at, activated_at } = facts;
  assert(started_at && activated_at, 'usage: an active subscription has started');
  const period = currentUsagePeriod(
    {
      ...facts,
      terms: facts,
      plan: facts,
      started_at,
      activated_at,
      total_since: totalSince(facts, started_at),
    },
    at,
  );
  const charges = await readCharges(trx, [facts.plan_id]);
  const { external_id: external_subscription_id, currency } = facts;
  const usages = await readChargeUsage(
    trx,
    charges.map((charge) => ({ external_subscription_id, charge, span: period })),
    { leavesOutFailures: true },
  );
  const usage = computeCurrentUsage({
    currency,
    charges: usages.map((buckets, position) => ({ charge: charges[position] as MeteredCharge, buckets })),
    taxes: undefined,
  });
  const invoiced = new Set(charges.filter((one) => one.invoiceable && !one.pay_in_advance).map(({ id }) => id));
  const in_arrears_cents = usage.charges
    .filter(({ charge }) => invoiced.has(charge.id))
    .reduce((total, { amount_cents }) => total + amount_cents, 0);
  return { period, amount_cents: usage.amount_cents, in_arrears_cents };
}

/** What a subscription has used in all its life. One that is over and has had its last bill has no usage that is not on it. */
export async function readLifetimeUsage(
  trx: Transaction,
  facts: SubscriptionFacts,
  at: Instant,
): Promise<{ readonly usage: LifetimeUsage; readonly running: RunningUsage | undefined }> {
  const isBilled = facts.terminated_at !== null && facts.has_billed_end;
  const running = isBilled ? undefined : await readRunningUsage(trx, facts, facts.terminated_at ?? at);
  const past = await readPastUsageOfLife(
    trx,
    facts,
    running && { subscription_id: facts.id, from: running.period.from },
  );
  return { usage: { ...past, current_cents: running?.amount_cents ?? 0 }, running };
}
