import { assert } from '../../billing/assert.ts';
import { type Instant, latest } from '../../billing/clock/instant.ts';
import {
  isBilledAtTrialEnd,
  nextStep,
  type SubscriptionStepKind,
  type UndatedStepKind,
} from '../../billing/subscriptions/next-step.ts';
import { trialEnd } from '../../billing/subscriptions/trial.ts';
import { announceSubscription } from '../../db/announcements.ts';
import { queueInstantUsage } from '../../db/instant-usage.ts';
import { isBilled } from '../../db/invoices.ts';
import { activeSubscriptionIds, readSubscriptionFacts, type SubscriptionFacts } from '../../db/subscription-facts.ts';
import { lockBilling, type SubscriptionRow, updateSubscription } from '../../db/subscriptions.ts';
import { markForCheck } from '../../db/threshold-checks.ts';
import type { Transaction } from '../../db/transaction.ts';
import { checkThresholds } from '../progressive-billing/check-thresholds.ts';
import { chargeEvents } from '../usage/charge-events.ts';
import { bill, billChange } from './bill.ts';
import { downgrade } from './change-plan.ts';
import { terminate } from './end.ts';

export type DatedStepKind = Exclude<SubscriptionStepKind, UndatedStepKind>;

/** Takes a step at the instant at which it was due. Who takes it holds the billing of the customer. */
type Act = (trx: Transaction, facts: SubscriptionFacts, at: Instant) => Promise<void>;

const start: Act = async (trx, facts, at) => {
  const { id, timezone } = facts;
  const started = await updateSubscription(trx, id, {
    status: 'active',
    started_at: at,
    activated_at: at,
    activation_timezone: timezone,
    updated_at: at,
  });
  // What has come in since its day began, while it was still waiting for it.
  await queueInstantUsage(trx, started, { from: at, ended: null });
  await markForCheck(trx, { subscription_id: id }, at);
  await announceSubscription(trx, id, 'subscription.started', at);
};

const end: Act = async (trx, facts, at) => {
  await terminate(trx, facts, {}, at);
};

const billStart: Act = (trx, facts, at) => bill(trx, [facts], 'subscription_starting', at, `starting/${facts.id}`);

const billEnd: Act = (trx, facts, at) => bill(trx, [facts], 'subscription_terminating', at, `terminating/${facts.id}`);

const endTrial: Act = async (trx, facts, at) => {
  const trial_ended_at = trialEnd(facts.first_started_at, facts.trial_period);
  await updateSubscription(trx, facts.id, { trial_ended_at, updated_at: at });
  await announceSubscription(trx, facts.id, 'subscription.trial_ended', at);
  if (isBilledAtTrialEnd(facts)) await bill(trx, [facts], 'subscription_starting', at, `starting/${facts.id}`);
};

/** Whatever else of the customer is due at the same instant comes on the same invoice, one for each currency. */
const billPeriod: Act = async (trx, { customer_id }, at) => {
  const active = await readSubscriptionFacts(trx, await activeSubscriptionIds(trx, customer_id));
  const due = active.filter((facts) => isNext(facts, 'bill_period', at, []));
  for (const [currency, together] of Map.groupBy(due, (facts) => facts.currency)) {
    const [first] = together as [SubscriptionFacts];
    // One that was behind, and comes to an instant for which the others have been billed, has an invoice of its own.
    const isTaken = await isBilled(trx, { customer_id, billing_at: at, currency, occasion: 'periodic' });
    await bill(trx, together, 'subscription_periodic', at, isTaken ? `periodic/${first.id}` : 'periodic');
  }
};

const sendTerminationAlert: Act = async (trx, { id }, at) => {
  await updateSubscription(trx, id, { alerted_at: at, updated_at: at });
  await announceSubscription(trx, id, 'subscription.termination_alert', at);
};

export const acts: Readonly<Record<DatedStepKind, Act>> = {
  start,
  bill_start: billStart,
  charge_usage: chargeEvents,
  end,
  bill_period: billPeriod,
  downgrade,
  check_thresholds: checkThresholds,
  end_trial: endTrial,
  bill_end: billEnd,
  bill_upgrade: billChange,
  send_termination_alert: sendTerminationAlert,
};

export function isNext(
  facts: SubscriptionFacts,
  kind: SubscriptionStepKind,
  at: Instant,
  termination_alert_days: readonly number[],
): boolean {
  const next = nextStep(facts, termination_alert_days);
  // Events say themselves when they came in, and while some are waited for earlier ones may come.
  return next.kind === kind && (next.due_at === at || kind === 'charge_usage');
}

/** More than any backlog that a request could make up for. */
const STEPS_MAX = 1000;

export interface Caught {
  readonly facts: SubscriptionFacts;
  /** The instant of a change that is made now: no earlier than what has been billed. */
  readonly changed_at: Instant;
}

/** Catches up with the subscription that is meant, which may turn out to be the one that has taken its place by then. */
export async function catchUpWith(
  trx: Transaction,
  find: () => Promise<SubscriptionRow | undefined>,
  at: Instant,
): Promise<Caught | undefined> {
  for (;;) {
    const meant = await find();
    if (!meant) return undefined;
    const caught = await catchUp(trx, meant, at);
    if ((await find())?.id === meant.id) return caught;
  }
}

/**
 * Holds the billing of the customer, and takes all that is due of a subscription: what changes it then finds it billed as far as it has lived, also
 * where its workflow is late or away.
 */
export async function catchUp(
  trx: Transaction,
  { id, customer_id }: { readonly id: string; readonly customer_id: string },
  at: Instant,
): Promise<Caught> {
  await lockBilling(trx, customer_id);
  const facts = await takeDueSteps(trx, id, at);
  return { facts, changed_at: latest(at, facts.activated_at ?? at, facts.last_periodic_at ?? at) };
}

async function takeDueSteps(trx: Transaction, id: string, until: Instant): Promise<SubscriptionFacts> {
  for (let taken = 0; taken < STEPS_MAX; taken++) {
    const [facts] = await readSubscriptionFacts(trx, [id]);
    assert(facts, 'subscription: one that is changed exists');
    // Nobody waits for an alert: it is left to the workflow.
    const step = nextStep(facts, []);
    if (step.kind === 'follow') {
      assert(facts.previous_subscription_id, 'subscription: what follows has one before it');
      const before = await takeDueSteps(trx, facts.previous_subscription_id, until);
      if (before.status === 'active') return facts;
    } else {
      if (step.due_at === null || step.due_at > until) return facts;
      await acts[step.kind](trx, facts, step.due_at);
    }
  }
  throw new Error('subscription: more is due of it than one request makes up for');
}
