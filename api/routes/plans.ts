import { z } from 'zod';
import { notFound } from '../../billing/errors.ts';
import { beginDeletion, markPlanForDeletion } from '../../db/deletions.ts';
import { ringSubscriptions } from '../../db/doorbells.ts';
import { findPlan, listPlans, lockPlan } from '../../db/plans.ts';
import { markDraftsStale } from '../../db/stale-drafts.ts';
import { markForCheck } from '../../db/threshold-checks.ts';
import { text } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { planCreateFields, planObject, planUpdateFields } from '../contracts/plans.ts';
import { type Operation, operation } from '../operation.ts';
import { announcePlan, showPlan, showPlans } from './plans/announce.ts';
import { cascading } from './plans/cascade.ts';
import { createPlan } from './plans/create.ts';
import { editPlan } from './plans/edit.ts';

export { planObject };

const answer = z.object({ plan: planObject });
const params = z.object({ code: text });

export const planOperations: Operation[] = [
  operation({
    op: 'POST /plans',
    tag: 'plans',
    summary: 'Create a plan',
    object: 'plan',
    body: z.object({ plan: planCreateFields }),
    answer,
    errors: [400, 404, 422],
    handle: async ({ trx, at, body }) => announcePlan(trx, await createPlan(trx, body.plan, at), 'created', at),
  }),
  operation({
    op: 'GET /plans',
    tag: 'plans',
    summary: 'List all plans',
    object: 'plan',
    query: z.object(paginationQuery),
    answer: z.object({ plans: z.array(planObject), meta: paginationMeta }),
    errors: [],
    async handle({ trx, query }) {
      const { rows, meta } = await paginate(listPlans(trx), query);
      return { plans: await showPlans(trx, rows), meta };
    },
  }),
  operation({
    op: 'GET /plans/{code}',
    tag: 'plans',
    summary: 'Retrieve a plan',
    object: 'plan',
    params,
    answer,
    errors: [404],
    handle: async ({ trx, params }) => showPlan(trx, await findPlan(trx, params.code)),
  }),
  operation({
    op: 'PUT /plans/{code}',
    tag: 'plans',
    summary: 'Update a plan; once it was subscribed to, its terms stay and its prices can change',
    object: 'plan',
    params,
    body: z.object({ plan: planUpdateFields }),
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, params, body }) {
      const plan = await lockPlan(trx, params.code);
      if (!plan) throw notFound('plan');
      const changed = await cascading(trx, plan, body.plan, at, () => editPlan(trx, plan, body.plan, at));
      await ringSubscriptions(trx, { plan_id: plan.id });
      await markDraftsStale(trx, { plan_ids: [plan.id] }, at);
      await markForCheck(trx, { plan_id: plan.id }, at);
      return announcePlan(trx, changed, 'updated', at);
    },
  }),
  operation({
    op: 'DELETE /plans/{code}',
    tag: 'plans',
    summary: 'Delete a plan and end the subscriptions on it',
    object: 'plan',
    params,
    answer,
    errors: [404],
    async handle({ trx, at, params }) {
      const plan = await lockPlan(trx, params.code);
      if (!plan) throw notFound('plan');
      // Asked for again, it is under way.
      if (plan.pending_deletion) return showPlan(trx, plan);
      await markPlanForDeletion(trx, plan.id, at);
      await beginDeletion(trx, { of: 'plan', id: plan.id });
      return announcePlan(trx, plan, 'deleted', at);
    },
  }),
];
