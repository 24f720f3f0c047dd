import { z } from 'zod';
import { chargeFilterWire } from '../../billing/plans/wire.ts';
import { listChargeFilters } from '../../db/charge-filters.ts';
import { text } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import {
  chargeFilterCreateFields,
  chargeFilterObject,
  chargeFilterUpdateFields,
  deletionFields,
} from '../contracts/plans.ts';
import { type Operation, operation } from '../operation.ts';
import { cascading } from './plans/cascade.ts';
import { addFilter, changeFilter, removeFilter, takeFilter } from './plans/filters.ts';
import { announceChange, lockCharge, takeCharge, takePlan } from './plans/parts.ts';

const answer = z.object({ filter: chargeFilterObject });
const params = z.object({ code: text, charge_code: text });
const filterParams = z.object({ code: text, charge_code: text, filter_id: text });

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
      const add = () => addFilter(trx, { charge, metric }, body.filter, at);
      const added = await cascading(trx, plan, body.filter, at, add);
      await announceChange(trx, plan, at);
      return { filter: chargeFilterWire(added, charge) };
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
      return { filter: chargeFilterWire(await takeFilter(trx, charge, filter_id), charge) };
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
      const before = await takeFilter(trx, charge, filter_id);
      const change = () => changeFilter(trx, { charge, metric }, before, input, at);
      const after = await cascading(trx, plan, input, at, change);
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
    async handle({ trx, at, params: { code, charge_code, filter_id }, body }) {
      const { plan, charge } = await lockCharge(trx, code, charge_code);
      const gone = await takeFilter(trx, charge, filter_id);
      await cascading(trx, plan, body.filter, at, () => removeFilter(trx, charge, gone, at));
      await announceChange(trx, plan, at);
      return { filter: chargeFilterWire(gone, charge) };
    },
  }),
];
