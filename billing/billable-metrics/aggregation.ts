/** How the events of a period become units. */
export const aggregationTypes = [
  'count_agg',
  'sum_agg',
  'max_agg',
  'unique_count_agg',
  'latest_agg',
  'weighted_sum_agg',
  'custom_agg',
] as const;
export type AggregationType = (typeof aggregationTypes)[number];
