import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { planChange, type PlanChange, type PricedPlan } from '../../billing/subscriptions/plan-change.ts';
import { notStarted, startedAt } from '../../billing/subscriptions/start.ts';
import { enter } from '../../db/agenda.ts';
import { announceSubscription } from '../../db/announcements.ts';
import { newId } from '../../db/ids.ts';
import { queueInstantUsage } from '../../db/instant-usage.ts';
import { ring } from '../../db/outbox.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import {
  cancelWaitingChange,
  insertSubscription,
  type SubscriptionRow,
  updateSubscription,
} from '../../db/subscriptions.ts';
import { markForCheck } from '../../db/threshold-checks.ts';
import type { Transaction } from '../../db/transaction.ts';
import { creditEnded } from '../credit-notes/credit-ended.ts';
import { billChange } from './bill.ts';

/** What is asked of the subscription that takes another's place; all else it has from that one. */
export interface WantedChange {
  readonly plan: PricedPlan & { readonly id: string };
  readonly name: string | null;
  /** Undefined: as before. */
  readonly ending_at?: Instant | null | undefined;
}

/**
 * Takes another plan in the place of an active subscription's, in place of a change that may be waiting: up at once, down at the end of the period.
 * Answers with the subscription that is active then. The caller holds the billing of the customer, and has caught up with it.
 */
export async function changePlan(
  trx: Transaction,
  current: SubscriptionFacts,
  wanted: WantedChange,
  at: Instant,
): Promise<string> {
  const before = { interval: current.interval, amount_cents: current.plan_amount_cents };
  if (planChange(before, wanted.plan) === 'upgrade') return upgrade(trx, current, wanted, at);
  await scheduleDowngrade(trx, current, wanted, at);
  return current.id;
}

/** The workflow of the one that ends bills both on one invoice. */
export async function upgrade(
  trx: Transaction,
  current: SubscriptionFacts,
  wanted: WantedChange,
  at: Instant,
): Promise<string> {
  const canceled = await cancelWaitingChange(trx, current.id, at);
  await updateSubscription(trx, current.id, { status: 'terminated', terminated_at: at, updated_at: at });
  const started = startedAt(at, at, current.timezone);
  const next = await insertSubscription(trx, { ...successor(current, 'upgrade', wanted, at), ...started });
  await takeOver(trx, current, next, at);
  await creditEnded(trx, [current.id]);
  await ring(trx, [`subscription/${current.id}`, ...canceled.map((id) => `subscription/${id}` as const)]);
  return next.id;
}

async function scheduleDowngrade(
  trx: Transaction,
  current: SubscriptionFacts,
  wanted: WantedChange,
  at: Instant,
): Promise<void> {
  const canceled = await cancelWaitingChange(trx, current.id, at);
  const next = await insertSubscription(trx, { ...successor(current, 'downgrade', wanted, at), ...notStarted });
  await enter(trx, { workflow_id: `subscription/${next.id}`, step: 'plan', due_at: null });
  const ids = [current.id, next.id, ...canceled];
  await ring(
    trx,
    ids.map((id) => `subscription/${id}` as const),
  );
  await announceSubscription(trx, current.id, 'subscription.updated', at);
}

/** The end of the period has come for which a lower plan has waited. */
export async function downgrade(trx: Transaction, current: SubscriptionFacts, at: Instant): Promise<void> {
  assert(current.next_id, 'downgrade: another subscription waits for the end of the period');
  await updateSubscription(trx, current.id, { status: 'terminated', terminated_at: at, updated_at: at });
  const started = startedAt(at, at, current.timezone);
  const next = await updateSubscription(trx, current.next_id, { ...started, updated_at: at });
  await takeOver(trx, current, next, at);
  await billChange(trx, current, at);
}

/** Tells of both, and has the one that starts looked after. Events that were sent to the other since are its own. */
async function takeOver(
  trx: Transaction,
  ended: SubscriptionFacts,
  started: SubscriptionRow,
  at: Instant,
): Promise<void> {
  await queueInstantUsage(trx, started, { from: at, ended });
  await markForCheck(trx, { subscription_id: started.id }, at);
  await enter(trx, { workflow_id: `subscription/${started.id}`, step: 'plan', due_at: null });
  await ring(trx, `subscription/${started.id}`);
  await announceSubscription(trx, ended.id, 'subscription.terminated', at);
  await announceSubscription(trx, started.id, 'subscription.started', at);
}

function successor(
  current: SubscriptionFacts,
  plan_change: PlanChange,
  { plan, name, ending_at }: WantedChange,
  at: Instant,
): Omit<SubscriptionRow, 'organization_id' | 'status' | 'started_at' | 'activated_at' | 'activation_timezone'> {
  const end =
    ending_at === undefined
      ? { ending_at: current.ending_at, ending_set_at: current.ending_set_at, alerted_at: current.alerted_at }
      : { ending_at, ending_set_at: ending_at === null ? null : at, alerted_at: null };
  return {
    id: newId(),
    customer_id: current.customer_id,
    plan_id: plan.id,
    previous_subscription_id: current.id,
    plan_change,
    external_id: current.external_id,
    name,
    billing_time: current.billing_time,
    subscription_at: current.subscription_at,
    ...end,
    trial_ended_at: null,
    terminated_at: null,
    canceled_at: null,
    on_termination_invoice: 'generate',
    on_termination_credit_note: null,
    progressive_billing_disabled: current.progressive_billing_disabled,
    created_at: at,
    updated_at: at,
  };
}
