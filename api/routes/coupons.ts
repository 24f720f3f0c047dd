import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { couponWire } from '../../billing/coupons/wire.ts';
import { notFound } from '../../billing/errors.ts';
import { type CouponRow, deleteCoupon, findCoupon, listCoupons, loadCoupons, lockCoupon } from '../../db/coupons.ts';
import type { Transaction } from '../../db/transaction.ts';
import { couponCreateInput, couponObject, couponUpdateInput } from '../contracts/coupons.ts';
import { text } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { type Operation, operation } from '../operation.ts';
import { createCoupon, editCoupon } from './coupons/write.ts';

const answer = z.object({ coupon: couponObject });
const params = z.object({ code: text });

async function show(trx: Transaction, list: readonly CouponRow[], at: Instant) {
  return (await loadCoupons(trx, list)).map((document) => couponWire(document, at));
}

async function showOne(trx: Transaction, coupon: CouponRow | undefined, at: Instant) {
  const [shown] = coupon ? await show(trx, [coupon], at) : [];
  if (!shown) throw notFound('coupon');
  return { coupon: shown };
}

export const couponOperations: Operation[] = [
  operation({
    op: 'POST /coupons',
    tag: 'coupons',
    summary: 'Create a coupon',
    object: 'coupon',
    body: couponCreateInput,
    answer,
    errors: [400, 404, 405, 422],
    handle: async ({ trx, at, body }) => showOne(trx, await createCoupon(trx, body.coupon, at), at),
  }),
  operation({
    op: 'GET /coupons',
    tag: 'coupons',
    summary: 'List all coupons',
    object: 'coupon',
    query: z.object(paginationQuery),
    answer: z.object({ coupons: z.array(couponObject), meta: paginationMeta }),
    errors: [],
    async handle({ trx, at, query }) {
      const { rows, meta } = await paginate(listCoupons(trx, at), query);
      return { coupons: await show(trx, rows, at), meta };
    },
  }),
  operation({
    op: 'GET /coupons/{code}',
    tag: 'coupons',
    summary: 'Retrieve a coupon',
    object: 'coupon',
    params,
    answer,
    errors: [404],
    handle: async ({ trx, at, params: { code } }) => showOne(trx, await findCoupon(trx, code), at),
  }),
  operation({
    op: 'PUT /coupons/{code}',
    tag: 'coupons',
    summary: 'Update a coupon; what customers have of it stays as it is',
    object: 'coupon',
    params,
    body: couponUpdateInput,
    answer,
    errors: [400, 404, 405, 422],
    handle: async ({ trx, at, params: { code }, body }) =>
      showOne(trx, await editCoupon(trx, await lockCoupon(trx, code), body.coupon, at), at),
  }),
  operation({
    op: 'DELETE /coupons/{code}',
    tag: 'coupons',
    summary: 'Delete a coupon, and take it away from the customers who have it',
    object: 'coupon',
    params,
    answer,
    errors: [404],
    async handle({ trx, at, params: { code } }) {
      const coupon = await lockCoupon(trx, code);
      const shown = await showOne(trx, coupon, at);
      if (coupon) await deleteCoupon(trx, coupon.id, at);
      return shown;
    },
  }),
];
