import type { AggregationType } from '../billing/billable-metrics/aggregation.ts';

/**
 * What one event `e` is in the eyes of `w`, which says how it is looked at (aggregation_type, field_name, keys), and what several add up to.
 * One text for events that are read and for those that are rolled up, so that both add up to the same.
 */

const digestOf = (alias: string): string =>
  `hashtextextended(${alias}.code, hashtextextended(${alias}.external_subscription_id, uuid_hash_extended(${alias}.organization_id, 0)))`;

/** Events of `w`, to be found by arrival: in the index `events_arrivals`, as no index can tell what is not distinct. */
export const BY_ARRIVAL = `
  ${digestOf('e')} = ${digestOf('w')} and e.organization_id is not distinct from w.organization_id
  and e.external_subscription_id is not distinct from w.external_subscription_id and e.code is not distinct from w.code`;

/** Longer texts of digits are no quantities, and beyond what a numeric can hold there is an error. */
const DIGITS_MAX = 1000;

const PROPERTY = 'e.properties ->> w.field_name';

/** Only a text in plain notation is one. (A question mark would be taken for a binding.) */
const IS_NUMBER = `case when length(${PROPERTY}) <= ${DIGITS_MAX} then ${PROPERTY} ~ '^-{0,1}[0-9]+([.][0-9]+){0,1}$' end`;

const NUMBERS: readonly AggregationType[] = ['sum_agg', 'max_agg', 'latest_agg', 'weighted_sum_agg'];

/** Where numbers are aggregated, an event counts only if its property is one. */
export const COUNTS = `case when w.aggregation_type in (${NUMBERS.map((type) => `'${type}'`).join(', ')}) then ${IS_NUMBER} else true end`;

export const DIMENSIONS = `case when w.keys = '{}' then '{}'::text[] else array(select e.properties ->> k from unnest(w.keys) with ordinality k (k, n) order by n) end`;

/** Of a unique count each value is a cell of its own. */
export const VALUE = `case w.aggregation_type when 'unique_count_agg' then ${PROPERTY} end`;

export const OPERATION = `case when e.properties ->> 'operation_type' = 'remove' then 'remove' else 'add' end`;

/** What was received later is later, of one instant; ids are made in the order of reception. Sorts as text. */
const ORDER = `to_char(e.timestamp, 'YYYY-MM-DD"T"HH24:MI:SS.US') || to_char(e.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US') || e.id`;

/** The last event and what it says, parted by a blank. */
const LATEST = `
  case w.aggregation_type when 'latest_agg' then ${ORDER} || ' ' || (${PROPERTY}) when 'unique_count_agg' then ${ORDER} || ' ' || ${OPERATION} end`;

/** Columns of events grouped by the first two: dimensions, value, events_count, sum, max, latest, dynamic_amount_cents. */
export const ADDED_UP = `
  ${DIMENSIONS} as dimensions,
  ${VALUE} as value,
  count(*) as events_count,
  coalesce(sum(case w.aggregation_type when 'sum_agg' then (${PROPERTY})::numeric end), 0) as sum,
  max(case w.aggregation_type when 'max_agg' then (${PROPERTY})::numeric end) as max,
  max(${LATEST} collate "C") as latest,
  coalesce(sum(case w.aggregation_type when 'sum_agg' then e.precise_total_amount_cents end), 0) as dynamic_amount_cents`;

/** The same of what was added up already. */
export const ADDED_UP_AGAIN = `
  sum(r.events_count)::bigint as events_count, trim_scale(sum(r.sum)) as sum, trim_scale(max(r.max)) as max, max(r.latest) as latest,
  trim_scale(sum(r.dynamic_amount_cents)) as dynamic_amount_cents`;
