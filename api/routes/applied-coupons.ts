import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { appliedCouponWire, appliedCouponWithCreditsWire } from '../../billing/coupons/wire.ts';
import { notFound } from '../../billing/errors.ts';
import {
  type AppliedCouponFilters,
  type AppliedCouponRow,
  endAppliedCoupons,
  findAppliedCoupon,
  listAppliedCoupons,
  loadAppliedCoupons,
} from '../../db/applied-coupons.ts';
import { loadCreditsOfCoupons } from '../../db/credits.ts';
import { findCustomer, lockCustomer } from '../../db/customers.ts';
import { isId } from '../../db/ids.ts';
import { lock, type Transaction } from '../../db/transaction.ts';
import { appliedCouponInput, appliedCouponObject, appliedCouponObjectExtended } from '../contracts/coupons.ts';
import { queryList, text } from '../contracts/fields.ts';
import { type Page, paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { type Operation, operation } from '../operation.ts';
import { applyCoupon } from './coupons/apply.ts';

const answer = z.object({ applied_coupon: appliedCouponObject });
const listAnswer = z.object({ applied_coupons: z.array(appliedCouponObjectExtended), meta: paginationMeta });

const nestedListQuery = z.object({
  ...paginationQuery,
  status: z
    .string()
    .optional()
    .transform((value) => (value === 'active' || value === 'terminated' ? value : undefined))
    .meta({ description: 'active or terminated; anything else does not filter' }),
  'coupon_code[]': queryList(z.string()).optional(),
});

const listQuery = nestedListQuery.extend({ external_customer_id: text.optional() });

async function showOne(trx: Transaction, applied: AppliedCouponRow, at: Instant) {
  const [document] = await loadAppliedCoupons(trx, [applied]);
  return { applied_coupon: appliedCouponWire(document!, at) };
}

async function answerWithList(trx: Transaction, filters: AppliedCouponFilters, page: Page, at: Instant) {
  const { rows, meta } = await paginate(listAppliedCoupons(trx, filters), page);
  const ids = rows.map(({ id }) => id);
  const credits = Map.groupBy(await loadCreditsOfCoupons(trx, ids), (credit) => credit.applied_coupon_id);
  const documents = await loadAppliedCoupons(trx, rows);
  const applied_coupons = documents.map((one) =>
    appliedCouponWithCreditsWire({ ...one, credits: credits.get(one.applied_coupon.id) ?? [] }, at),
  );
  return { applied_coupons, meta };
}

/** Held like the bills of the customer: nothing uses it meanwhile. */
async function end(trx: Transaction, external_customer_id: string, id: string, at: Instant) {
  const customer = await findCustomer(trx, external_customer_id);
  if (!customer) throw notFound('customer');
  await lock(trx, `billing/${customer.id}`);
  const applied = isId(id) ? await findAppliedCoupon(trx, customer.id, id) : undefined;
  if (!applied) throw notFound('applied_coupon');
  await endAppliedCoupons(trx, { id }, at);
  return showOne(trx, (await findAppliedCoupon(trx, customer.id, id))!, at);
}

export const appliedCouponOperations: Operation[] = [
  operation({
    op: 'POST /applied_coupons',
    tag: 'coupons',
    summary: 'Apply a coupon to a customer',
    object: 'applied_coupon',
    body: appliedCouponInput,
    answer,
    errors: [400, 404, 405, 422],
    async handle({ trx, at, body: { applied_coupon: input } }) {
      const customer = await lockCustomer(trx, input.external_customer_id);
      return showOne(trx, await applyCoupon(trx, customer, input, at), at);
    },
  }),
  operation({
    op: 'GET /applied_coupons',
    tag: 'coupons',
    summary: 'List all applied coupons',
    object: 'applied_coupon',
    query: listQuery,
    answer: listAnswer,
    errors: [],
    handle: ({ trx, at, query: { status, external_customer_id, 'coupon_code[]': coupon_codes, ...page } }) =>
      answerWithList(trx, { status, external_customer_id, coupon_codes }, page, at),
  }),
  operation({
    op: 'GET /customers/{external_customer_id}/applied_coupons',
    tag: 'customers',
    summary: "List a customer's applied coupons",
    object: 'applied_coupon',
    params: z.object({ external_customer_id: text }),
    query: nestedListQuery,
    answer: listAnswer,
    errors: [404],
    async handle({ trx, at, params, query: { status, 'coupon_code[]': coupon_codes, ...page } }) {
      const customer = await findCustomer(trx, params.external_customer_id);
      if (!customer) throw notFound('customer');
      return answerWithList(trx, { customer_id: customer.id, status, coupon_codes }, page, at);
    },
  }),
  operation({
    op: 'DELETE /customers/{external_customer_id}/applied_coupons/{applied_coupon_id}',
    tag: 'coupons',
    summary: 'Take an applied coupon away from a customer; credits that it gave stay',
    object: 'applied_coupon',
    params: z.object({ external_customer_id: text, applied_coupon_id: z.string().meta({ format: 'uuid' }) }),
    answer,
    errors: [404],
    handle: ({ trx, at, params }) => end(trx, params.external_customer_id, params.applied_coupon_id, at),
  }),
];
