import type { Knex } from 'knex';
import { assert } from '../billing/assert.ts';
import type { BillableMetric } from '../billing/billable-metrics/wire.ts';
import type { Instant } from '../billing/clock/instant.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface BillableMetricRow extends BillableMetric {
  readonly organization_id: string;
  readonly updated_at: Instant;
  readonly deleted_at: Instant | null;
}

export type BillableMetricFields = Omit<BillableMetric, 'id' | 'created_at'>;

export function listBillableMetrics(trx: Transaction): Knex.QueryBuilder<BillableMetricRow, BillableMetricRow[]> {
  return rows<BillableMetricRow>(trx, 'billable_metrics')
    .whereNull('deleted_at')
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);
}

export async function findBillableMetric(trx: Transaction, code: string): Promise<BillableMetricRow | undefined> {
  return listBillableMetrics(trx).where({ code }).first();
}

/** By id; those that do not exist are left out. */
export async function findBillableMetrics(
  trx: Transaction,
  ids: readonly string[],
): Promise<ReadonlyMap<string, BillableMetricRow>> {
  const found = ids.length === 0 ? [] : await listBillableMetrics(trx).whereIn('id', [...ids]);
  return new Map(found.map((metric) => [metric.id, metric]));
}

export async function insertBillableMetric(
  trx: Transaction,
  fields: BillableMetricFields,
  at: Instant,
): Promise<BillableMetricRow> {
  const [metric] = await insert<BillableMetricRow>(trx, 'billable_metrics', {
    id: newId(),
    ...fields,
    created_at: at,
    updated_at: at,
  });
  assert(metric, 'billable metric: an inserted row comes back');
  return metric;
}

export async function updateBillableMetric(
  trx: Transaction,
  id: string,
  changes: Partial<BillableMetricFields>,
  at: Instant,
): Promise<BillableMetricRow> {
  const [metric] = await rows<BillableMetricRow>(trx, 'billable_metrics')
    .where({ id })
    .update({ ...changes, updated_at: at })
    .returning('*');
  assert(metric, 'billable metric: an updated row exists');
  return metric;
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
