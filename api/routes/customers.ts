import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { customerWire } from '../../billing/customers/wire.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import { setCustomerTaxes } from '../../db/customer-taxes.ts';
import { filterCustomers } from '../../db/customer-filters.ts';
import {
  type CustomerFields,
  type CustomerRow,
  deleteCustomer,
  findCustomer,
  listCustomers,
  loadCustomers,
  lockCustomer,
  lockOrCreateCustomer,
  replaceCustomerMetadata,
  updateCustomer,
} from '../../db/customers.ts';
import { beginDeletion } from '../../db/deletions.ts';
import { ringThoseConcerned } from '../../db/doorbells.ts';
import { findTaxesByCode } from '../../db/taxes.ts';
import type { Transaction } from '../../db/transaction.ts';
import { announce } from '../../db/webhooks.ts';
import { customerQuery, toFilters } from '../contracts/customer-filters.ts';
import { type CustomerInput, customerFields, customerObject } from '../contracts/customers.ts';
import { text } from '../contracts/fields.ts';
import { paginate, paginationMeta } from '../contracts/pagination.ts';
import { type Operation, operation } from '../operation.ts';
import { assignEuTaxes } from './customers/eu-taxes.ts';

export { customerObject };

const answer = z.object({ customer: customerObject });
const params = z.object({ external_customer_id: text });

async function showCustomers(
  trx: Transaction,
  customers: readonly CustomerRow[],
): Promise<ReturnType<typeof customerWire>[]> {
  const documents = await loadCustomers(
    trx,
    customers.map(({ id }) => id),
  );
  return customers.map(({ id }) => documents.get(id)).flatMap((document) => (document ? [customerWire(document)] : []));
}

async function showCustomer(
  trx: Transaction,
  customer: CustomerRow | undefined,
): Promise<{ customer: ReturnType<typeof customerWire> }> {
  const [shown] = customer ? await showCustomers(trx, [customer]) : [];
  if (!shown) throw notFound('customer');
  return { customer: shown };
}

/** The columns that the input says something about. */
function toFields(input: CustomerInput): Partial<CustomerFields> {
  const {
    external_id: _id,
    account_type: _type,
    billing_entity_code: _entity,
    tax_codes: _codes,
    metadata: _metadata,
    billing_configuration,
    shipping_address,
    finalize_zero_amount_invoice,
    ...fields
  } = input;
  const columns = {
    ...fields,
    ...billing_configuration,
    ...(shipping_address !== undefined && { shipping_address: shipping_address ?? {} }),
    ...(finalize_zero_amount_invoice !== undefined && {
      finalize_zero_amount_invoice: finalize_zero_amount_invoice ?? 'inherit',
    }),
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

function refuseDoubleKeys(metadata: CustomerInput['metadata']): void {
  const keys = (metadata ?? []).map(({ key }) => key);
  if (new Set(keys).size < keys.length) throw invalid({ key: ['value_already_exist'] });
}

async function upsertCustomer(
  trx: Transaction,
  input: CustomerInput,
  at: Instant,
): Promise<{ customer: CustomerRow; isNew: boolean }> {
  refuseDoubleKeys(input.metadata);
  const taxes = await findTaxesByCode(trx, input.tax_codes ?? []);
  const { customer: before, isNew } = await lockOrCreateCustomer(trx, input.external_id, at);
  const customer = await updateCustomer(trx, before.id, toFields(input), at);
  if (input.tax_codes !== undefined)
    await setCustomerTaxes(
      trx,
      customer.id,
      [...taxes.values()].map(({ id }) => id),
      at,
    );
  await assignEuTaxes(trx, { before: isNew ? undefined : before, after: customer, tax_codes: input.tax_codes }, at);
  if (input.metadata !== undefined) {
    const metadata = (input.metadata ?? []).map(({ id, key, value, display_in_invoice }) => ({
      ...(typeof id === 'string' && { id }),
      key,
      value,
      display_in_invoice: display_in_invoice ?? false,
    }));
    await replaceCustomerMetadata(trx, customer.id, metadata, at);
  }
  if (!isNew) await ringThoseConcerned(trx, { customer_id: customer.id }, before, customer);
  return { customer, isNew };
}

export const customerOperations: Operation[] = [
  operation({
    op: 'POST /customers',
    tag: 'customers',
    summary: 'Create a customer, or update the one that has this external id',
    object: 'customer',
    body: z.object({ customer: customerFields }),
    answer,
    errors: [400, 404, 422],
    async handle({ trx, at, body }) {
      const { customer, isNew } = await upsertCustomer(trx, body.customer, at);
      const shown = await showCustomer(trx, customer);
      const webhook_type = isNew ? 'customer.created' : 'customer.updated';
      const object = shown.customer;
      await announce(trx, { webhook_type, object_type: 'customer', object_id: customer.id, object }, at);
      return shown;
    },
  }),
  operation({
    op: 'GET /customers',
    tag: 'customers',
    summary: 'List all customers',
    object: 'customer',
    query: customerQuery,
    answer: z.object({ customers: z.array(customerObject), meta: paginationMeta }),
    errors: [422],
    async handle({ trx, query }) {
      const { rows, meta } = await paginate(filterCustomers(trx, listCustomers(trx), toFilters(query)), query);
      return { customers: await showCustomers(trx, rows), meta };
    },
  }),
  operation({
    op: 'GET /customers/{external_customer_id}',
    tag: 'customers',
    summary: 'Retrieve a customer',
    object: 'customer',
    params,
    answer,
    errors: [404],
    handle: async ({ trx, params }) => showCustomer(trx, await findCustomer(trx, params.external_customer_id)),
  }),
  operation({
    op: 'DELETE /customers/{external_customer_id}',
    tag: 'customers',
    summary: 'Delete a customer and end its subscriptions; invoices stay',
    object: 'customer',
    params,
    answer,
    errors: [404],
    async handle({ trx, at, params }) {
      const customer = await lockCustomer(trx, params.external_customer_id);
      const shown = await showCustomer(trx, customer);
      if (customer) {
        await deleteCustomer(trx, customer.id, at);
        await beginDeletion(trx, { of: 'customer', id: customer.id });
      }
      return shown;
    },
  }),
];
