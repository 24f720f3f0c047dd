import type { ComputedProperty } from '../billing/billable-metrics/computed-property.ts';
import { type Transaction, rows } from './transaction.ts';

/** By the code of the metric. */
export type ComputedProperties = ReadonlyMap<string, ComputedProperty>;

export async function listComputedProperties(trx: Transaction): Promise<ComputedProperties> {
  const found = await rows<ComputedProperty & { code: string }>(trx, 'billable_metrics')
    .whereNotNull('expression')
    .whereNull('deleted_at')
    .select('code', 'field_name', 'expression');
  return new Map(found.map(({ code, ...computed }) => [code, computed]));
}
