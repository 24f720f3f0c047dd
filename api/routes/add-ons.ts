import { z } from 'zod';
import { addOnWire } from '../../billing/add-ons/wire.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import { fitsKey } from '../../billing/events/event.ts';
import {
  type AddOnRow,
  deleteAddOn,
  findAddOn,
  insertAddOn,
  listAddOns,
  loadAddOns,
  updateAddOn,
} from '../../db/add-ons.ts';
import { attachTaxes, findTaxesByCode } from '../../db/taxes.ts';
import type { Transaction } from '../../db/transaction.ts';
import { currency, id, mandatoryText, optionalText, taxCodes, text, wireInstant } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { taxObject } from '../contracts/taxes.ts';
import { type Operation, operation } from '../operation.ts';

const code = mandatoryText.refine(fitsKey, 'value_is_too_long');
const amount_cents = z
  .int()
  .min(1, 'value_is_out_of_range')
  .meta({ description: 'Of one unit, in the smallest unit of the currency' });

const createInput = z.object({
  add_on: z.object({
    name: mandatoryText,
    code,
    amount_cents,
    amount_currency: currency,
    description: optionalText,
    invoice_display_name: optionalText,
    tax_codes: taxCodes,
  }),
});

const updateInput = z.object({
  add_on: z.object({
    name: mandatoryText.optional(),
    code: code.optional(),
    amount_cents: amount_cents.optional(),
    amount_currency: currency.optional(),
    description: optionalText,
    invoice_display_name: optionalText,
    tax_codes: taxCodes,
  }),
});

const addOnObject = z
  .object({
    lago_id: id,
    name: z.string(),
    invoice_display_name: z.string().nullable(),
    code: z.string(),
    amount_cents: z.int(),
    amount_currency: z.string(),
    description: z.string().nullable(),
    created_at: wireInstant,
    taxes: z.array(taxObject),
  })
  .meta({ id: 'AddOnObject' });

const answer = z.object({ add_on: addOnObject });
const params = z.object({ code: text });

async function takeAddOn(trx: Transaction, wanted: string): Promise<AddOnRow> {
  const add_on = await findAddOn(trx, wanted);
  if (!add_on) throw notFound('add_on');
  return add_on;
}

async function refuseTakenCode(trx: Transaction, wanted: string): Promise<void> {
  if (await findAddOn(trx, wanted)) throw invalid({ code: ['value_already_exist'] });
}

async function show(trx: Transaction, list: readonly AddOnRow[]) {
  return (await loadAddOns(trx, list)).map(addOnWire);
}

async function showOne(trx: Transaction, add_on: AddOnRow) {
  const [shown] = await show(trx, [add_on]);
  return { add_on: shown! };
}

/** Absent: left as they are. @throws `tax_not_found` */
async function attach(
  trx: Transaction,
  write: () => Promise<AddOnRow>,
  codes: z.output<typeof taxCodes>,
): Promise<AddOnRow> {
  const taxes = await findTaxesByCode(trx, codes ?? []);
  const add_on = await write();
  if (codes !== undefined)
    await attachTaxes(trx, 'add_on', new Map([[add_on.id, [...taxes.values()].map((tax) => tax.id)]]));
  return add_on;
}

async function create(trx: Transaction, input: z.output<typeof createInput>['add_on'], at: Instant) {
  const { tax_codes, description = null, invoice_display_name = null, ...fields } = input;
  await refuseTakenCode(trx, fields.code);
  const write = () => insertAddOn(trx, { ...fields, description, invoice_display_name }, at);
  return attach(trx, write, tax_codes);
}

async function edit(trx: Transaction, known: AddOnRow, input: z.output<typeof updateInput>['add_on'], at: Instant) {
  const { tax_codes, ...fields } = input;
  if (fields.code !== undefined && fields.code !== known.code) await refuseTakenCode(trx, fields.code);
  const changes = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return attach(trx, () => updateAddOn(trx, known.id, changes, at), tax_codes);
}

export const addOnOperations: Operation[] = [
  operation({
    op: 'POST /add_ons',
    tag: 'add_ons',
    summary: 'Create an add-on',
    object: 'add_on',
    body: createInput,
    answer,
    errors: [400, 404, 422],
    handle: async ({ trx, at, body }) => showOne(trx, await create(trx, body.add_on, at)),
  }),
  operation({
    op: 'GET /add_ons',
    tag: 'add_ons',
    summary: 'List all add-ons',
    object: 'add_on',
    query: z.object(paginationQuery),
    answer: z.object({ add_ons: z.array(addOnObject), meta: paginationMeta }),
    errors: [],
    async handle({ trx, query }) {
      const { rows, meta } = await paginate(listAddOns(trx), query);
      return { add_ons: await show(trx, rows), meta };
    },
  }),
  operation({
    op: 'GET /add_ons/{code}',
    tag: 'add_ons',
    summary: 'Retrieve an add-on',
    object: 'add_on',
    params,
    answer,
    errors: [404],
    handle: async ({ trx, params }) => showOne(trx, await takeAddOn(trx, params.code)),
  }),
  operation({
    op: 'PUT /add_ons/{code}',
    tag: 'add_ons',
    summary: 'Update an add-on',
    object: 'add_on',
    params,
    body: updateInput,
    answer,
    errors: [400, 404, 422],
    handle: async ({ trx, at, params, body }) =>
      showOne(trx, await edit(trx, await takeAddOn(trx, params.code), body.add_on, at)),
  }),
  operation({
    op: 'DELETE /add_ons/{code}',
    tag: 'add_ons',
    summary: 'Delete an add-on; invoices go on showing it',
    object: 'add_on',
    params,
    answer,
    errors: [404],
    async handle({ trx, at, params }) {
      const add_on = await takeAddOn(trx, params.code);
      const shown = await showOne(trx, add_on);
      await deleteAddOn(trx, add_on.id, at);
      return shown;
    },
  }),
];
