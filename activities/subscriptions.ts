import type { Instant } from '../billing/clock/instant.ts';
import {
  nextStep,
  type SubscriptionStep as NextStep,
  type SubscriptionStepKind,
} from '../billing/subscriptions/next-step.ts';
import { enter, strike } from '../db/agenda.ts';
import { hear } from '../db/outbox.ts';
import { readSubscriptionFacts } from '../db/subscription-facts.ts';
import { inOrganization, lock, type Transaction } from '../db/transaction.ts';
import type { Deps } from './shared/deps.ts';
import { readNow } from './shared/now.ts';
import { NO_ATTRIBUTES, type Step, toMinute } from './shared/step.ts';
import { acts, type DatedStepKind, isNext } from './subscriptions/steps.ts';

export type { SubscriptionStepKind };

export interface SubscriptionCall {
  readonly organization_id: string;
  readonly subscription_id: string;
}

type SubscriptionStep = Step<SubscriptionStepKind>;

export type SubscriptionActivities = ReturnType<typeof createSubscriptionActivities>;

export function createSubscriptionActivities({ db, settings: { termination_alert_days } }: Deps) {
  const plan = (trx: Transaction, subscription_id: string, planned_at: Instant): Promise<SubscriptionStep> =>
    planSubscription(trx, subscription_id, planned_at, termination_alert_days);

  /**
   * Takes a step if it still is the next one: another run, or the bill of another subscription, may have taken it. Bills of one customer queue
   * on a lock, so what is due together comes together. A step is taken at the instant at which it was due, however late it is by the wall.
   */
  const taking =
    (kind: DatedStepKind) =>
    ({
      organization_id,
      subscription_id,
      at,
    }: SubscriptionCall & { readonly at: Instant }): Promise<SubscriptionStep> =>
      inOrganization(db, organization_id, async (trx) => {
        const [known] = await readSubscriptionFacts(trx, [subscription_id]);
        if (known) await lock(trx, `billing/${known.customer_id}`);
        await hear(trx, `subscription/${subscription_id}`);
        const [facts] = await readSubscriptionFacts(trx, [subscription_id]);
        if (facts && isNext(facts, kind, at, termination_alert_days)) await acts[kind](trx, facts, at);
        return plan(trx, subscription_id, (await readNow(trx, undefined)) ?? at);
      });

  return {
    /** Reads the facts and names the next step. `at` is absent in a sandbox. */
    planSubscription({
      organization_id,
      subscription_id,
      at,
    }: SubscriptionCall & { readonly at: Instant | undefined }): Promise<SubscriptionStep> {
      return inOrganization(db, organization_id, async (trx) => {
        await hear(trx, `subscription/${subscription_id}`);
        return plan(trx, subscription_id, (await readNow(trx, at)) ?? '');
      });
    },
    start: taking('start'),
    billStart: taking('bill_start'),
    chargeUsage: taking('charge_usage'),
    endTrial: taking('end_trial'),
    billPeriod: taking('bill_period'),
    checkThresholds: taking('check_thresholds'),
    downgrade: taking('downgrade'),
    end: taking('end'),
    billEnd: taking('bill_end'),
    billUpgrade: taking('bill_upgrade'),
    sendTerminationAlert: taking('send_termination_alert'),
  };
}

async function planSubscription(
  trx: Transaction,
  subscription_id: string,
  planned_at: Instant,
  termination_alert_days: readonly number[],
): Promise<SubscriptionStep> {
  const { organization_id } = trx;
  const workflow_id = `subscription/${subscription_id}` as const;
  const [facts] = await readSubscriptionFacts(trx, [subscription_id]);
  const next: NextStep = facts ? nextStep(facts, termination_alert_days) : { kind: 'over', due_at: null };
  if (next.kind === 'over') await strike(trx, workflow_id);
  else await enter(trx, { workflow_id, step: next.kind, due_at: next.due_at });
  const attributes = facts
    ? { customer_id: facts.customer_id, plan_code: facts.plan_code, subscription_status: facts.status }
    : NO_ATTRIBUTES;
  return { ...next, planned_at, summary: summarize(next), attributes: { organization_id, ...attributes } };
}

function summarize({ kind, due_at }: NextStep): string {
  if (due_at === null) return kind === 'over' ? 'nothing left to do' : 'waits for the last bill of the plan before it';
  const purpose = {
    start: 'its start',
    bill_start: 'its first bill',
    charge_usage: 'the price of usage that has come in',
    end_trial: 'the end of its trial',
    bill_period: 'the period end',
    downgrade: 'the period end, to change to a lower plan',
    check_thresholds: 'a look at its thresholds',
    end: 'its end',
    bill_end: 'its last bill',
    bill_upgrade: 'the bill of its upgrade',
    send_termination_alert: 'the alert of its end',
  }[kind];
  return `waits for ${purpose} ${toMinute(due_at)}`;
}
