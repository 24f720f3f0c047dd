import type { Knex } from 'knex';
import { assert } from '../billing/assert.ts';
import type { MetricFilter } from '../billing/billable-metrics/filters.ts';
import type { BillableMetric } from '../billing/billable-metrics/wire.ts';
import type { Instant } from '../billing/clock/instant.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface BillableMetricRow extends BillableMetric {
  readonly organization_id: string;
  readonly updated_at: Instant;
  readonly deleted_at: Instant | null;
}

export type BillableMetricFields = Omit<BillableMetric, 'id' | 'filters' | 'created_at'>;

const FILTERS = `coalesce((
  select jsonb_agg(jsonb_build_object('key', f.key, 'values', f.values) order by f.key collate "C")
  from billable_metric_filters f where f.billable_metric_id = billable_metrics.id
), '[]') as filters`;

export function listBillableMetrics(trx: Transaction): Knex.QueryBuilder<BillableMetricRow, BillableMetricRow[]> {
  return rows<BillableMetricRow>(trx, 'billable_metrics')
    .whereNull('deleted_at')
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .select('billable_metrics.*', trx.raw(FILTERS)) as Knex.QueryBuilder<BillableMetricRow, BillableMetricRow[]>;
}

export async function findBillableMetric(trx: Transaction, code: string): Promise<BillableMetricRow | undefined> {
  return listBillableMetrics(trx).where({ code }).first();
}

/** Holds the row until the transaction ends: changes of one metric come one after the other, and after the charges that are being made for it. */
export async function lockBillableMetric(trx: Transaction, code: string): Promise<BillableMetricRow | undefined> {
  await rows(trx, 'billable_metrics').where({ code, deleted_at: null }).forNoKeyUpdate().select('id');
  return findBillableMetric(trx, code);
}

/** By id, held as they are until the transaction ends; those that do not exist are left out. */
export async function findBillableMetrics(
  trx: Transaction,
  ids: readonly string[],
): Promise<ReadonlyMap<string, BillableMetricRow>> {
  if (ids.length === 0) return new Map();
  await rows(trx, 'billable_metrics')
    .whereIn('id', [...ids])
    .orderBy('id')
    .forShare()
    .select('id');
  const found = await listBillableMetrics(trx).whereIn('id', [...ids]);
  return new Map(found.map((metric) => [metric.id, metric]));
}

export async function insertBillableMetric(
  trx: Transaction,
  fields: BillableMetricFields,
  filters: readonly MetricFilter[],
  at: Instant,
): Promise<BillableMetricRow> {
  const id = newId();
  await insert(trx, 'billable_metrics', { id, ...fields, created_at: at, updated_at: at });
  await replaceMetricFilters(trx, id, filters, at);
  return takeBillableMetric(trx, id);
}

/** Without `filters` they stay. */
export async function updateBillableMetric(
  trx: Transaction,
  id: string,
  changes: Partial<BillableMetricFields>,
  filters: readonly MetricFilter[] | undefined,
  at: Instant,
): Promise<BillableMetricRow> {
  await rows(trx, 'billable_metrics')
    .where({ id })
    .update({ ...changes, updated_at: at });
  if (filters) await replaceMetricFilters(trx, id, filters, at);
  return takeBillableMetric(trx, id);
}

async function takeBillableMetric(trx: Transaction, id: string): Promise<BillableMetricRow> {
  const metric = await listBillableMetrics(trx).where({ id }).first();
  assert(metric, 'billable metric: what was just written is there');
  return metric;
}

async function replaceMetricFilters(
  trx: Transaction,
  billable_metric_id: string,
  filters: readonly MetricFilter[],
  at: Instant,
): Promise<void> {
  await rows(trx, 'billable_metric_filters').where({ billable_metric_id }).delete();
  await insert(
    trx,
    'billable_metric_filters',
    filters.map(({ key, values }) => ({ id: newId(), billable_metric_id, key, values: [...values], created_at: at })),
  );
}

/** Whether a charge of a plan that was not deleted is priced by it. */
export async function isCharged(trx: Transaction, id: string): Promise<boolean> {
  const charge = await rows(trx, 'charges')
    .join('plans as p', 'p.id', 'charges.plan_id')
    .where({ 'charges.billable_metric_id': id })
    .whereNull('charges.deleted_at')
    .whereNull('p.deleted_at')
    .select('charges.id')
    .first();
  return charge !== undefined;
}

/** Goes with its charges: usage of it is not billed any more. Its code is free from now on. */
export async function deleteBillableMetric(trx: Transaction, id: string, at: Instant): Promise<void> {
  await rows(trx, 'charges').where({ billable_metric_id: id }).whereNull('deleted_at').update({ deleted_at: at });
  await rows(trx, 'billable_metrics').where({ id }).update({ deleted_at: at });
}
