import { ALL_FILTER_VALUES } from '../usage/filters.ts';

/** A property of events by whose values charges can tell usage apart, and the values that it is known to have. */
export interface MetricFilter {
  readonly key: string;
  readonly values: readonly string[];
}

/** What is wrong with a metric's filters, by field; empty when they can be stored. */
export function validateMetricFilters(filters: readonly MetricFilter[]): Record<string, string[]> {
  const details: Record<string, string[]> = {};
  // What stands for all values cannot be one of them.
  if (filters.some(({ values }) => values.includes(ALL_FILTER_VALUES))) details['values'] = ['value_is_invalid'];
  if (new Set(filters.map(({ key }) => key)).size < filters.length) details['key'] = ['value_is_duplicated'];
  return details;
}

/** As they are stored: each value once, where it came first. */
export function normalizeMetricFilters(filters: readonly MetricFilter[]): MetricFilter[] {
  return filters.map(({ key, values }) => ({ key, values: [...new Set(values)] }));
}
