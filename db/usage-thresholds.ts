import type { Instant } from '../billing/clock/instant.ts';
import type { UsageThreshold, UsageThresholdFields } from '../billing/progressive-billing/usage-threshold.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

/** Whose they are: a plan's, or a subscription's of its own. */
export type ThresholdOwner = { readonly plan_id: string } | { readonly subscription_id: string };

export interface UsageThresholdRow extends UsageThreshold {
  readonly organization_id: string;
  readonly plan_id: string | null;
  readonly subscription_id: string | null;
}

/** Steps in the order in which they are reached, then the recurring one. */
const IN_ORDER = ['recurring', 'amount_cents'] as const;

const keyOf = ({ amount_cents, recurring }: UsageThresholdFields): string => `${amount_cents} ${recurring}`;

/** The whole list. One of the same amount and kind is the same threshold, reached or not. The caller holds the owner. */
export async function replaceUsageThresholds(
  trx: Transaction,
  owner: ThresholdOwner,
  wanted: readonly UsageThresholdFields[],
  at: Instant,
): Promise<void> {
  const known = await rows<UsageThresholdRow>(trx, 'usage_thresholds').where(owner).whereNull('deleted_at');
  const wishes = new Map(wanted.map((one) => [keyOf(one), one]));
  const removed = known.filter((one) => !wishes.has(keyOf(one)));
  await rows(trx, 'usage_thresholds')
    .whereIn(
      'id',
      removed.map(({ id }) => id),
    )
    .update({ deleted_at: at });
  const before = new Map(known.map((one) => [keyOf(one), one]));
  for (const wish of wanted) {
    const { threshold_display_name } = wish;
    const kept = before.get(keyOf(wish));
    if (kept && kept.threshold_display_name !== threshold_display_name)
      await rows(trx, 'usage_thresholds').where({ id: kept.id }).update({ threshold_display_name, updated_at: at });
  }
  await insert(
    trx,
    'usage_thresholds',
    wanted
      .filter((one) => !before.has(keyOf(one)))
      .map((one) => ({ id: newId(), ...owner, ...one, created_at: at, updated_at: at })),
  );
}

/** By plan, in their order. */
export async function findThresholdsOfPlans(
  trx: Transaction,
  plan_ids: readonly string[],
): Promise<(plan_id: string) => readonly UsageThreshold[]> {
  const found = await rows<UsageThresholdRow>(trx, 'usage_thresholds')
    .whereIn('plan_id', [...plan_ids])
    .whereNull('deleted_at')
    .orderBy([...IN_ORDER]);
  const byPlan = Map.groupBy(found, (one) => one.plan_id);
  return (plan_id) => byPlan.get(plan_id) ?? [];
}

/** Whether any count for a subscription `s` on a plan `p`. */
export const HAS_THRESHOLDS = `(not s.progressive_billing_disabled and (
  exists (select from usage_thresholds t where t.subscription_id = s.id and t.deleted_at is null)
  or exists (select from usage_thresholds t where t.plan_id in (p.id, p.parent_id) and t.deleted_at is null)))`;

/**
 * By subscription, those that count for it, in their order: its own, else those of its plan, else those of the plan that this one was made of. None
 * where progressive billing is off.
 */
export async function findApplicableThresholds(
  trx: Transaction,
  subscription_ids: readonly string[],
): Promise<(subscription_id: string) => readonly UsageThreshold[]> {
  if (subscription_ids.length === 0) return () => [];
  const { rows: found } = await trx.raw<{ rows: (UsageThresholdRow & { readonly applies_to: string })[] }>(
    `select s.id as applies_to, t.* from subscriptions s join plans p on p.id = s.plan_id
     cross join lateral (
       select candidate.*, rank() over (order by distance) as choice from (
         select 1 as distance, t.* from usage_thresholds t where t.subscription_id = s.id and t.deleted_at is null
         union all
         select 2, t.* from usage_thresholds t where t.plan_id = p.id and t.deleted_at is null
         union all
         select 3, t.* from usage_thresholds t where t.plan_id = p.parent_id and t.deleted_at is null
       ) candidate
     ) t
     where s.organization_id = ? and s.id = any(?) and not s.progressive_billing_disabled and t.choice = 1
     order by t.recurring, t.amount_cents`,
    [trx.organization_id, [...subscription_ids]],
  );
  const bySubscription = Map.groupBy(found, (one) => one.applies_to);
  return (subscription_id) => bySubscription.get(subscription_id) ?? [];
}
