import type { Knex } from 'knex';
import type { Database } from './connection.ts';

/** A transaction bound to one organization: row-level security shows it no other's rows, and `rows` filters by it as well. */
export type Transaction = Knex.Transaction & { readonly organization_id: string };

/** Runs `work` in one transaction bound to an organization. Serialization failures and deadlocks are the caller's to retry. */
export function inOrganization<T>(
  db: Database,
  organization_id: string,
  work: (trx: Transaction) => Promise<T>,
): Promise<T> {
  return db.transaction(async (trx) => {
    await trx.raw(`select set_config('app.organization_id', ?, true)`, [organization_id]);
    return work(Object.assign(trx, { organization_id }));
  });
}

/** The organization's rows of a table: the first wall, in front of row-level security. */
export function rows<Row extends object = Record<string, unknown>>(
  trx: Transaction,
  table: string,
): Knex.QueryBuilder<Row, Row[]> {
  return trx<Row>(table).where(`${table}.organization_id`, trx.organization_id) as unknown as Knex.QueryBuilder<
    Row,
    Row[]
  >;
}

/** Inserts rows of the organization and returns them. */
export async function insert<Row extends object>(
  trx: Transaction,
  table: string,
  row: object | object[],
): Promise<Row[]> {
  const list = (Array.isArray(row) ? row : [row]).map((one) => ({ ...one, organization_id: trx.organization_id }));
  return list.length === 0 ? [] : ((await trx(table).insert(list).returning('*')) as Row[]);
}

/** Holds a lock until the transaction ends. Names are hashed by Postgres; take several in sorted order. */
export async function lock(trx: Transaction, name: string): Promise<void> {
  await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`${trx.organization_id}/${name}`]);
}
