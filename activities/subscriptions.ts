import type { Instant } from '../billing/clock/instant.ts';
import type { SubscriptionReason } from '../billing/subscriptions/billing-spans.ts';
import {
  isBilledAtTrialEnd,
  nextStep,
  type SubscriptionStep as NextStep,
  type SubscriptionStepKind,
} from '../billing/subscriptions/next-step.ts';
import { trialEnd } from '../billing/subscriptions/trial.ts';
import { enter, strike } from '../db/agenda.ts';
import { announceSubscription } from '../db/announcements.ts';
import { isBilled } from '../db/invoices.ts';
import { hear } from '../db/outbox.ts';
import { activeSubscriptionIds, readSubscriptionFacts, type SubscriptionFacts } from '../db/subscription-facts.ts';
import { updateSubscription } from '../db/subscriptions.ts';
import { inOrganization, lock, type Transaction } from '../db/transaction.ts';
import { creditEnded } from './credit-notes/credit-ended.ts';
import { spansToBill } from './invoices/billing-occasion.ts';
import { generateInvoice } from './invoices/generate-invoice.ts';
import type { Deps } from './shared/deps.ts';
import { readNow } from './shared/now.ts';
import { NO_ATTRIBUTES, type Step, toMinute } from './shared/step.ts';
import { chargeEvents } from './usage/charge-events.ts';
import { regroupPaidFees } from './usage/regroup-paid-fees.ts';
import { renewAlone } from './usage/renew-alone.ts';

export type { SubscriptionStepKind };

export interface SubscriptionCall {
  readonly organization_id: string;
  readonly subscription_id: string;
}

type SubscriptionStep = Step<SubscriptionStepKind>;
type Act = (trx: Transaction, facts: SubscriptionFacts, at: Instant) => Promise<void>;

export type SubscriptionActivities = ReturnType<typeof createSubscriptionActivities>;

export function createSubscriptionActivities({ db }: Deps) {
  /**
   * Takes a step if it still is the next one: another run, or the bill of another subscription, may have taken it. Bills of one customer queue
   * on a lock, so what is due together comes together. A step is taken at the instant at which it was due, however late it is by the wall.
   */
  const taking =
    (kind: SubscriptionStepKind, act: Act) =>
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
        if (facts && isNext(facts, kind, at)) await act(trx, facts, at);
        return planSubscription(trx, subscription_id, (await readNow(trx, undefined)) ?? at);
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
        return planSubscription(trx, subscription_id, (await readNow(trx, at)) ?? '');
      });
    },
    start: taking('start', start),
    billStart: taking('bill_start', billStart),
    chargeUsage: taking('charge_usage', chargeUsage),
    endTrial: taking('end_trial', endTrial),
    billPeriod: taking('bill_period', billPeriod),
    end: taking('end', end),
    billEnd: taking('bill_end', billEnd),
  };
}

function isNext(facts: SubscriptionFacts, kind: SubscriptionStepKind, at: Instant): boolean {
  const next = nextStep(facts);
  // Events say themselves when they came in, and while some are waited for earlier ones may come.
  return next.kind === kind && (next.due_at === at || kind === 'charge_usage');
}

async function planSubscription(
  trx: Transaction,
  subscription_id: string,
  planned_at: Instant,
): Promise<SubscriptionStep> {
  const { organization_id } = trx;
  const workflow_id = `subscription/${subscription_id}` as const;
  const [facts] = await readSubscriptionFacts(trx, [subscription_id]);
  const next: NextStep = facts ? nextStep(facts) : { kind: 'over', due_at: null };
  if (next.kind === 'over') await strike(trx, workflow_id);
  else await enter(trx, { workflow_id, step: next.kind, due_at: next.due_at });
  const attributes = facts
    ? { customer_id: facts.customer_id, plan_code: facts.plan_code, subscription_status: facts.status }
    : NO_ATTRIBUTES;
  return { ...next, planned_at, summary: summarize(next), attributes: { organization_id, ...attributes } };
}

function summarize({ kind, due_at }: NextStep): string {
  if (kind === 'over') return 'nothing left to do';
  const purpose = {
    start: 'its start',
    bill_start: 'its first bill',
    charge_usage: 'the price of usage that has come in',
    end_trial: 'the end of its trial',
    bill_period: 'the period end',
    end: 'its end',
    bill_end: 'its last bill',
  }[kind];
  return `waits for ${purpose} ${toMinute(due_at)}`;
}

const start: Act = async (trx, { id }, at) => {
  await updateSubscription(trx, id, { status: 'active', started_at: at, activated_at: at, updated_at: at });
  await announceSubscription(trx, id, 'subscription.started', at);
};

const end: Act = async (trx, { id }, at) => {
  await updateSubscription(trx, id, { status: 'terminated', terminated_at: at, updated_at: at });
  await announceSubscription(trx, id, 'subscription.terminated', at);
  await creditEnded(trx, [id]);
};

const billStart: Act = (trx, facts, at) => bill(trx, [facts], 'subscription_starting', at, `starting/${facts.id}`);

const chargeUsage: Act = (trx, facts) => chargeEvents(trx, facts);

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
  const due = active.filter((facts) => isNext(facts, 'bill_period', at));
  for (const [currency, together] of Map.groupBy(due, (facts) => facts.currency)) {
    const [first] = together as [SubscriptionFacts];
    // One that was behind, and comes to an instant for which the others have been billed, has an invoice of its own.
    const isTaken = await isBilled(trx, { customer_id, billing_at: at, currency, occasion: 'periodic' });
    await bill(trx, together, 'subscription_periodic', at, isTaken ? `periodic/${first.id}` : 'periodic');
  }
};

async function bill(
  trx: Transaction,
  together: readonly SubscriptionFacts[],
  reason: SubscriptionReason,
  at: Instant,
  occasion: string,
): Promise<void> {
  const [first] = together;
  if (!first) return;
  const { customer_id, currency } = first;
  const periods = together.map((facts) => spansToBill({ facts, reason, at, timezone: facts.timezone }));
  await generateInvoice(trx, { customer_id, currency, occasion, at, periods });
  // What is billed late, for a period in which it has ended since.
  if (reason !== 'subscription_terminating')
    await creditEnded(trx, together.filter(({ terminated_at }) => terminated_at !== null).map(({ id }) => id)); // prettier-ignore
  if (reason === 'subscription_periodic') await renewAlone(trx, together, periods, at);
  if (reason !== 'subscription_starting') await regroupPaidFees(trx, { together, periods, reason, occasion, at });
}
