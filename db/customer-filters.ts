import type { Knex } from 'knex';
import type { CustomerRow } from './customers.ts';
import type { Transaction } from './transaction.ts';

/** Which customers a list shows. Absent: all. */
export interface CustomerFilters {
  readonly search_term?: string | undefined;
  readonly external_id?: string | undefined;
  readonly account_types?: readonly string[] | undefined;
  readonly customer_type?: string | undefined;
  readonly has_customer_type?: boolean | undefined;
  readonly has_tax_identification_number?: boolean | undefined;
  readonly countries?: readonly string[] | undefined;
  readonly states?: readonly string[] | undefined;
  readonly zipcodes?: readonly string[] | undefined;
  readonly currencies?: readonly string[] | undefined;
  /** All must match. An empty value finds those that do not have the key. */
  readonly metadata: readonly { readonly key: string; readonly value: string }[];
}

type Query = Knex.QueryBuilder<CustomerRow, CustomerRow[]>;

const SEARCHED = ['name', 'firstname', 'lastname', 'legal_name', 'external_id', 'email'];

/** Narrows a list of customers. An external id that is named makes a search of no use. */
export function filterCustomers(trx: Transaction, query: Query, filters: CustomerFilters): Query {
  if (filters.external_id !== undefined) void query.where('customers.external_id', filters.external_id);
  else if (filters.search_term?.trim()) searchIn(query, filters.search_term.trim());
  if (filters.customer_type !== undefined) void query.where('customers.customer_type', filters.customer_type);
  isPresent(query, 'customer_type', filters.has_customer_type);
  isPresent(query, 'tax_identification_number', filters.has_tax_identification_number);
  const lists = {
    account_type: filters.account_types,
    country: filters.countries,
    state: filters.states,
    zipcode: filters.zipcodes,
    currency: filters.currencies,
  };
  for (const [column, values] of Object.entries(lists)) if (values?.length) void query.whereIn(column, [...values]);
  for (const { key, value } of filters.metadata) matchMetadata(trx, query, key, value);
  return query;
}

function searchIn(query: Query, search_term: string): void {
  const pattern = `%${search_term.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  void query.where((any) => {
    for (const column of SEARCHED) void any.orWhereILike(`customers.${column}`, pattern);
  });
}

function isPresent(query: Query, column: string, wanted: boolean | undefined): void {
  if (wanted === true) void query.whereNotNull(column);
  if (wanted === false) void query.whereNull(column);
}

function matchMetadata(trx: Transaction, query: Query, key: string, value: string): void {
  const found = trx('customer_metadata as m')
    .where('m.organization_id', trx.organization_id)
    .whereRaw('m.customer_id = customers.id')
    .where('m.key', key)
    .select(trx.raw('1'));
  if (value === '') void query.whereNotExists(found);
  else void query.whereExists(found.where('m.value', value));
}
