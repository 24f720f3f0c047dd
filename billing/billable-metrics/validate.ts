import type { AggregationType } from './aggregation.ts';
import { findSyntaxError } from './expression-parser.ts';
import { type MetricFilter, validateMetricFilters } from './filters.ts';
import type { WeightedInterval } from './wire.ts';

export interface MetricTerms {
  readonly aggregation_type: AggregationType;
  readonly field_name: string | null;
  readonly recurring: boolean;
  readonly expression: string | null;
  readonly custom_aggregator: string | null;
  readonly weighted_interval: WeightedInterval | null;
  readonly filters: readonly MetricFilter[];
}

/** Aggregations that look at each event of a period alone, and so cannot be carried over to the next. */
const neverRecurring: readonly AggregationType[] = ['count_agg', 'max_agg', 'latest_agg'];

export const needsFieldName = (type: AggregationType | undefined): boolean =>
  type !== 'count_agg' && type !== 'custom_agg';

/** What is wrong with a metric, by field; empty when it can be stored. */
export function validateMetric(
  metric: MetricTerms,
  isSupported: (type: AggregationType) => boolean,
): Record<string, string[]> {
  const { aggregation_type, field_name, recurring } = metric;
  const details: Record<string, string[]> = validateMetricFilters(metric.filters);
  if (!isSupported(aggregation_type)) details['aggregation_type'] = ['value_is_invalid'];
  if (needsFieldName(aggregation_type) && !field_name?.trim()) details['field_name'] = ['value_is_mandatory'];
  if (recurring && neverRecurring.includes(aggregation_type))
    details['recurring'] = ['not_compatible_with_aggregation_type'];
  if (aggregation_type === 'weighted_sum_agg' && metric.weighted_interval === null)
    details['weighted_interval'] = ['value_is_invalid'];
  if (aggregation_type === 'custom_agg' && !metric.custom_aggregator?.trim())
    details['custom_aggregator'] = ['value_is_mandatory'];
  if (metric.expression !== null && findSyntaxError(metric.expression) !== undefined)
    details['expression'] = ['invalid_expression'];
  return details;
}
