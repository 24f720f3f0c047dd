import type { Knex } from 'knex';
import { type Transaction, rows } from './transaction.ts';

const COLUMNS = ['name', 'firstname', 'lastname', 'external_id', 'email'];

/** What is like a term that somebody looks for: a part of it, and nothing in the term has a meaning of its own. */
export function patternOf(term: string): string {
  return `%${term.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
}

/** The ids of customers who are called like it, in any case. */
export function customersLike(trx: Transaction, pattern: string): Knex.QueryBuilder {
  return rows(trx, 'customers')
    .where((customer) => COLUMNS.forEach((column) => customer.orWhereILike(column, pattern)))
    .select('id');
}
