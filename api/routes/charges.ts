import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import { chargeWire } from '../../billing/plans/wire.ts';
import { findChargeFilters } from '../../db/charge-filters.ts';
import {
  type ListedCharge,
  type PlanRow,
  deleteCharges,
  findCharges,
  listCharges,
  loadCharges,
  wasSubscribed,
} from '../../db/plans.ts';
import type { Transaction } from '../../db/transaction.ts';
import { text } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import {
  type ChargeInput,
  chargeCreateFields,
  chargeObject,
  chargeUpdateFields,
  deletionFields,
} from '../contracts/plans.ts';
import { type Operation, operation } from '../operation.ts';
import { type Details, addDetails, changedCharge, codeAfter, findReferences, newCharges } from './plans/charges.ts';
import { cascading } from './plans/cascade.ts';
import { announceChange, lockCharge, lockPlanOf, takeCharge, takePlan } from './plans/parts.ts';
import { addCharges, changeCharges } from './plans/write-charges.ts';

const answer = z.object({ charge: chargeObject });
const params = z.object({ code: text, charge_code: text });

type ChargeAnswer = Promise<{ charge: ReturnType<typeof chargeWire> }>;

async function showCharge(trx: Transaction, charge: ListedCharge): ChargeAnswer {
  const [document] = await loadCharges(trx, [charge]);
  if (!document) throw notFound('charge');
  return { charge: chargeWire(document) };
}

async function addCharge(trx: Transaction, plan: PlanRow, input: ChargeInput, at: Instant): Promise<string> {
  const references = await findReferences(trx, [], [input], 'billable_metric');
  const taken = (await findCharges(trx, plan.id)).map(({ code }) => code);
  const details: Details = {};
  const writes = newCharges([input], references, taken, details);
  if (Object.keys(details).length > 0) throw invalid(details);
  await addCharges(trx, plan.id, writes, at);
  return writes[0]!.fields.code;
}

async function changeCharge(
  trx: Transaction,
  { plan, charge, metric }: Awaited<ReturnType<typeof lockCharge>>,
  input: ChargeInput,
  at: Instant,
): Promise<string> {
  const references = await findReferences(trx, [], [input], 'billable_metric');
  const isFixed = await wasSubscribed(trx, plan.id);
  const filters = (await findChargeFilters(trx, [charge.id]))(charge.id);
  const details: Details = {};
  const changed = changedCharge(input, { charge, filters }, isFixed, metric, references, details);
  const siblings = (await findCharges(trx, plan.id)).filter(({ id }) => id !== charge.id);
  if (!isFixed && siblings.some(({ code }) => code === codeAfter(input, charge)))
    addDetails(details, { code: ['value_already_exist'] });
  if (!changed || Object.keys(details).length > 0) throw invalid(details);
  await changeCharges(trx, [changed], at);
  return changed.fields.code;
}

export const chargeOperations: Operation[] = [
  operation({
    op: 'POST /plans/{code}/charges',
    tag: 'plans',
    summary: 'Add a charge to a plan',
    object: 'plan',
    params: z.object({ code: text }),
    body: z.object({ charge: chargeCreateFields }),
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, params: { code }, body }) {
      const plan = await lockPlanOf(trx, code);
      const charge_code = await cascading(trx, plan, body.charge, at, () => addCharge(trx, plan, body.charge, at));
      await announceChange(trx, plan, at);
      return showCharge(trx, await takeCharge(trx, plan, charge_code));
    },
  }),
  operation({
    op: 'GET /plans/{code}/charges',
    tag: 'plans',
    summary: 'List the charges of a plan',
    object: 'plan',
    params: z.object({ code: text }),
    query: z.object(paginationQuery),
    answer: z.object({ charges: z.array(chargeObject), meta: paginationMeta }),
    errors: [404],
    async handle({ trx, params: { code }, query }) {
      const plan = await takePlan(trx, code);
      const { rows, meta } = await paginate(listCharges(trx, [plan.id]), query);
      return { charges: (await loadCharges(trx, rows)).map(chargeWire), meta };
    },
  }),
  operation({
    op: 'GET /plans/{code}/charges/{charge_code}',
    tag: 'plans',
    summary: 'Retrieve a charge of a plan',
    object: 'plan',
    params,
    answer,
    errors: [404],
    async handle({ trx, params: { code, charge_code } }) {
      return showCharge(trx, await takeCharge(trx, await takePlan(trx, code), charge_code));
    },
  }),
  operation({
    op: 'PUT /plans/{code}/charges/{charge_code}',
    tag: 'plans',
    summary: 'Update a charge; once its plan was subscribed to, its terms stay and its prices can change',
    object: 'plan',
    params,
    body: z.object({ charge: chargeUpdateFields }),
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, params: { code, charge_code }, body }) {
      const found = await lockCharge(trx, code, charge_code);
      const change = () => changeCharge(trx, found, body.charge, at);
      const codeNow = await cascading(trx, found.plan, body.charge, at, change);
      await announceChange(trx, found.plan, at);
      return showCharge(trx, await takeCharge(trx, found.plan, codeNow));
    },
  }),
  operation({
    op: 'DELETE /plans/{code}/charges/{charge_code}',
    tag: 'plans',
    summary: 'Take a charge off a plan: usage of it is not billed any more',
    object: 'plan',
    params,
    body: z.object({ charge: deletionFields }),
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, params: { code, charge_code }, body }) {
      const { plan, charge } = await lockCharge(trx, code, charge_code);
      const shown = await showCharge(trx, charge);
      await cascading(trx, plan, body.charge, at, () => deleteCharges(trx, [charge.id], at));
      await announceChange(trx, plan, at);
      return shown;
    },
  }),
];
