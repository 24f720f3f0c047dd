import type { Knex } from 'knex';
import { assert } from '../billing/assert.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { AppliedCoupon } from '../billing/coupons/coupon.ts';
import type { AppliedCouponDocument } from '../billing/coupons/wire.ts';
import { centsUsedOf } from './credits.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface AppliedCouponRow extends AppliedCoupon {
  readonly organization_id: string;
}

export interface AppliedCouponFilters {
  readonly customer_id?: string | undefined;
  readonly external_customer_id?: string | undefined;
  readonly status?: AppliedCoupon['status'] | undefined;
  readonly coupon_codes?: readonly string[] | undefined;
}

/** The newest first, without those of deleted customers. */
export function listAppliedCoupons(
  trx: Transaction,
  { customer_id, external_customer_id, status, coupon_codes }: AppliedCouponFilters,
): Knex.QueryBuilder<AppliedCouponRow, AppliedCouponRow[]> {
  const customers = rows(trx, 'customers').whereNull('deleted_at').select('id');
  if (external_customer_id !== undefined) customers.where({ external_id: external_customer_id });
  const query = rows<AppliedCouponRow>(trx, 'applied_coupons')
    .whereIn('customer_id', customers)
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);
  if (customer_id !== undefined) query.where({ customer_id });
  if (status !== undefined) query.where({ status });
  if (coupon_codes !== undefined)
    query.whereIn(
      'coupon_id',
      rows(trx, 'coupons')
        .whereIn('code', [...coupon_codes])
        .select('id'),
    );
  return query;
}

export async function findAppliedCoupon(
  trx: Transaction,
  customer_id: string,
  id: string,
): Promise<AppliedCouponRow | undefined> {
  return rows<AppliedCouponRow>(trx, 'applied_coupons').where({ customer_id, id }).first();
}

export async function insertAppliedCoupon(
  trx: Transaction,
  fields: Omit<AppliedCoupon, 'id' | 'status' | 'created_at' | 'updated_at' | 'terminated_at'>,
  at: Instant,
): Promise<AppliedCouponRow> {
  const [applied] = await insert<AppliedCouponRow>(trx, 'applied_coupons', {
    id: newId(),
    ...fields,
    status: 'active',
    created_at: at,
    updated_at: at,
  });
  assert(applied, 'applied coupon: an inserted row comes back');
  return applied;
}

/** Credits that it gave stay. Nothing happens to one that has ended. */
export async function endAppliedCoupons(
  trx: Transaction,
  which: { readonly id: string } | { readonly customer_id: string },
  at: Instant,
): Promise<void> {
  await rows(trx, 'applied_coupons')
    .where({ ...which, status: 'active' })
    .update({ status: 'terminated', terminated_at: at, updated_at: at });
}

export async function hasEverHad(trx: Transaction, customer_id: string, coupon_id: string): Promise<boolean> {
  return (await rows(trx, 'applied_coupons').where({ customer_id, coupon_id }).first('id')) !== undefined;
}

/**
 * Whether an active coupon of the customer is limited to what this one is limited to: a common plan or metric, or a plan that has a charge
 * on a metric of the other.
 */
export async function overlaps(trx: Transaction, customer_id: string, coupon_id: string): Promise<boolean> {
  const { rows: found } = await trx.raw<{ rows: unknown[] }>(
    `select 1 from coupon_targets mine, coupon_targets theirs
     join applied_coupons a on a.coupon_id = theirs.coupon_id
     where a.organization_id = :organization_id and a.customer_id = :customer_id and a.status = 'active'
       and mine.organization_id = :organization_id and mine.coupon_id = :coupon_id
       and (mine.plan_id = theirs.plan_id or mine.billable_metric_id = theirs.billable_metric_id
         or exists (select 1 from charges c where c.deleted_at is null
           and ((c.plan_id = mine.plan_id and c.billable_metric_id = theirs.billable_metric_id)
             or (c.plan_id = theirs.plan_id and c.billable_metric_id = mine.billable_metric_id))))
     limit 1`,
    { organization_id: trx.organization_id, customer_id, coupon_id },
  );
  return found.length > 0;
}

/**
 * Gives back what a voided invoice had used: what ended with it goes on, unless it is used forever or its coupon has ended itself, and a recurring
 * one has its invoice back. What is left of a fixed amount follows from the invoices that count.
 */
export async function giveCouponsBack(trx: Transaction, invoice_id: string, at: Instant): Promise<void> {
  await trx.raw(
    `update applied_coupons a set
       status = case when a.status = 'terminated' and a.frequency <> 'forever' and k.deleted_at is null
         and coalesce(k.expiration_at > :at, true) then 'active' else a.status end,
       terminated_at = case when a.status = 'terminated' and a.frequency <> 'forever' and k.deleted_at is null
         and coalesce(k.expiration_at > :at, true) then null else a.terminated_at end,
       frequency_duration_remaining = case when a.frequency = 'recurring'
         then least(a.frequency_duration_remaining + 1, a.frequency_duration) else a.frequency_duration_remaining end,
       updated_at = :at
     from credits c, coupons k
     where c.organization_id = :organization_id and c.invoice_id = :invoice_id and a.id = c.applied_coupon_id and k.id = a.coupon_id`,
    { organization_id: trx.organization_id, invoice_id, at },
  );
}

/** What the wire of each is made of, in their order; one statement whatever their number. */
export async function loadAppliedCoupons(
  trx: Transaction,
  applied_coupons: readonly AppliedCouponRow[],
): Promise<AppliedCouponDocument[]> {
  const { rows: found } = await trx.raw<{
    rows: ({ id: string } & Omit<AppliedCouponDocument, 'applied_coupon'>)[];
  }>(
    `select a.id, jsonb_build_object('id', c.id, 'external_id', c.external_id) as customer,
       case when a.frequency = 'once' then ${centsUsedOf('a.id')} else 0 end as used_cents,
       jsonb_build_object('id', k.id, 'code', k.code, 'name', k.name, 'description', k.description, 'expiration', k.expiration,
         'expiration_at', to_char(k.expiration_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
         'deleted_at', to_char(k.deleted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as coupon
     from applied_coupons a join coupons k on k.id = a.coupon_id join customers c on c.id = a.customer_id
     where a.organization_id = ? and a.id = any(?)`,
    [trx.organization_id, applied_coupons.map(({ id }) => id)],
  );
  const byId = new Map(found.map((row) => [row.id, row]));
  return applied_coupons.map((applied_coupon) => {
    const row = byId.get(applied_coupon.id);
    assert(row, 'applied coupon: its coupon and customer exist');
    return { ...row, applied_coupon };
  });
}
