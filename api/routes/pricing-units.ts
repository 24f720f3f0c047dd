import { z } from 'zod';
import { invalid, notFound } from '../../billing/errors.ts';
import { pricingUnitWire } from '../../billing/pricing-units/wire.ts';
import {
  findPricingUnit,
  insertPricingUnit,
  listPricingUnits,
  type PricingUnitRow,
  updatePricingUnit,
} from '../../db/pricing-units.ts';
import type { Transaction } from '../../db/transaction.ts';
import { id, mandatoryText, optionalText, text, wireInstant } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { type Operation, operation } from '../operation.ts';

const SHORT_NAME_MAX = 3;
const short_name = mandatoryText.refine((value) => [...value].length <= SHORT_NAME_MAX, 'value_is_too_long');

const pricingUnitObject = z
  .object({
    lago_id: id,
    name: z.string(),
    code: z.string(),
    short_name: z.string().describe('Stands where a currency would'),
    description: z.string().nullable(),
    created_at: wireInstant,
  })
  .meta({ id: 'PricingUnitObject' });

const answer = z.object({ pricing_unit: pricingUnitObject });
const params = z.object({ code: text });

const createInput = z.object({
  pricing_unit: z.object({ name: mandatoryText, code: mandatoryText, short_name, description: optionalText }),
});

// Its code stays: plans say it.
const updateInput = z.object({
  pricing_unit: z.object({
    name: mandatoryText.optional(),
    short_name: short_name.optional(),
    description: optionalText,
  }),
});

async function takePricingUnit(trx: Transaction, code: string): Promise<PricingUnitRow> {
  const unit = await findPricingUnit(trx, code);
  if (!unit) throw notFound('pricing_unit');
  return unit;
}

export const pricingUnitOperations: Operation[] = [
  operation({
    op: 'POST /pricing_units',
    tag: 'pricing_units',
    summary: 'Create a unit that charges can be priced in',
    object: 'plan',
    body: createInput,
    answer,
    errors: [400, 422],
    async handle({ trx, at, body }) {
      const { description = null, ...fields } = body.pricing_unit;
      if (await findPricingUnit(trx, fields.code)) throw invalid({ code: ['value_already_exist'] });
      return { pricing_unit: pricingUnitWire(await insertPricingUnit(trx, { ...fields, description }, at)) };
    },
  }),
  operation({
    op: 'GET /pricing_units',
    tag: 'pricing_units',
    summary: 'List all pricing units',
    object: 'plan',
    query: z.object(paginationQuery),
    answer: z.object({ pricing_units: z.array(pricingUnitObject), meta: paginationMeta }),
    errors: [],
    async handle({ trx, query }) {
      const { rows, meta } = await paginate(listPricingUnits(trx), query);
      return { pricing_units: rows.map(pricingUnitWire), meta };
    },
  }),
  operation({
    op: 'GET /pricing_units/{code}',
    tag: 'pricing_units',
    summary: 'Retrieve a pricing unit',
    object: 'plan',
    params,
    answer,
    errors: [404],
    handle: async ({ trx, params }) => ({ pricing_unit: pricingUnitWire(await takePricingUnit(trx, params.code)) }),
  }),
  operation({
    op: 'PUT /pricing_units/{code}',
    tag: 'pricing_units',
    summary: 'Update a pricing unit: from now on, fees show its new name',
    object: 'plan',
    params,
    body: updateInput,
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, params, body }) {
      const unit = await takePricingUnit(trx, params.code);
      const { name, short_name, description } = body.pricing_unit;
      const changes = {
        ...(name !== undefined && { name }),
        ...(short_name !== undefined && { short_name }),
        ...(description !== undefined && { description }),
      };
      return { pricing_unit: pricingUnitWire(await updatePricingUnit(trx, unit.id, changes, at)) };
    },
  }),
];
