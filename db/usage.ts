import { assert } from '../billing/assert.ts';
import type { AggregationType } from '../billing/billable-metrics/aggregation.ts';
import type { Span } from '../billing/clock/instant.ts';
import type { Transaction } from './transaction.ts';

/** Those that a window's events alone decide. */
export const supportedAggregations = [
  'count_agg',
  'sum_agg',
  'max_agg',
  'latest_agg',
  'unique_count_agg',
] as const satisfies readonly AggregationType[];
export type SupportedAggregation = (typeof supportedAggregations)[number];

/** Charges of other metrics are refused: nobody could tell what they cost. */
export function isSupportedAggregation(type: AggregationType): type is SupportedAggregation {
  return (supportedAggregations as readonly AggregationType[]).includes(type);
}

/** What of whose events is aggregated. Half open: the event at `to` is the next window's. */
export interface UsageWindow extends Span {
  readonly external_subscription_id: string;
  /** Of the billable metric. */
  readonly code: string;
  /** A supported one. */
  readonly aggregation_type: AggregationType;
  /** The property to aggregate; counting needs none. */
  readonly field_name: string | null;
}

export interface UsageReading {
  /** Decimal text. Negative only for a sum. */
  readonly units: string;
  /** How many events made the units up; of a unique count the units themselves. */
  readonly events_count: number;
}

/** Longer texts of digits are no quantities, and beyond what a numeric can hold there is an error. */
const DIGITS_MAX = 1000;

/** An event counts as a number only if its property's text is one in plain notation. (A question mark would be taken for a binding.) */
const VALUES = `
  select (e.properties ->> w.field_name)::numeric as value, e.timestamp, e.created_at, e.id from events e
  where e.organization_id = :organization_id and e.external_subscription_id = w.external_subscription_id and e.code = w.code
    and e.timestamp >= w.from_at and e.timestamp < w.to_at
    and case when length(e.properties ->> w.field_name) <= ${DIGITS_MAX} then e.properties ->> w.field_name ~ '^-{0,1}[0-9]+([.][0-9]+){0,1}$' end`;

/** What was received later is later, of one instant; ids are made in the order of reception. */
const LATEST_FIRST = 'timestamp desc, created_at desc, id desc';

/** `having` chooses by the window's type: the planner tests it before it looks at any event. */
const AGGREGATIONS: Readonly<Record<SupportedAggregation, string>> = {
  count_agg: `
    select count(*)::numeric as units, count(*) as events_count from events e
    where e.organization_id = :organization_id and e.external_subscription_id = w.external_subscription_id and e.code = w.code
      and e.timestamp >= w.from_at and e.timestamp < w.to_at`,
  sum_agg: `select coalesce(sum(value), 0), count(*) from (${VALUES}) v`,
  max_agg: `select coalesce(max(value), 0), count(*) from (${VALUES}) v`,
  latest_agg: `select greatest(coalesce((array_agg(value order by ${LATEST_FIRST}))[1], 0), 0), count(*) from (${VALUES}) v`,
  // Adding what is there and removing what is not change nothing, so only the last event of each value matters. Events without the property share one value.
  unique_count_agg: `
    select count(*)::numeric, count(*) from (
      select distinct on (e.properties ->> w.field_name collate "C") e.properties ->> 'operation_type' as operation from events e
      where e.organization_id = :organization_id and e.external_subscription_id = w.external_subscription_id and e.code = w.code
        and e.timestamp >= w.from_at and e.timestamp < w.to_at
      order by e.properties ->> w.field_name collate "C", e.timestamp desc, e.created_at desc, e.id desc
    ) v where operation is distinct from 'remove'`,
};

const READ_USAGE = `
  select trim_scale(r.units) as units, r.events_count
  from unnest(:subscriptions::text[], :codes::text[], :types::text[], :fields::text[], :froms::timestamptz[], :tos::timestamptz[])
    with ordinality w (external_subscription_id, code, aggregation_type, field_name, from_at, to_at, position)
  cross join lateral (${Object.entries(AGGREGATIONS)
    .map(([type, select]) => `${select} having w.aggregation_type = '${type}'`)
    .join(' union all ')}
  ) r
  order by w.position`;

/** What was used in each window, in their order, in one statement whatever their number. */
export async function readUsage(trx: Transaction, windows: readonly UsageWindow[]): Promise<UsageReading[]> {
  for (const { aggregation_type } of windows)
    assert(isSupportedAggregation(aggregation_type), `usage: ${aggregation_type} can be read`);
  if (windows.length === 0) return [];
  const { rows } = await trx.raw<{ rows: UsageReading[] }>(READ_USAGE, {
    organization_id: trx.organization_id,
    subscriptions: windows.map((window) => window.external_subscription_id),
    codes: windows.map((window) => window.code),
    types: windows.map((window) => window.aggregation_type),
    fields: windows.map((window) => window.field_name) as string[],
    froms: windows.map((window) => window.from),
    tos: windows.map((window) => window.to),
  });
  assert(rows.length === windows.length, 'usage: each window has one reading');
  return rows;
}
