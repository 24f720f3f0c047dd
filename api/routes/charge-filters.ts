import { z } from 'zod';
import { chargeModel } from '../../billing/charge-models/index.ts';
import { type FilterTerms, storedFilter, validateFilter } from '../../billing/charges/filters.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import { chargeFilterWire } from '../../billing/plans/wire.ts';
import type { ChargeFilter } from '../../billing/usage/filters.ts';
import type { BillableMetricRow } from '../../db/billable-metrics.ts';
import {
  type ChargeFilterFields,
  findChargeFilters,
  listChargeFilters,
  replaceChargeFilters,
} from '../../db/charge-filters.ts';
import type { ListedCharge } from '../../db/plans.ts';
import type { Transaction } from '../../db/transaction.ts';
import { text } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import {
  chargeFilterCreateFields,
  chargeFilterObject,
  chargeFilterUpdateFields,
  deletionFields,
} from '../contracts/plans.ts';
import { type Operation, operation } from '../operation.ts';
import { announceChange, lockCharge, takeCharge, takePlan } from './plans/parts.ts';

const answer = z.object({ filter: chargeFilterObject });
const params = z.object({ code: text, charge_code: text });
const filterParams = z.object({ code: text, charge_code: text, filter_id: text });

async function findFilters(trx: Transaction, charge: ListedCharge): Promise<readonly ChargeFilter[]> {
  return (await findChargeFilters(trx, [charge.id]))(charge.id);
}

function takeFilter(filters: readonly ChargeFilter[], filter_id: string): ChargeFilter {
  const filter = filters.find(({ id }) => id === filter_id.toLowerCase());
  if (!filter) throw notFound('charge_filter');
  return filter;
}

/** @throws when it cannot be stored. */
function readFilter(terms: FilterTerms, { charge_model }: ListedCharge, metric: BillableMetricRow): ChargeFilterFields {
  const model = chargeModel(charge_model);
  const details = validateFilter(terms, model, metric);
  if (Object.keys(details).length > 0) throw invalid(details);
  return storedFilter(terms, model);
}

export const chargeFilterOperations: Operation[] = [
  operation({
    op: 'POST /plans/{code}/charges/{charge_code}/filters',
    tag: 'plans',
    summary: 'Add a filter to a charge, after those that it has',
    object: 'plan',
    params,
    body: z.object({ filter: chargeFilterCreateFields }),
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, params: { code, charge_code }, body }) {
      const { plan, charge, metric } = await lockCharge(trx, code, charge_code);
      const list = [...(await findFilters(trx, charge)), readFilter(body.filter, charge, metric)];
      await replaceChargeFilters(trx, new Map([[charge.id, list]]), at);
      await announceChange(trx, plan, at);
      return { filter: chargeFilterWire((await findFilters(trx, charge)).at(-1) as ChargeFilter, charge) };
    },
  }),
  operation({
    op: 'GET /plans/{code}/charges/{charge_code}/filters',
    tag: 'plans',
    summary: 'List the filters of a charge',
    object: 'plan',
    params,
    query: z.object(paginationQuery),
    answer: z.object({ filters: z.array(chargeFilterObject), meta: paginationMeta }),
    errors: [404],
    async handle({ trx, params: { code, charge_code }, query }) {
      const charge = await takeCharge(trx, await takePlan(trx, code), charge_code);
      const { rows, meta } = await paginate(listChargeFilters(trx, [charge.id]), query);
      return { filters: rows.map((filter) => chargeFilterWire(filter, charge)), meta };
    },
  }),
  operation({
    op: 'GET /plans/{code}/charges/{charge_code}/filters/{filter_id}',
    tag: 'plans',
    summary: 'Retrieve a filter of a charge',
    object: 'plan',
    params: filterParams,
    answer,
    errors: [404],
    async handle({ trx, params: { code, charge_code, filter_id } }) {
      const charge = await takeCharge(trx, await takePlan(trx, code), charge_code);
      return { filter: chargeFilterWire(takeFilter(await findFilters(trx, charge), filter_id), charge) };
    },
  }),
  operation({
    op: 'PUT /plans/{code}/charges/{charge_code}/filters/{filter_id}',
    tag: 'plans',
    summary: 'Update the prices and the name of a filter',
    object: 'plan',
    params: filterParams,
    body: z.object({ filter: chargeFilterUpdateFields }),
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, params: { code, charge_code, filter_id }, body: { filter: input } }) {
      const { plan, charge, metric } = await lockCharge(trx, code, charge_code);
      const filters = await findFilters(trx, charge);
      const before = takeFilter(filters, filter_id);
      const { properties = before.properties, invoice_display_name = before.invoice_display_name } = input;
      const terms = { values: before.values, properties, invoice_display_name };
      const after = { ...readFilter(terms, charge, metric), id: before.id };
      const list = filters.map((filter) => (filter === before ? after : filter));
      await replaceChargeFilters(trx, new Map([[charge.id, list]]), at);
      await announceChange(trx, plan, at);
      return { filter: chargeFilterWire(after, charge) };
    },
  }),
  operation({
    op: 'DELETE /plans/{code}/charges/{charge_code}/filters/{filter_id}',
    tag: 'plans',
    summary: 'Take a filter off a charge: what it matched costs what the charge costs',
    object: 'plan',
    params: filterParams,
    body: z.object({ filter: deletionFields }),
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, params: { code, charge_code, filter_id } }) {
      const { plan, charge } = await lockCharge(trx, code, charge_code);
      const filters = await findFilters(trx, charge);
      const gone = takeFilter(filters, filter_id);
      const left = filters.filter((filter) => filter !== gone);
      await replaceChargeFilters(trx, new Map([[charge.id, left]]), at);
      await announceChange(trx, plan, at);
      return { filter: chargeFilterWire(gone, charge) };
    },
  }),
];
