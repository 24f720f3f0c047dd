import type { z } from 'zod';
import type { Instant } from '../../../billing/clock/instant.ts';
import { type ErrorDetails, invalid, notFound } from '../../../billing/errors.ts';
import { fitsKey } from '../../../billing/events/event.ts';
import { type BillingTime, billingTimes } from '../../../billing/subscriptions/periods.ts';
import { canEndAt, hasDayCome, notStarted, startedAt } from '../../../billing/subscriptions/start.ts';
import { enter } from '../../../db/agenda.ts';
import { announceSubscription } from '../../../db/announcements.ts';
import { readBillingSettings } from '../../../db/billing-settings.ts';
import { type CustomerRow, findCustomer, lockOrCreateCustomer, updateCustomer } from '../../../db/customers.ts';
import { newId } from '../../../db/ids.ts';
import { ring } from '../../../db/outbox.ts';
import { type PlanRow, findPlan } from '../../../db/plans.ts';
import {
  type SubscriptionRow,
  findBilledUntil,
  findCurrentSubscription,
  insertSubscription,
  lockExternalId,
} from '../../../db/subscriptions.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { instant } from '../../contracts/fields.ts';
import type { createInput } from '../subscriptions.ts';

type Input = z.output<typeof createInput>['subscription'];

interface Wanted {
  readonly external_id: string;
  readonly name: string | null;
  readonly billing_time: BillingTime;
  readonly subscription_at: Instant;
  readonly ending_at: Instant | null;
}

/** Makes the subscription, or finds the one that exists already: a request sent twice, or twice at once, has one effect. */
export async function createSubscription(trx: Transaction, input: Input, at: Instant): Promise<SubscriptionRow> {
  const plan = await findPlan(trx, input.plan_code ?? '');
  if (!plan) throw notFound('plan');
  const wanted = checkInput(input, at);

  await lockExternalId(trx, wanted.external_id);
  const current = await findCurrentSubscription(trx, wanted.external_id);
  if (current) return keepCurrent(trx, current, input.external_customer_id, plan);

  const { customer } = await lockOrCreateCustomer(trx, input.external_customer_id, at);
  if (customer.currency === null) await updateCustomer(trx, customer.id, { currency: plan.amount_currency }, at);
  const subscription = await insertSubscription(trx, await blankSubscription(trx, wanted, customer, plan, at));
  await enter(trx, { workflow_id: `subscription/${subscription.id}`, step: 'plan', due_at: null });
  await ring(trx, `subscription/${subscription.id}`);
  if (subscription.status === 'active') await announceSubscription(trx, subscription.id, 'subscription.started', at);
  return subscription;
}

/** All that is wrong with the fields themselves, in one answer. */
function checkInput(input: Input, at: Instant): Wanted {
  const details: Record<string, string[]> = {};
  const external_id = input.external_id?.trim() ?? '';
  if (external_id === '') details['external_id'] = ['value_is_mandatory'];
  else if (!fitsKey(external_id)) details['external_id'] = ['value_is_too_long'];
  const billing_time = billingTimes.find((one) => one === (input.billing_time ?? 'calendar'));
  if (billing_time === undefined) details['billing_time'] = ['value_is_invalid'];
  const subscription_at = parseDate(input.subscription_at, 'subscription_at', details) ?? at;
  const ending_at = parseDate(input.ending_at, 'ending_at', details);
  if (ending_at !== null && !canEndAt(ending_at, subscription_at, at)) details['ending_at'] = ['invalid_date'];
  refusePlanOverrides(input.plan_overrides, details);
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

/** Plans cannot be changed for one subscription yet: better refused than billed at another price than the caller believes. */
export function refusePlanOverrides(overrides: object | null | undefined, details: ErrorDetails): void {
  if (Object.keys(overrides ?? {}).length > 0) details['plan_overrides'] = ['plan_overrides_not_supported'];
}

/** The same plan again changes nothing. Another one would be a change of plan, which cannot be made yet. */
async function keepCurrent(
  trx: Transaction,
  current: SubscriptionRow,
  external_customer_id: string,
  plan: PlanRow,
): Promise<SubscriptionRow> {
  const customer = await findCustomer(trx, external_customer_id);
  if (customer?.id !== current.customer_id) throw invalid({ external_id: ['value_already_exist'] });
  if (plan.id !== current.plan_id) throw invalid({ plan_code: ['plan_change_not_supported'] });
  return current;
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
    external_id,
    name,
    billing_time,
    subscription_at,
    ending_at,
    ...(hasDayCome(subscription_at, at, timezone) ? startedAt(subscription_at, at, billed_until) : notStarted),
    trial_ended_at: null,
    terminated_at: null,
    canceled_at: null,
    on_termination_invoice: 'generate',
    on_termination_credit_note: null,
    created_at: at,
    updated_at: at,
  };
}
