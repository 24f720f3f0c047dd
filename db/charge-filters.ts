import type { Knex } from 'knex';
import type { MetricFilter } from '../billing/billable-metrics/filters.ts';
import { matchFilters, trimFilterValues } from '../billing/charges/filters.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { ChargeFilter } from '../billing/usage/filters.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

interface ChargeFilterRow extends ChargeFilter {
  readonly charge_id: string;
}

/** Without an id: the stored filter with the same values, or a new one. */
export type ChargeFilterFields = Omit<ChargeFilter, 'id'> & { readonly id?: string };

/** The filters of charges, in their order. */
export function listChargeFilters(
  trx: Transaction,
  charge_ids: readonly string[],
): Knex.QueryBuilder<ChargeFilterRow, ChargeFilterRow[]> {
  return rows<ChargeFilterRow>(trx, 'charge_filters')
    .whereIn('charge_id', [...charge_ids])
    .whereNull('deleted_at')
    .orderBy(['position', 'id']);
}

/** Those of each of the charges, in one query. */
export async function findChargeFilters(
  trx: Transaction,
  charge_ids: readonly string[],
): Promise<(charge_id: string) => readonly ChargeFilter[]> {
  const found = charge_ids.length === 0 ? [] : await listChargeFilters(trx, charge_ids);
  const byCharge = Map.groupBy(found, ({ charge_id }) => charge_id);
  return (charge_id) => byCharge.get(charge_id) ?? [];
}

/** Gives each of the charges the whole list of its filters: those that it had already stay the same ones. */
export async function replaceChargeFilters(
  trx: Transaction,
  filters_of: ReadonlyMap<string, readonly ChargeFilterFields[]>,
  at: Instant,
): Promise<void> {
  const storedOf = await findChargeFilters(trx, [...filters_of.keys()]);
  const placed = [...filters_of].flatMap(([charge_id, wanted]) => {
    const ids = matchFilters(storedOf(charge_id), wanted);
    return wanted.map((fields, position) => ({ id: ids[position], charge_id, position, fields }));
  });
  const kept = new Set(placed.map(({ id }) => id));
  const stored = [...filters_of.keys()].flatMap((charge_id) => storedOf(charge_id).map(({ id }) => id));
  await deleteChargeFilters(
    trx,
    stored.filter((id) => !kept.has(id)),
    at,
  );
  await updateChargeFilters(
    trx,
    placed.flatMap(({ id, position, fields }) => (id === undefined ? [] : { ...fields, id, position })),
    at,
  );
  await insert(
    trx,
    'charge_filters',
    placed
      .filter(({ id }) => id === undefined)
      .map(({ charge_id, position, fields: { values, properties, invoice_display_name } }) => ({
        id: newId(),
        charge_id,
        position,
        values: JSON.stringify(values),
        properties: JSON.stringify(properties),
        invoice_display_name,
        created_at: at,
        updated_at: at,
      })),
  );
}

async function updateChargeFilters(
  trx: Transaction,
  list: readonly (ChargeFilter & { readonly position: number })[],
  at: Instant,
): Promise<void> {
  if (list.length === 0) return;
  await trx.raw(
    `update charge_filters f
     set values = n.values, properties = n.properties, invoice_display_name = n.invoice_display_name, position = n.position, updated_at = :at
     from jsonb_to_recordset(:list::jsonb) n (id uuid, position integer, values jsonb, properties jsonb, invoice_display_name text)
     where f.organization_id = :organization_id and f.id = n.id`,
    { organization_id: trx.organization_id, list: JSON.stringify(list), at },
  );
}

/** They stay with the fees that they priced. */
async function deleteChargeFilters(trx: Transaction, ids: readonly string[], at: Instant): Promise<void> {
  await rows(trx, 'charge_filters')
    .whereIn('id', [...ids])
    .update({ deleted_at: at });
}

/** Takes out of the filters of a metric's charges what the metric does not list any more. */
export async function trimChargeFilters(
  trx: Transaction,
  billable_metric_id: string,
  listed: readonly MetricFilter[],
  at: Instant,
): Promise<void> {
  const found = (await rows(trx, 'charge_filters')
    .join('charges as c', 'c.id', 'charge_filters.charge_id')
    .where({ 'c.billable_metric_id': billable_metric_id })
    .whereNull('charge_filters.deleted_at')
    .whereNull('c.deleted_at')
    .orderBy('charge_filters.id')
    .forUpdate('charge_filters')
    .select('charge_filters.*')) as (ChargeFilterRow & { readonly position: number })[];
  const trimmed = found
    .map((filter) => ({ ...filter, before: filter.values, values: trimFilterValues(filter.values, listed) }))
    .filter(({ before, values }) => JSON.stringify(values) !== JSON.stringify(before));
  const isGone = trimmed.filter(({ values }) => values === null).map(({ id }) => id);
  await deleteChargeFilters(trx, isGone, at);
  await updateChargeFilters(
    trx,
    trimmed.flatMap(({ values, ...filter }) => (values === null ? [] : { ...filter, values })),
    at,
  );
}
