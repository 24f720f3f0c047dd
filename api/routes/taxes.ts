import { z } from 'zod';
import { invalid, notFound } from '../../billing/errors.ts';
import { taxWire } from '../../billing/taxes/wire.ts';
import { markDraftsStale } from '../../db/stale-drafts.ts';
import { type TaxRow, deleteTax, findTax, insertTax, listTaxes, updateTax } from '../../db/taxes.ts';
import type { Transaction } from '../../db/transaction.ts';
import { mandatoryText, optionalText, positiveDecimal, text } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { taxObject } from '../contracts/taxes.ts';
import { type Operation, operation } from '../operation.ts';

const rate = positiveDecimal.meta({ description: 'Percent' });

const createInput = z.object({
  tax: z.object({
    name: mandatoryText,
    code: mandatoryText,
    rate,
    description: optionalText,
    applied_to_organization: z.boolean().nullish(),
  }),
});

const updateInput = z.object({
  tax: z.object({
    name: mandatoryText.optional(),
    code: mandatoryText.optional(),
    rate: rate.optional(),
    description: optionalText,
    applied_to_organization: z.boolean().optional(),
  }),
});

const taxAnswer = z.object({ tax: taxObject });
const params = z.object({ code: text });

async function takeTax(trx: Transaction, code: string): Promise<TaxRow> {
  const tax = await findTax(trx, code);
  if (!tax) throw notFound('tax');
  return tax;
}

async function refuseTakenCode(trx: Transaction, code: string): Promise<void> {
  if (await findTax(trx, code)) throw invalid({ code: ['value_already_exist'] });
}

export const taxOperations: Operation[] = [
  operation({
    op: 'POST /taxes',
    tag: 'taxes',
    summary: 'Create a tax',
    object: 'tax',
    body: createInput,
    answer: taxAnswer,
    errors: [400, 422],
    async handle({ trx, at, body }) {
      const { description = null, applied_to_organization, ...fields } = body.tax;
      await refuseTakenCode(trx, fields.code);
      const tax = await insertTax(
        trx,
        { ...fields, description, applied_to_organization: applied_to_organization ?? false },
        at,
      );
      if (tax.applied_to_organization) await markDraftsStale(trx, 'organization', at);
      return { tax: taxWire(tax) };
    },
  }),
  operation({
    op: 'GET /taxes',
    tag: 'taxes',
    summary: 'List all taxes',
    object: 'tax',
    query: z.object(paginationQuery),
    answer: z.object({ taxes: z.array(taxObject), meta: paginationMeta }),
    errors: [],
    async handle({ trx, query }) {
      const { rows, meta } = await paginate(listTaxes(trx), query);
      return { taxes: rows.map(taxWire), meta };
    },
  }),
  operation({
    op: 'GET /taxes/{code}',
    tag: 'taxes',
    summary: 'Retrieve a tax',
    object: 'tax',
    params,
    answer: taxAnswer,
    errors: [404],
    handle: async ({ trx, params }) => ({ tax: taxWire(await takeTax(trx, params.code)) }),
  }),
  operation({
    op: 'PUT /taxes/{code}',
    tag: 'taxes',
    summary: 'Update a tax',
    object: 'tax',
    params,
    body: updateInput,
    answer: taxAnswer,
    errors: [400, 404, 422],
    async handle({ trx, at, params, body }) {
      const tax = await takeTax(trx, params.code);
      const { code } = body.tax;
      if (code !== undefined && code !== tax.code) await refuseTakenCode(trx, code);
      const changed = await updateTax(trx, tax.id, body.tax, at);
      const isForOthers = changed.applied_to_organization !== tax.applied_to_organization;
      await markDraftsStale(trx, isForOthers ? 'organization' : { tax_id: tax.id }, at);
      return { tax: taxWire(changed) };
    },
  }),
  operation({
    op: 'DELETE /taxes/{code}',
    tag: 'taxes',
    summary: 'Delete a tax',
    object: 'tax',
    params,
    answer: taxAnswer,
    errors: [404],
    async handle({ trx, at, params }) {
      const tax = await takeTax(trx, params.code);
      await markDraftsStale(trx, { tax_id: tax.id }, at);
      await deleteTax(trx, tax.id, at);
      return { tax: taxWire(tax) };
    },
  }),
];
