import type { Knex } from 'knex';
import { assert } from '../billing/assert.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { Coupon } from '../billing/coupons/coupon.ts';
import type { CouponDocument } from '../billing/coupons/wire.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface CouponRow extends Coupon {
  readonly organization_id: string;
}

export type CouponFields = Omit<Coupon, 'id' | 'created_at' | 'updated_at' | 'deleted_at'>;

/** Those that can be applied first; of these the ones without an end, then those that end soonest. */
export function listCoupons(trx: Transaction, at: Instant): Knex.QueryBuilder<CouponRow, CouponRow[]> {
  return rows<CouponRow>(trx, 'coupons')
    .whereNull('deleted_at')
    .orderByRaw(
      'coalesce(expiration_at <= ?, false), expiration_at is not null, expiration_at, created_at desc, id desc',
      [at],
    );
}

export async function findCoupon(trx: Transaction, code: string): Promise<CouponRow | undefined> {
  return rows<CouponRow>(trx, 'coupons').where({ code, deleted_at: null }).first();
}

/** Holds the row until the transaction ends: it is applied to one customer after the other. */
export async function lockCoupon(trx: Transaction, code: string): Promise<CouponRow | undefined> {
  return rows<CouponRow>(trx, 'coupons').where({ code, deleted_at: null }).forNoKeyUpdate().first();
}

export async function insertCoupon(trx: Transaction, fields: CouponFields, at: Instant): Promise<CouponRow> {
  const [coupon] = await insert<CouponRow>(trx, 'coupons', { id: newId(), ...fields, created_at: at, updated_at: at });
  assert(coupon, 'coupon: an inserted row comes back');
  return coupon;
}

export async function updateCoupon(
  trx: Transaction,
  id: string,
  changes: Partial<CouponFields>,
  at: Instant,
): Promise<CouponRow> {
  const [coupon] = await rows<CouponRow>(trx, 'coupons')
    .where({ id })
    .update({ ...changes, updated_at: at })
    .returning('*');
  assert(coupon, 'coupon: an updated row exists');
  return coupon;
}

/** Its code is free from now on, and nobody has it any more. */
export async function deleteCoupon(trx: Transaction, id: string, at: Instant): Promise<void> {
  await rows(trx, 'coupons').where({ id }).update({ deleted_at: at });
  await rows(trx, 'applied_coupons')
    .where({ coupon_id: id, status: 'active' })
    .update({ status: 'terminated', terminated_at: at, updated_at: at });
}

/** What it is limited to, in place of what it was limited to. */
export async function replaceCouponTargets(
  trx: Transaction,
  coupon_id: string,
  targets: { readonly plan_ids: readonly string[]; readonly billable_metric_ids: readonly string[] },
): Promise<void> {
  await rows(trx, 'coupon_targets').where({ coupon_id }).delete();
  await insert(trx, 'coupon_targets', [
    ...targets.plan_ids.map((plan_id) => ({ id: newId(), coupon_id, plan_id })),
    ...targets.billable_metric_ids.map((billable_metric_id) => ({ id: newId(), coupon_id, billable_metric_id })),
  ]);
}

/** Whether any customer ever had it. */
export async function wasApplied(trx: Transaction, coupon_id: string): Promise<boolean> {
  return (await rows(trx, 'applied_coupons').where({ coupon_id }).first('id')) !== undefined;
}

/** What the wire of each is made of, in their order. */
export async function loadCoupons(trx: Transaction, coupons: readonly CouponRow[]): Promise<CouponDocument[]> {
  const targets = (await rows(trx, 'coupon_targets')
    .leftJoin('plans as p', 'p.id', 'coupon_targets.plan_id')
    .leftJoin('billable_metrics as m', 'm.id', 'coupon_targets.billable_metric_id')
    .whereIn(
      'coupon_id',
      coupons.map(({ id }) => id),
    )
    .orderBy('coupon_targets.id')
    .select('coupon_id', 'p.code as plan_code', 'm.code as billable_metric_code')) as {
    coupon_id: string;
    plan_code: string | null;
    billable_metric_code: string | null;
  }[];
  const byCoupon = Map.groupBy(targets, (target) => target.coupon_id);
  return coupons.map((coupon) => {
    const own = byCoupon.get(coupon.id) ?? [];
    return {
      coupon,
      plan_codes: own.flatMap((target) => target.plan_code ?? []),
      billable_metric_codes: own.flatMap((target) => target.billable_metric_code ?? []),
    };
  });
}

/** Ids of plans or metrics by code; those that are not there are left out. A plan stands for those that were made of it as well. */
export async function findTargets(
  trx: Transaction,
  table: 'plans' | 'billable_metrics',
  codes: readonly string[],
): Promise<string[]> {
  return rows(trx, table)
    .whereIn('code', [...codes])
    .where(table === 'plans' ? { parent_id: null, deleted_at: null } : { deleted_at: null })
    .orderBy('id')
    .pluck('id') as unknown as Promise<string[]>;
}
