import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import { chargeFilterWire, chargeWire } from '../../billing/plans/wire.ts';
import { subscriptionStatuses } from '../../billing/subscriptions/subscription.ts';
import { announceSubscription } from '../../db/announcements.ts';
import { listChargeFilters } from '../../db/charge-filters.ts';
import { ring } from '../../db/outbox.ts';
import { type ListedCharge, type PlanRow, listCharges, listPlansById, loadCharges } from '../../db/plans.ts';
import { markDraftsStale } from '../../db/stale-drafts.ts';
import { type SubscriptionRow, findSubscriptionByExternalId } from '../../db/subscriptions.ts';
import type { Transaction } from '../../db/transaction.ts';
import { text } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import {
  chargeFilterCreateFields,
  chargeFilterObject,
  chargeFilterUpdateFields,
  chargeObject,
  chargeOverrideFields,
} from '../contracts/plans.ts';
import { type Operation, operation } from '../operation.ts';
import { type Details, findReferences, overriddenCharge } from './plans/charges.ts';
import { type HeldCharge, addFilter, changeFilter, findFilters, removeFilter, takeFilter } from './plans/filters.ts';
import { holdCharge, takeCharge } from './plans/parts.ts';
import { changeCharges } from './plans/write-charges.ts';
import { ownPlanOf } from './subscriptions/override-plan.ts';

// The charges of a single subscription. Whatever is written to them is written to a plan of its own, which is made where there is none.

const status = z.enum(subscriptionStatuses);
const query = z.object({
  subscription_status: z
    .string()
    .optional()
    .meta({ enum: [...subscriptionStatuses], description: 'The active one if left out' }),
});
const listQuery = query.extend(paginationQuery);
const params = z.object({ external_id: text });
const chargeParams = params.extend({ charge_code: text });
const filterParams = chargeParams.extend({ filter_id: text });
const chargeAnswer = z.object({ charge: chargeObject });
const filterAnswer = z.object({ filter: chargeFilterObject });
const tag = 'subscriptions';
const object = 'subscription';

interface Place {
  readonly external_id: string;
  readonly charge_code: string;
}

async function takeSubscription(
  trx: Transaction,
  external_id: string,
  asked: string | undefined,
): Promise<SubscriptionRow> {
  const { data: known } = status.safeParse(asked ?? 'active');
  const found = known && (await findSubscriptionByExternalId(trx, external_id, known));
  if (!found) throw notFound('subscription');
  return found;
}

/** Of a plan that may have been deleted since. */
async function takePlanOf(trx: Transaction, { plan_id }: SubscriptionRow): Promise<PlanRow> {
  const [plan] = await listPlansById(trx, [plan_id]);
  if (!plan) throw notFound('plan');
  return plan;
}

async function takeChargeOf(
  trx: Transaction,
  { external_id, charge_code }: Place,
  asked: string | undefined,
): Promise<ListedCharge> {
  const subscription = await takeSubscription(trx, external_id, asked);
  return takeCharge(trx, await takePlanOf(trx, subscription), charge_code);
}

/** Changes a charge of the subscription's own plan. */
async function changeOwn<T>(
  trx: Transaction,
  { external_id, charge_code }: Place,
  asked: string | undefined,
  at: Instant,
  change: (held: HeldCharge) => Promise<T>,
): Promise<T> {
  const subscription = await takeSubscription(trx, external_id, asked);
  const plan = await ownPlanOf(trx, subscription, at);
  const result = await change(await holdCharge(trx, plan, charge_code));
  await ring(trx, `subscription/${subscription.id}`);
  await markDraftsStale(trx, { subscription_id: subscription.id }, at);
  await announceSubscription(trx, subscription.id, 'subscription.updated', at);
  return result;
}

async function override(
  trx: Transaction,
  { charge, metric }: HeldCharge,
  input: z.output<typeof chargeOverrideFields>,
  at: Instant,
): Promise<void> {
  const references = await findReferences(trx, [], [input as never], 'billable_metric');
  const details: Details = {};
  const before = { charge, filters: await findFilters(trx, charge) };
  const changed = overriddenCharge(input as never, before, metric, references, details);
  if (!changed) throw invalid(details);
  await changeCharges(trx, [{ id: charge.id, ...changed }], at);
}

async function showCharge(trx: Transaction, charge: ListedCharge): Promise<{ charge: ReturnType<typeof chargeWire> }> {
  const [document] = await loadCharges(trx, [charge]);
  if (!document) throw notFound('charge');
  return { charge: chargeWire(document) };
}

export const subscriptionChargeOperations: Operation[] = [
  operation({
    op: 'GET /subscriptions/{external_id}/charges',
    tag,
    summary: 'List the charges of a subscription',
    object,
    params,
    query: listQuery,
    answer: z.object({ charges: z.array(chargeObject), meta: paginationMeta }),
    errors: [404],
    async handle({ trx, params: { external_id }, query: { subscription_status, ...page } }) {
      const { plan_id } = await takeSubscription(trx, external_id, subscription_status);
      const { rows, meta } = await paginate(listCharges(trx, [plan_id]), page);
      return { charges: (await loadCharges(trx, rows)).map(chargeWire), meta };
    },
  }),
  operation({
    op: 'GET /subscriptions/{external_id}/charges/{charge_code}',
    tag,
    summary: 'Retrieve a charge of a subscription',
    object,
    params: chargeParams,
    query,
    answer: chargeAnswer,
    errors: [404],
    async handle({ trx, params: place, query: { subscription_status } }) {
      return showCharge(trx, await takeChargeOf(trx, place, subscription_status));
    },
  }),
  operation({
    op: 'PUT /subscriptions/{external_id}/charges/{charge_code}',
    tag,
    summary: 'Price a charge differently for one subscription; what is not sent stays',
    object,
    params: chargeParams,
    query,
    body: z.object({ charge: chargeOverrideFields }),
    answer: chargeAnswer,
    errors: [400, 403, 404, 422],
    async handle({ trx, at, params: place, query: { subscription_status }, body }) {
      const write = (held: HeldCharge): Promise<void> => override(trx, held, body.charge, at);
      await changeOwn(trx, place, subscription_status, at, write);
      return showCharge(trx, await takeChargeOf(trx, place, subscription_status));
    },
  }),
  operation({
    op: 'POST /subscriptions/{external_id}/charges/{charge_code}/filters',
    tag,
    summary: 'Add a filter to a charge of one subscription',
    object,
    params: chargeParams,
    query,
    body: z.object({ filter: chargeFilterCreateFields }),
    answer: filterAnswer,
    errors: [400, 404, 422],
    async handle({ trx, at, params: place, query: { subscription_status }, body }) {
      return changeOwn(trx, place, subscription_status, at, async (held) => ({
        filter: chargeFilterWire(await addFilter(trx, held, body.filter, at), held.charge),
      }));
    },
  }),
  operation({
    op: 'GET /subscriptions/{external_id}/charges/{charge_code}/filters',
    tag,
    summary: 'List the filters of a charge of a subscription',
    object,
    params: chargeParams,
    query: listQuery,
    answer: z.object({ filters: z.array(chargeFilterObject), meta: paginationMeta }),
    errors: [404],
    async handle({ trx, params: place, query: { subscription_status, ...page } }) {
      const charge = await takeChargeOf(trx, place, subscription_status);
      const { rows, meta } = await paginate(listChargeFilters(trx, [charge.id]), page);
      return { filters: rows.map((filter) => chargeFilterWire(filter, charge)), meta };
    },
  }),
  operation({
    op: 'GET /subscriptions/{external_id}/charges/{charge_code}/filters/{filter_id}',
    tag,
    summary: 'Retrieve a filter of a charge of a subscription',
    object,
    params: filterParams,
    query,
    answer: filterAnswer,
    errors: [404],
    async handle({ trx, params: { filter_id, ...place }, query: { subscription_status } }) {
      const charge = await takeChargeOf(trx, place, subscription_status);
      return { filter: chargeFilterWire(await takeFilter(trx, charge, filter_id), charge) };
    },
  }),
  operation({
    op: 'PUT /subscriptions/{external_id}/charges/{charge_code}/filters/{filter_id}',
    tag,
    summary: 'Price a filter of a charge differently for one subscription',
    object,
    params: filterParams,
    query,
    body: z.object({ filter: chargeFilterUpdateFields }),
    answer: filterAnswer,
    errors: [400, 404, 422],
    async handle({ trx, at, params: { filter_id, ...place }, query: { subscription_status }, body }) {
      return changeOwn(trx, place, subscription_status, at, async (held) => {
        const before = await takeFilter(trx, held.charge, filter_id);
        return { filter: chargeFilterWire(await changeFilter(trx, held, before, body.filter, at), held.charge) };
      });
    },
  }),
  operation({
    op: 'DELETE /subscriptions/{external_id}/charges/{charge_code}/filters/{filter_id}',
    tag,
    summary: 'Take a filter off a charge of one subscription',
    object,
    params: filterParams,
    query,
    answer: filterAnswer,
    errors: [404],
    async handle({ trx, at, params: { filter_id, ...place }, query: { subscription_status } }) {
      return changeOwn(trx, place, subscription_status, at, async ({ charge }) => {
        const gone = await takeFilter(trx, charge, filter_id);
        await removeFilter(trx, charge, gone, at);
        return { filter: chargeFilterWire(gone, charge) };
      });
    },
  }),
];
