import type { GroupedBy } from './measure.ts';

/** One combination of group values under one filter or none. */
export function bucketKey(charge_filter_id: string | null, grouped_by: GroupedBy): string {
  const entries = Object.entries(grouped_by).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([charge_filter_id, entries]);
}
