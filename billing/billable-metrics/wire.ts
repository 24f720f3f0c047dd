import { type Instant, toWireSeconds } from '../clock/instant.ts';
import type { AggregationType } from './aggregation.ts';
import type { MetricFilter } from './filters.ts';
import type { RoundingFunction } from './rounding.ts';

export const weightedIntervals = ['seconds'] as const;
export type WeightedInterval = (typeof weightedIntervals)[number];

export interface BillableMetric {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  readonly description: string | null;
  readonly aggregation_type: AggregationType;
  /** The property of events that is aggregated; null where events are counted. */
  readonly field_name: string | null;
  readonly recurring: boolean;
  readonly weighted_interval: WeightedInterval | null;
  readonly rounding_function: RoundingFunction | null;
  readonly rounding_precision: number | null;
  readonly expression: string | null;
  /** The code of a metric that aggregates in its own way. */
  readonly custom_aggregator: string | null;
  /** By key. */
  readonly filters: readonly MetricFilter[];
  readonly created_at: Instant;
}

export function billableMetricWire(metric: BillableMetric) {
  return {
    lago_id: metric.id,
    name: metric.name,
    code: metric.code,
    description: metric.description,
    aggregation_type: metric.aggregation_type,
    field_name: metric.field_name,
    recurring: metric.recurring,
    weighted_interval: metric.weighted_interval,
    rounding_function: metric.rounding_function,
    rounding_precision: metric.rounding_precision,
    expression: metric.expression,
    custom_aggregator: metric.custom_aggregator,
    filters: metric.filters.map(({ key, values }) => ({ key, values: [...values] })),
    active_subscriptions_count: 0,
    draft_invoices_count: 0,
    plans_count: 0,
    created_at: toWireSeconds(metric.created_at),
  };
}
