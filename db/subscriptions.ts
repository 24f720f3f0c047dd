import type { Instant } from '../billing/clock/instant.ts';
import type { Subscription, SubscriptionStatus } from '../billing/subscriptions/subscription.ts';
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

export async function findSubscription(trx: Transaction, id: string): Promise<SubscriptionRow | undefined> {
  return rows<SubscriptionRow>(trx, 'subscriptions').where({ id }).first();
}

export async function findSubscriptions(trx: Transaction, ids: readonly string[]): Promise<SubscriptionRow[]> {
  return rows<SubscriptionRow>(trx, 'subscriptions').whereIn('id', [...ids]);
}

/** Holds the row until the transaction ends. */
export async function lockSubscription(trx: Transaction, id: string): Promise<SubscriptionRow | undefined> {
  return rows<SubscriptionRow>(trx, 'subscriptions').where({ id }).forUpdate().first();
}

/** Locks in id order, so that two bills of one customer queue and never deadlock. */
export async function lockActiveSubscriptionsOf(trx: Transaction, customer_id: string): Promise<SubscriptionRow[]> {
  return rows<SubscriptionRow>(trx, 'subscriptions').where({ customer_id, status: 'active' }).orderBy('id').forUpdate();
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

/** All that had this external id, of one customer, the oldest first. Locked until the transaction ends. */
export async function lockSubscriptionsByExternalId(trx: Transaction, external_id: string): Promise<SubscriptionRow[]> {
  return rows<SubscriptionRow>(trx, 'subscriptions').where({ external_id }).orderBy('id').forUpdate();
}

/** The very first start under an external id of a customer: trials are counted from there. Null when none has started. */
export async function firstStartOf(
  trx: Transaction,
  customer_id: string,
  external_id: string,
): Promise<Instant | null> {
  const row = (await rows(trx, 'subscriptions')
    .where({ customer_id, external_id })
    .min({ started_at: 'started_at' })
    .first()) as { started_at: Instant | null } | undefined;
  return row?.started_at ?? null;
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
