import { afterUse, type CouponUse, type UsableCoupon } from '../billing/coupons/use-coupons.ts';
import type { Instant } from '../billing/clock/instant.ts';
import { centsUsedOf } from './credits.ts';
import type { Transaction } from './transaction.ts';

interface Row extends Omit<UsableCoupon, 'plan_ids' | 'billable_metric_ids'> {
  readonly plan_ids: string[] | null;
  readonly billable_metric_ids: string[] | null;
}

/**
 * The active coupons of a customer, in the order in which they were applied. Of one that is used once, what invoices have left of it. The caller
 * holds the billing of the customer, so nobody else uses them meanwhile.
 */
export async function readUsableCoupons(trx: Transaction, customer_id: string): Promise<UsableCoupon[]> {
  const { rows } = await trx.raw<{ rows: Row[] }>(
    `select a.id, k.coupon_type, a.frequency, a.frequency_duration_remaining, a.amount_currency, a.percentage_rate,
       case when a.frequency = 'once' then a.amount_cents - ${centsUsedOf('a.id')} else a.amount_cents end as amount_cents,
       case when k.limited_plans then t.plan_ids end as plan_ids,
       case when k.limited_billable_metrics then t.billable_metric_ids end as billable_metric_ids
     from applied_coupons a
     join coupons k on k.id = a.coupon_id
     left join lateral (
       select coalesce(array_agg(t.plan_id::text) filter (where t.plan_id is not null), '{}')
           || coalesce(array_agg(own.id::text) filter (where own.id is not null), '{}') as plan_ids,
         coalesce(array_agg(t.billable_metric_id::text) filter (where t.billable_metric_id is not null), '{}') as billable_metric_ids
       from coupon_targets t
       -- Plans that were made for subscriptions of this customer are limited to as their parents are.
       left join plans own on own.parent_id = t.plan_id
         and exists (select 1 from subscriptions s where s.plan_id = own.id and s.customer_id = a.customer_id)
       where t.coupon_id = k.id
     ) t on true
     where a.organization_id = ? and a.customer_id = ? and a.status = 'active'
     order by a.created_at, a.id`,
    [trx.organization_id, customer_id],
  );
  return rows.map((row) => ({
    ...row,
    plan_ids: row.plan_ids && new Set(row.plan_ids),
    billable_metric_ids: row.billable_metric_ids && new Set(row.billable_metric_ids),
  }));
}

/** What becomes of coupons that were used, in the transaction of the invoice. */
export async function recordCouponUses(trx: Transaction, uses: readonly CouponUse[], at: Instant): Promise<void> {
  if (uses.length === 0) return;
  const after = uses.map((use) => ({ id: use.coupon.id, ...afterUse(use) }));
  await trx.raw(
    `update applied_coupons a set
       frequency_duration_remaining = u.remaining,
       status = case when u.is_used_up then 'terminated' else a.status end,
       terminated_at = case when u.is_used_up then ?::timestamptz else a.terminated_at end,
       updated_at = ?
     from unnest(?::uuid[], ?::integer[], ?::boolean[]) u (id, remaining, is_used_up)
     where a.organization_id = ? and a.id = u.id`,
    [
      at,
      at,
      after.map(({ id }) => id),
      after.map(({ frequency_duration_remaining }) => frequency_duration_remaining) as number[],
      after.map(({ isUsedUp }) => isUsedUp),
      trx.organization_id,
    ],
  );
}
