import type { z } from 'zod';
import { changePlan } from '../../../activities/subscriptions/change-plan.ts';
import { type Caught, catchUpWith } from '../../../activities/subscriptions/steps.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { assert } from '../../../billing/assert.ts';
import { invalid, notFound } from '../../../billing/errors.ts';
import { fitsKey } from '../../../billing/events/event.ts';
import { type BillingTime, billingTimes } from '../../../billing/subscriptions/periods.ts';
import { canEndAt, hasDayCome, notStarted, startedAt } from '../../../billing/subscriptions/start.ts';
import { enter } from '../../../db/agenda.ts';
import { announceSubscription } from '../../../db/announcements.ts';
import { readBillingSettings } from '../../../db/billing-settings.ts';
import { type CustomerRow, findCustomer, lockOrCreateCustomer, updateCustomer } from '../../../db/customers.ts';
import { newId } from '../../../db/ids.ts';
import { ring } from '../../../db/outbox.ts';
import { type PlanRow, findPlan, keepPlan } from '../../../db/plans.ts';
import {
  type SubscriptionRow,
  findBilledUntil,
  findCurrentSubscription,
  findSubscription,
  insertSubscription,
  lockExternalId,
  updateSubscription,
} from '../../../db/subscriptions.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { instant } from '../../contracts/fields.ts';
import { checkProgressiveBilling, writeProgressiveBilling } from '../progressive-billing/subscription.ts';
import type { createInput } from '../subscriptions.ts';
import { overridePlan } from './override-plan.ts';

type Input = z.output<typeof createInput>['subscription'];

interface Wanted {
  readonly external_id: string;
  readonly name: string | null;
  readonly billing_time: BillingTime;
  readonly subscription_at: Instant;
  readonly ending_at: Instant | null;
}

/** Makes the subscription, or changes the plan of the one that exists already: a request sent twice, or twice at once, has one effect. */
export async function createSubscription(trx: Transaction, input: Input, at: Instant): Promise<SubscriptionRow> {
  const plan = await takePlan(trx, input.plan_code ?? '');
  const external_id = input.external_id?.trim() ?? '';
  const caught = fitsKey(external_id) ? await holdCurrent(trx, external_id, at) : undefined;
  const wanted = await checkInput(trx, external_id, input, caught?.facts, at);
  if (caught) return changeCurrent(trx, caught, plan, input, wanted, at);

  const { customer } = await lockOrCreateCustomer(trx, input.external_customer_id, at);
  const own = await wantedPlan(trx, plan, input, at);
  if (customer.currency === null) await updateCustomer(trx, customer.id, { currency: own.amount_currency }, at);
  const subscription = await insertSubscription(trx, await blankSubscription(trx, wanted, customer, own, at));
  await writeProgressiveBilling(trx, subscription, input, at);
  await enter(trx, { workflow_id: `subscription/${subscription.id}`, step: 'plan', due_at: null });
  await ring(trx, `subscription/${subscription.id}`);
  if (subscription.status === 'active') await announceSubscription(trx, subscription.id, 'subscription.started', at);
  return subscription;
}

/** One that is being deleted is gone for those who come. */
async function takePlan(trx: Transaction, code: string): Promise<PlanRow> {
  const found = await findPlan(trx, code);
  const plan = found && (await keepPlan(trx, found.id));
  if (!plan || plan.pending_deletion) throw notFound('plan');
  return plan;
}

/** The plan as it is sold to everybody, or one of its own. */
async function wantedPlan(trx: Transaction, plan: PlanRow, { plan_overrides }: Input, at: Instant): Promise<PlanRow> {
  return plan_overrides ? overridePlan(trx, plan, plan_overrides, at) : plan;
}

/** Whoever asks for the same id at the same time waits, and finds what this one has made. */
async function holdCurrent(trx: Transaction, external_id: string, at: Instant): Promise<Caught | undefined> {
  await lockExternalId(trx, external_id);
  return catchUpWith(trx, () => findCurrentSubscription(trx, external_id), at);
}

/** All that is wrong with the fields themselves, in one answer. */
async function checkInput(
  trx: Transaction,
  external_id: string,
  input: Input,
  current: Pick<SubscriptionRow, 'customer_id' | 'billing_time'> | undefined,
  at: Instant,
): Promise<Wanted> {
  const details: Record<string, string[]> = {};
  if (external_id === '') details['external_id'] = ['value_is_mandatory'];
  else if (!fitsKey(external_id)) details['external_id'] = ['value_is_too_long'];
  else if (current && (await findCustomer(trx, input.external_customer_id))?.id !== current.customer_id)
    details['external_id'] = ['value_already_exist'];
  // A change of plan keeps that of before, whatever is sent.
  const billing_time = current?.billing_time ?? billingTimes.find((one) => one === (input.billing_time ?? 'calendar'));
  if (billing_time === undefined) details['billing_time'] = ['value_is_invalid'];
  const subscription_at = parseDate(input.subscription_at, 'subscription_at', details) ?? at;
  const ending_at = parseDate(input.ending_at, 'ending_at', details);
  if (ending_at !== null && !canEndAt(ending_at, subscription_at, at)) details['ending_at'] = ['invalid_date'];
  Object.assign(details, checkProgressiveBilling(input));
  if (billing_time === undefined || Object.keys(details).length > 0) throw invalid(details);
  return { external_id, name: input.name ?? null, billing_time, subscription_at, ending_at };
}

/** Null when nothing was sent; what was sent and is no date-time is noted in `details`. */
export function parseDate(
  value: string | null | undefined,
  field: string,
  details: Record<string, string[]>,
): Instant | null {
  if (value === null || value === undefined) return null;
  const { data } = instant.safeParse(value);
  if (data === undefined) details[field] = ['invalid_date'];
  return data ?? null;
}

/** The same plan again changes nothing. */
async function changeCurrent(
  trx: Transaction,
  { facts, changed_at }: Caught,
  plan: PlanRow,
  input: Input,
  { name, ending_at }: Wanted,
  at: Instant,
): Promise<SubscriptionRow> {
  let resulting_id = facts.id;
  if (facts.plan_id === plan.id) {
    // What is asked for is there.
  } else if (facts.status === 'pending') {
    const changes = { plan_id: plan.id, ...(input.name != null && { name: input.name }), updated_at: at };
    await updateSubscription(trx, facts.id, changes);
    await ring(trx, `subscription/${facts.id}`);
  } else {
    const own = await wantedPlan(trx, plan, input, at);
    const wanted = { plan: own, name, ending_at: input.ending_at === undefined ? undefined : ending_at };
    resulting_id = await changePlan(trx, facts, wanted, changed_at);
    if (resulting_id !== facts.id) await writeProgressiveBilling(trx, { id: resulting_id }, input, at);
  }
  const resulting = await findSubscription(trx, resulting_id);
  assert(resulting, 'subscription: what was changed is there');
  return resulting;
}

async function blankSubscription(
  trx: Transaction,
  { external_id, name, billing_time, subscription_at, ending_at }: Wanted,
  customer: CustomerRow,
  plan: PlanRow,
  at: Instant,
): Promise<Omit<SubscriptionRow, 'organization_id'>> {
  const { timezone } = await readBillingSettings(trx, customer.id);
  const billed_until = await findBilledUntil(trx, customer.id, external_id);
  return {
    id: newId(),
    customer_id: customer.id,
    plan_id: plan.id,
    previous_subscription_id: null,
    plan_change: null,
    external_id,
    name,
    billing_time,
    subscription_at,
    ending_at,
    ending_set_at: ending_at === null ? null : at,
    alerted_at: null,
    ...(hasDayCome(subscription_at, at, timezone)
      ? startedAt(subscription_at, at, timezone, billed_until)
      : notStarted),
    trial_ended_at: null,
    terminated_at: null,
    canceled_at: null,
    on_termination_invoice: 'generate',
    on_termination_credit_note: null,
    progressive_billing_disabled: false,
    created_at: at,
    updated_at: at,
  };
}
