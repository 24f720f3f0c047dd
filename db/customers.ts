import type { Knex } from 'knex';
import type { Instant } from '../billing/clock/instant.ts';
import { assert } from '../billing/assert.ts';
import type { Customer, CustomerMetadata } from '../billing/customers/customer.ts';
import type { CustomerDocument } from '../billing/customers/wire.ts';
import { customerSlug } from '../billing/invoices/numbering.ts';
import { newId } from './ids.ts';
import { findOrganization, lockOrganization } from './organizations.ts';
import { findAttachedTaxes } from './taxes.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface CustomerRow extends Customer {
  readonly organization_id: string;
  readonly deleted_at: Instant | null;
}

/** What the caller may say about a customer. */
export type CustomerFields = Omit<
  Customer,
  'id' | 'sequential_id' | 'slug' | 'external_id' | 'account_type' | 'created_at' | 'updated_at'
>;

/** The organization's customers that were not deleted, newest first. */
export function listCustomers(trx: Transaction): Knex.QueryBuilder<CustomerRow, CustomerRow[]> {
  return rows<CustomerRow>(trx, 'customers')
    .whereNull('customers.deleted_at')
    .orderBy([
      { column: 'customers.created_at', order: 'desc' },
      { column: 'customers.id', order: 'desc' },
    ]);
}

export async function findCustomer(trx: Transaction, external_id: string): Promise<CustomerRow | undefined> {
  return rows<CustomerRow>(trx, 'customers').where({ external_id, deleted_at: null }).first();
}

/** Holds the row against other changes until the transaction ends. What belongs to the customer may be written meanwhile. */
export async function lockCustomer(trx: Transaction, external_id: string): Promise<CustomerRow | undefined> {
  return rows<CustomerRow>(trx, 'customers').where({ external_id, deleted_at: null }).forNoKeyUpdate().first();
}

export async function findCustomerById(trx: Transaction, id: string): Promise<CustomerRow | undefined> {
  return rows<CustomerRow>(trx, 'customers').where({ id, deleted_at: null }).first();
}

/** Finds the customer of this id or makes one. Two requests for a new one queue on the organization, whose counter numbers it. */
export async function lockOrCreateCustomer(
  trx: Transaction,
  external_id: string,
  at: Instant,
): Promise<{ customer: CustomerRow; isNew: boolean }> {
  const known = await lockCustomer(trx, external_id);
  if (known) return { customer: known, isNew: false };
  const { customers_count, document_number_prefix } = await lockOrganization(trx);
  const made_meanwhile = await lockCustomer(trx, external_id);
  if (made_meanwhile) return { customer: made_meanwhile, isNew: false };

  const sequential_id = customers_count + 1;
  await trx('organizations').where({ id: trx.organization_id }).update({ customers_count: sequential_id });
  const [customer] = await insert<CustomerRow>(trx, 'customers', {
    id: newId(),
    external_id,
    sequential_id,
    slug: customerSlug(document_number_prefix, sequential_id),
    created_at: at,
    updated_at: at,
  });
  assert(customer, 'customer: an inserted row comes back');
  return { customer, isNew: true };
}

export async function updateCustomer(
  trx: Transaction,
  id: string,
  { shipping_address, ...changes }: Partial<CustomerFields>,
  at: Instant,
): Promise<CustomerRow> {
  const [customer] = await rows<CustomerRow>(trx, 'customers')
    .where({ id })
    .update({
      ...changes,
      ...(shipping_address && { shipping_address: JSON.stringify(shipping_address) as never }),
      updated_at: at,
    })
    .returning('*');
  assert(customer, 'customer: an updated row exists');
  return customer;
}

/** Its id is free from now on. Documents go on showing it. */
export async function deleteCustomer(trx: Transaction, id: string, at: Instant): Promise<void> {
  await rows(trx, 'customers').where({ id }).update({ deleted_at: at });
}

export type MetadataFields = Pick<CustomerMetadata, 'key' | 'value' | 'display_in_invoice'> & { readonly id?: string };

/** Replaces the whole list. Those that are named by their id keep it, and the time of their creation. */
export async function replaceCustomerMetadata(
  trx: Transaction,
  customer_id: string,
  list: readonly MetadataFields[],
  at: Instant,
): Promise<void> {
  const removed = await rows<CustomerMetadata>(trx, 'customer_metadata').where({ customer_id }).delete().returning('*');
  const known = new Map(removed.map((one) => [one.id, one]));
  const kept = list.map(({ id, ...fields }) => {
    const before = id === undefined ? undefined : known.get(id);
    return { ...fields, id: before?.id ?? newId(), created_at: before?.created_at ?? at, customer_id };
  });
  await insert(trx, 'customer_metadata', kept);
}

/** What the wire of each customer is made of, by id: three statements whatever their number. Deleted ones are still found. */
export async function loadCustomers(
  trx: Transaction,
  ids: readonly string[],
): Promise<ReadonlyMap<string, CustomerDocument>> {
  if (ids.length === 0) return new Map();
  const found = await rows<CustomerRow>(trx, 'customers').whereIn('id', [...ids]);
  const metadata = await rows<CustomerMetadata>(trx, 'customer_metadata')
    .whereIn('customer_id', [...ids])
    .orderBy(['created_at', 'id']);
  const metadataOf = Map.groupBy(metadata, ({ customer_id }) => customer_id);
  const taxesOf = await findAttachedTaxes(trx, 'customer', ids);
  const { timezone } = await findOrganization(trx);
  return new Map(
    found.map((customer) => [
      customer.id,
      {
        customer,
        organization_timezone: timezone,
        metadata: metadataOf.get(customer.id) ?? [],
        taxes: taxesOf(customer.id),
      },
    ]),
  );
}
