import type { z } from 'zod';
import type { TerminationOptions } from '../../../activities/subscriptions/end.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { invalid, notFound } from '../../../billing/errors.ts';
import { canEndAt, startedAt } from '../../../billing/subscriptions/start.ts';
import {
  type Subscription,
  terminationCreditNotes,
  terminationInvoices,
} from '../../../billing/subscriptions/subscription.ts';
import { announceSubscription } from '../../../db/announcements.ts';
import { readBillingSettings } from '../../../db/billing-settings.ts';
import { ring } from '../../../db/outbox.ts';
import { loadPlans } from '../../../db/plans.ts';
import {
  type SubscriptionRow,
  findBilledUntil,
  findSubscriptionByExternalId,
  lockBilling,
  passOnEnd,
  updateSubscription,
} from '../../../db/subscriptions.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { checkProgressiveBilling, writeProgressiveBilling } from '../progressive-billing/subscription.ts';
import type { updateInput } from '../subscriptions.ts';
import { parseDate } from './create.ts';
import { overridePlanOf } from './override-plan.ts';

type Input = z.output<typeof updateInput>['subscription'];
type Changes = { -readonly [Field in keyof Subscription]?: Subscription[Field] };

/** Only keys that were sent change something. The active one is meant, unless a pending one is asked for or is all there is. */
export async function editSubscription(
  trx: Transaction,
  external_id: string,
  status: string | undefined,
  input: Input,
  at: Instant,
): Promise<SubscriptionRow> {
  const subscription = await takeEditable(trx, external_id, status);
  const changes = await readChanges(trx, subscription, input, at);
  const moved = movedStart(subscription, changes, at);
  const start = moved === 'begins' && changes.subscription_at ? await begin(trx, subscription, changes, at) : {};

  if (input.plan_overrides) await overridePlanOf(trx, subscription, input.plan_overrides, at);
  const updated = await updateSubscription(trx, subscription.id, { ...changes, ...start, updated_at: at });
  if (changes.ending_at !== undefined) await passOnEnd(trx, subscription, updated);
  await writeProgressiveBilling(trx, subscription, input, at);
  await ring(trx, `subscription/${subscription.id}`);
  if (moved === 'begins') await announceSubscription(trx, subscription.id, 'subscription.started', at);
  // A start that was only put off is not worth a message.
  const isOnlyPutOff = moved === 'waits' && Object.keys(changes).length === 1;
  if (!isOnlyPutOff) await announceSubscription(trx, subscription.id, 'subscription.updated', at);
  return updated;
}

/** Held against billing: a step that is being taken is waited for, and seen. */
async function takeEditable(
  trx: Transaction,
  external_id: string,
  status: string | undefined,
): Promise<SubscriptionRow> {
  const find = async (): Promise<SubscriptionRow | undefined> =>
    (status === 'pending' ? undefined : await findSubscriptionByExternalId(trx, external_id, 'active')) ??
    (status === 'active' ? undefined : await findSubscriptionByExternalId(trx, external_id, 'pending'));
  const known = await find();
  if (!known) throw notFound('subscription');
  await lockBilling(trx, known.customer_id);
  const subscription = await find();
  if (!subscription) throw notFound('subscription');
  return subscription;
}

async function readChanges(
  trx: Transaction,
  subscription: SubscriptionRow,
  input: Input,
  at: Instant,
): Promise<Changes> {
  const details: Record<string, string[]> = {};
  const changes: Changes = {};
  if (input.name !== undefined) changes.name = input.name;
  readDates(subscription, input, at, changes, details);
  const { on_termination_credit_note, on_termination_invoice } = readTerminationOptions(input, details);
  if (on_termination_invoice !== undefined) changes.on_termination_invoice = on_termination_invoice ?? 'generate';
  // A plan in arrears has nothing to give back.
  if (on_termination_credit_note !== undefined && (await isPaidInAdvance(trx, subscription)))
    changes.on_termination_credit_note = on_termination_credit_note;
  Object.assign(details, checkProgressiveBilling(input));
  if (Object.keys(details).length > 0) throw invalid(details);
  return changes;
}

function readDates(
  subscription: SubscriptionRow,
  input: Input,
  at: Instant,
  changes: Changes,
  details: Record<string, string[]>,
): void {
  if (input.subscription_at != null && isStartMovable(subscription)) {
    const moved = parseDate(input.subscription_at, 'subscription_at', details);
    if (moved !== null) changes.subscription_at = moved;
  }
  if (input.ending_at !== undefined) {
    changes.ending_at = parseDate(input.ending_at, 'ending_at', details);
    // Sent again as it is, it has been known since before.
    if (changes.ending_at !== subscription.ending_at) changes.ending_set_at = changes.ending_at === null ? null : at;
  }
  const { subscription_at, ending_at } = { ...subscription, ...changes };
  const isDated = changes.subscription_at !== undefined || changes.ending_at !== undefined;
  if (isDated && ending_at !== null && !canEndAt(ending_at, subscription_at, at))
    details['ending_at'] = ['invalid_date'];
}

/** One that waits for the end of another's period starts then. */
function isStartMovable({ status, previous_subscription_id }: SubscriptionRow): boolean {
  return status === 'pending' && previous_subscription_id === null;
}

/** Undefined: not sent. Null: back to the default. */
export function readTerminationOptions(
  input: { on_termination_credit_note?: string | null | undefined; on_termination_invoice?: string | null | undefined },
  details: Record<string, string[]>,
): TerminationOptions {
  const read = <T extends string>(field: keyof typeof input, known: readonly T[]): T | null | undefined => {
    const value = input[field];
    if (value === undefined || value === null) return value;
    const found = known.find((one) => one === value);
    if (found === undefined) details[field] = ['invalid_value'];
    return found;
  };
  return {
    on_termination_credit_note: read('on_termination_credit_note', terminationCreditNotes),
    on_termination_invoice: read('on_termination_invoice', terminationInvoices),
  };
}

async function isPaidInAdvance(trx: Transaction, { plan_id }: SubscriptionRow): Promise<boolean> {
  return (await loadPlans(trx, [plan_id])).get(plan_id)?.plan.pay_in_advance === true;
}

/** What moving the start of a pending subscription leads to. By the instant: a later hour of today is waited for. */
function movedStart(subscription: SubscriptionRow, changes: Changes, at: Instant): 'unmoved' | 'waits' | 'begins' {
  if (subscription.status !== 'pending' || changes.subscription_at === undefined) return 'unmoved';
  return changes.subscription_at > at ? 'waits' : 'begins';
}

async function begin(
  trx: Transaction,
  subscription: SubscriptionRow,
  { subscription_at }: Changes,
  at: Instant,
): Promise<Changes> {
  const { timezone } = await readBillingSettings(trx, subscription.customer_id);
  const billed_until = await findBilledUntil(trx, subscription.customer_id, subscription.external_id);
  return startedAt(subscription_at ?? subscription.subscription_at, at, timezone, billed_until);
}
