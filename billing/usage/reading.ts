import type { AggregationType } from '../billable-metrics/aggregation.ts';
import type { Instant } from '../clock/instant.ts';

/** The texts of the properties that filters and groups look at; null where an event has none. */
export type Dimensions = Readonly<Record<string, string | null>>;

/** What events are asked. */
export interface UsageQuestion {
  /** Of the billable metric. */
  readonly code: string;
  readonly aggregation_type: AggregationType;
  /** The property to aggregate; counting needs none. */
  readonly field_name: string | null;
  /** The properties that tell events apart. */
  readonly keys: readonly string[];
}

/** What is to be read of whose events. Half open: the event at `to` is the next window's. */
export interface UsageRequest extends UsageQuestion {
  readonly external_subscription_id: string;
  /** Null: all there ever was, as recurring metrics want it. */
  readonly from: Instant | null;
  readonly to: Instant;
  /** Events one by one, for prices that depend on them; otherwise what they add up to. */
  readonly detail: 'cells' | 'events';
}

/** What the events of one combination of dimensions add up to. Of a unique count: of one combination and one value. */
export interface UsageCell {
  readonly dimensions: Dimensions;
  /** How many events count: those whose property is a number, where the metric aggregates numbers. */
  readonly events_count: number;
  /** Decimal text. */
  readonly sum: string;
  /** Null where no event counts. */
  readonly max: string | null;
  /** The event with the greatest timestamp; of several at one instant the one received last. `order` sorts as text. */
  readonly latest: { readonly order: string; readonly value: string } | null;
  /** Of a unique count: the value. Null is that of the events without the property. */
  readonly value: string | null;
  /** Of a unique count: what the last event did. */
  readonly operation: 'add' | 'remove';
  /** What the events say they cost, together. */
  readonly dynamic_amount_cents: string;
}

/** One event, in the order of timestamp and then reception. */
export interface UsageEvent {
  readonly id: string;
  readonly dimensions: Dimensions;
  /** To the microsecond: `2026-01-31T10:00:00.000000Z`. */
  readonly timestamp: string;
  /** The property's text; where the metric aggregates numbers a number in plain notation. */
  readonly value: string | null;
  readonly operation: 'add' | 'remove';
  readonly precise_total_amount_cents: string | null;
  /** All of them, where the metric's own code looks at them. */
  readonly properties?: Readonly<Record<string, unknown>> | null;
}

export type UsageReading =
  | { readonly detail: 'cells'; readonly cells: readonly UsageCell[] }
  | { readonly detail: 'events'; readonly events: readonly UsageEvent[] };
