import type { Instant } from '../billing/clock/instant.ts';
import type { StoredProperties } from '../billing/charge-models/charge-model.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { Charge } from '../billing/plans/plan.ts';
import { ring } from './outbox.ts';
import { type PlanRow, listPlansById } from './plans.ts';
import { type Transaction, rows } from './transaction.ts';

/**
 * The plans that were made of one for single subscriptions that are not over, held until the transaction ends: neither they nor their charges change
 * meanwhile.
 */
export async function lockLiveChildren(trx: Transaction, parent_id: string): Promise<string[]> {
  const live = trx('subscriptions')
    .where('subscriptions.organization_id', trx.organization_id)
    .whereIn('status', ['pending', 'active'])
    .whereRaw('subscriptions.plan_id = plans.id');
  return rows(trx, 'plans')
    .where({ parent_id, deleted_at: null })
    .whereExists(live.select(trx.raw('1')))
    .orderBy('id')
    .forNoKeyUpdate()
    .pluck('id') as unknown as Promise<string[]>;
}

/** Gives the children that still have the amount of before that of now, and answers with those to which another plan is waiting to change. */
export async function followAmount(
  trx: Transaction,
  { id: parent_id, amount_cents }: PlanRow,
  before: Cents,
  at: Instant,
): Promise<PlanRow[]> {
  const changed = (await rows(trx, 'plans')
    .where({ parent_id, deleted_at: null, amount_cents: before })
    .update({ amount_cents, updated_at: at })
    .returning('id')) as { id: string }[];
  const waited_for = (await rows(trx, 'subscriptions')
    .where({ status: 'pending' })
    .whereNotNull('previous_subscription_id')
    .whereRaw('plan_id = any(?)', [changed.map(({ id }) => id)])
    .pluck('plan_id')) as string[];
  return listPlansById(trx, waited_for);
}

/** The copies of charges in some plans. */
export async function findCopies(
  trx: Transaction,
  plan_ids: readonly string[],
  charge_ids: readonly string[],
): Promise<(Charge & { readonly parent_id: string })[]> {
  return rows<Charge & { readonly parent_id: string }>(trx, 'charges')
    .whereRaw('plan_id = any(?)', [[...plan_ids]])
    .whereRaw('parent_id = any(?)', [[...charge_ids]])
    .whereNull('deleted_at')
    .orderBy('id');
}

export async function findChargeCodes(
  trx: Transaction,
  plan_ids: readonly string[],
): Promise<(plan_id: string) => readonly string[]> {
  const found = (await rows(trx, 'charges')
    .whereRaw('plan_id = any(?)', [[...plan_ids]])
    .whereNull('deleted_at')
    .select('plan_id', 'code')) as { plan_id: string; code: string }[];
  const byPlan = Map.groupBy(found, ({ plan_id }) => plan_id);
  return (plan_id) => (byPlan.get(plan_id) ?? []).map(({ code }) => code);
}

export async function repriceCharges(
  trx: Transaction,
  list: readonly { readonly id: string; readonly properties: StoredProperties }[],
  at: Instant,
): Promise<void> {
  if (list.length === 0) return;
  await trx.raw(
    `update charges c set properties = n.properties, updated_at = :at
     from jsonb_to_recordset(:list::jsonb) n (id uuid, properties jsonb)
     where c.organization_id = :organization_id and c.id = n.id`,
    { organization_id: trx.organization_id, list: JSON.stringify(list), at },
  );
}

/** Tells the live subscriptions on some plans that these are others now. */
export async function ringSubscriptionsOn(trx: Transaction, plan_ids: readonly string[]): Promise<void> {
  const ids = (await rows(trx, 'subscriptions')
    .whereRaw('plan_id = any(?)', [[...plan_ids]])
    .whereIn('status', ['pending', 'active'])
    .orderBy('id')
    .pluck('id')) as string[];
  await ring(
    trx,
    ids.map((id) => `subscription/${id}` as const),
  );
}
