import type { Knex } from 'knex';
import type { Instant } from '../billing/clock/instant.ts';
import type { Subscription, SubscriptionStatus } from '../billing/subscriptions/subscription.ts';
import type { Currency } from '../billing/money/currency.ts';
import type { Interval } from '../billing/subscriptions/periods.ts';
import type { SubscriptionDocument } from '../billing/subscriptions/wire.ts';
import { assert } from '../billing/assert.ts';
import { type Transaction, insert, lock, rows } from './transaction.ts';

export interface SubscriptionRow extends Subscription {
  readonly organization_id: string;
}

/** Of several with one external id and status, the latest is meant. */
const LATEST_FIRST = [
  { column: 'terminated_at', order: 'desc', nulls: 'last' },
  { column: 'created_at', order: 'desc' },
  { column: 'id', order: 'desc' },
] as const;

/** Holds an external id until the transaction ends: two requests that create it at once queue here, and the second finds the first's. */
export function lockExternalId(trx: Transaction, external_id: string): Promise<void> {
  return lock(trx, `subscription/${external_id}`);
}

export async function insertSubscription(trx: Transaction, subscription: Subscription): Promise<SubscriptionRow> {
  const [row] = await insert<SubscriptionRow>(trx, 'subscriptions', subscription);
  assert(row, 'subscription: an inserted row comes back');
  return row;
}

/** Holds whatever is billed to a customer until the transaction ends, so that a step that is being taken and a change do not cross. */
export function lockBilling(trx: Transaction, customer_id: string): Promise<void> {
  return lock(trx, `billing/${customer_id}`);
}

export async function findSubscription(trx: Transaction, id: string): Promise<SubscriptionRow | undefined> {
  return rows<SubscriptionRow>(trx, 'subscriptions').where({ id }).first();
}

export async function findSubscriptionByExternalId(
  trx: Transaction,
  external_id: string,
  status: SubscriptionStatus,
): Promise<SubscriptionRow | undefined> {
  return rows<SubscriptionRow>(trx, 'subscriptions')
    .where({ external_id, status })
    .orderBy([...LATEST_FIRST])
    .first();
}

/** Those of a customer that are active, by external id. */
export async function findActiveSubscriptions(
  trx: Transaction,
  customer_id: string,
  external_ids: readonly string[],
): Promise<SubscriptionRow[]> {
  return rows<SubscriptionRow>(trx, 'subscriptions')
    .where({ customer_id, status: 'active' })
    .whereIn('external_id', [...external_ids])
    .orderBy('id');
}

/** The one that is not over yet under this external id, whoever's it is: an active one before a pending one. */
export async function findCurrentSubscription(
  trx: Transaction,
  external_id: string,
): Promise<SubscriptionRow | undefined> {
  return rows<SubscriptionRow>(trx, 'subscriptions')
    .where({ external_id })
    .whereIn('status', ['active', 'pending'])
    .orderBy(['status', { column: 'created_at', order: 'desc' }, { column: 'id', order: 'desc' }])
    .first();
}

/** Until when earlier subscriptions of a customer under this external id were billed; null when there were none. */
export async function findBilledUntil(
  trx: Transaction,
  customer_id: string,
  external_id: string,
): Promise<Instant | null> {
  const row = (await rows(trx, 'subscriptions')
    .where({ customer_id, external_id, status: 'terminated', on_termination_invoice: 'generate' })
    .max({ terminated_at: 'terminated_at' })
    .first()) as { terminated_at: Instant | null } | undefined;
  return row?.terminated_at ?? null;
}

export async function updateSubscription(
  trx: Transaction,
  id: string,
  changes: Partial<Subscription> & Pick<Subscription, 'updated_at'>,
): Promise<SubscriptionRow> {
  const [row] = await rows<SubscriptionRow>(trx, 'subscriptions').where({ id }).update(changes).returning('*');
  assert(row, 'subscription: an updated row exists');
  return row;
}

/** Withdraws the change that waits for the end of a subscription's period. Answers with the id of what waited, if anything did. */
export async function cancelWaitingChange(trx: Transaction, subscription_id: string, at: Instant): Promise<string[]> {
  const canceled = (await rows(trx, 'subscriptions')
    .where({ previous_subscription_id: subscription_id, status: 'pending' })
    .update({ status: 'canceled', canceled_at: at, updated_at: at })
    .returning('id')) as { id: string }[];
  return canceled.map(({ id }) => id);
}

/** What waits to take a subscription's place ends when that one would have, unless it was given an end of its own. */
export async function passOnEnd(
  trx: Transaction,
  before: Pick<SubscriptionRow, 'id' | 'ending_at'>,
  { ending_at, ending_set_at }: Pick<SubscriptionRow, 'ending_at' | 'ending_set_at'>,
): Promise<void> {
  await rows(trx, 'subscriptions')
    .where({ previous_subscription_id: before.id, status: 'pending' })
    .whereRaw('ending_at is not distinct from ?::timestamptz', [before.ending_at as string])
    .update({ ending_at, ending_set_at });
}

interface PlanAndCustomer {
  readonly plan_code: string;
  readonly interval: Interval;
  readonly plan_amount_cents: number;
  readonly plan_amount_currency: string;
  readonly bill_charges_monthly: boolean | null;
  readonly external_customer_id: string;
  readonly timezone: string;
  readonly previous_plan_code: string | null;
  readonly next_plan_code: string | null;
  readonly next_status: SubscriptionStatus | null;
}

const PLAN_BEFORE = `
  select p.code from subscriptions f join plans p on p.id = f.plan_id
  where f.organization_id = subscriptions.organization_id and f.id = subscriptions.previous_subscription_id`;

const NEXT = `
  select p.code as next_plan_code, f.status as next_status from subscriptions f join plans p on p.id = f.plan_id
  where f.organization_id = subscriptions.organization_id and f.previous_subscription_id = subscriptions.id and f.status <> 'canceled'
  order by f.created_at desc, f.id desc limit 1`;

/**
 * What a subscription's wire is made of, in the order of creation: one statement whatever their number.
 * Plans and customers that were deleted since are still found.
 */
export async function loadSubscriptions(trx: Transaction, ids: readonly string[]): Promise<SubscriptionDocument[]> {
  if (ids.length === 0) return [];
  const found = (await rows(trx, 'subscriptions')
    .join('plans as p', 'p.id', 'subscriptions.plan_id')
    .join('customers as c', 'c.id', 'subscriptions.customer_id')
    .join('organizations as o', 'o.id', 'subscriptions.organization_id')
    .whereIn('subscriptions.id', [...ids])
    .orderBy(['subscriptions.created_at', 'subscriptions.id'])
    .select('subscriptions.*', 'p.code as plan_code', 'p.interval', 'p.amount_cents as plan_amount_cents')
    .select('p.amount_currency as plan_amount_currency', 'p.bill_charges_monthly')
    .select('c.external_id as external_customer_id', trx.raw('coalesce(c.timezone, o.timezone) as timezone'))
    .select(trx.raw(`(${PLAN_BEFORE}) as previous_plan_code`), 'n.next_plan_code', 'n.next_status')
    .joinRaw(`left join lateral (${NEXT}) n on true`)) as (SubscriptionRow & PlanAndCustomer)[];
  return found.map(toDocument);
}

function toDocument({
  plan_code,
  interval,
  plan_amount_cents,
  plan_amount_currency,
  bill_charges_monthly,
  external_customer_id,
  timezone,
  previous_plan_code,
  next_plan_code,
  next_status,
  ...subscription
}: SubscriptionRow & PlanAndCustomer): SubscriptionDocument {
  return {
    subscription,
    plan: {
      id: subscription.plan_id,
      code: plan_code,
      interval,
      amount_cents: plan_amount_cents,
      amount_currency: plan_amount_currency,
      bill_charges_monthly,
    },
    customer: { id: subscription.customer_id, external_id: external_customer_id },
    timezone,
    previous_plan_code,
    next: next_plan_code === null ? null : { plan_code: next_plan_code, is_waiting: next_status === 'pending' },
  };
}

/** By subscription. */
export async function findPlanCodes(trx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = (await rows(trx, 'subscriptions')
    .join('plans as p', 'p.id', 'subscriptions.plan_id')
    .whereIn('subscriptions.id', [...new Set(ids)])
    .select('subscriptions.id', 'p.code')) as { id: string; code: string }[];
  return new Map(found.map(({ id, code }) => [id, code]));
}

export interface SubscriptionFilters {
  readonly customer_id?: string | undefined;
  readonly external_customer_id?: string | undefined;
  readonly external_id?: string | undefined;
  readonly plan_code?: string | undefined;
  readonly currency?: Currency | undefined;
  /** Whether they are on a plan of their own. */
  readonly overridden?: boolean | undefined;
  /** Undefined: all. */
  readonly statuses?: readonly SubscriptionStatus[] | undefined;
}

export function listSubscriptions(
  trx: Transaction,
  { customer_id, external_customer_id, external_id, plan_code, currency, overridden, statuses }: SubscriptionFilters,
): Knex.QueryBuilder<SubscriptionRow, SubscriptionRow[]> {
  const query = rows<SubscriptionRow>(trx, 'subscriptions').orderBy([
    { column: 'subscription_at', order: 'desc' },
    { column: 'created_at', order: 'desc' },
    { column: 'id', order: 'desc' },
  ]);
  if (customer_id !== undefined) query.where({ customer_id });
  if (external_customer_id !== undefined)
    query.whereIn('customer_id', rows(trx, 'customers').where({ external_id: external_customer_id }).select('id'));
  if (external_id !== undefined) query.where({ external_id });
  if (plan_code !== undefined) query.whereIn('plan_id', rows(trx, 'plans').where({ code: plan_code }).select('id'));
  if (currency !== undefined)
    query.whereIn('plan_id', rows(trx, 'plans').where({ amount_currency: currency }).select('id'));
  if (overridden !== undefined) {
    const own = rows(trx, 'plans').whereNotNull('parent_id').select('id');
    void (overridden ? query.whereIn('plan_id', own) : query.whereNotIn('plan_id', own));
  }
  if (statuses !== undefined) query.whereIn('status', [...statuses]);
  return query;
}
