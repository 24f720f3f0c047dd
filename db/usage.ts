import { createHash } from 'node:crypto';
import { assert } from '../billing/assert.ts';
import type { AggregationType } from '../billing/billable-metrics/aggregation.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type {
  Dimensions,
  UsageCell,
  UsageEvent,
  UsageQuestion,
  UsageReading,
  UsageRequest,
} from '../billing/usage/reading.ts';
import { wholeSpans } from '../billing/usage/whole-spans.ts';
import type { Transaction } from './transaction.ts';
import { ADDED_UP, ADDED_UP_AGAIN, BY_ARRIVAL, COUNTS, DIMENSIONS, OPERATION } from './usage-cells.ts';

/** Those that are computed. Charges of other metrics are refused: nobody could tell what they cost. */
export const supportedAggregations = [
  'count_agg',
  'sum_agg',
  'max_agg',
  'latest_agg',
  'unique_count_agg',
  'weighted_sum_agg',
  'custom_agg',
] as const satisfies readonly AggregationType[];
export type SupportedAggregation = (typeof supportedAggregations)[number];

export function isSupportedAggregation(type: AggregationType): type is SupportedAggregation {
  return (supportedAggregations as readonly AggregationType[]).includes(type);
}

/** Names what is asked of events, whosoever and whenever: questions of one shape are answered by the same rollups. */
export function shapeOf({ aggregation_type, field_name, keys }: Omit<UsageQuestion, 'code'>): string {
  return createHash('sha256')
    .update(JSON.stringify([aggregation_type, field_name, keys]))
    .digest('base64url');
}

const REQUESTS = `
  unnest(:subscriptions::text[], :codes::text[], :types::text[], :fields::text[], :froms::timestamptz[], :tos::timestamptz[], :key_lists::text[],
      :shapes::text[], :hours_froms::timestamptz[], :days_froms::timestamptz[], :days_tos::timestamptz[], :hours_tos::timestamptz[])
    with ordinality q (external_subscription_id, code, aggregation_type, field_name, from_at, to_at, key_list,
      shape, hours_from, days_from, days_to, hours_to, position)
  cross join lateral (select array(select jsonb_array_elements_text(q.key_list::jsonb)) as keys) k`;

/** Where usage is rolled up, the whole hours and days are in the rollups; otherwise the whole window is one remainder, and nothing is new. */
const WINDOWS = `${REQUESTS}
  left join usage_series s on s.organization_id = :organization_id and s.external_subscription_id = q.external_subscription_id and s.code = q.code
    and s.shape = q.shape and s.is_ready
  cross join lateral (
    select q.*, :organization_id::uuid as organization_id, k.keys, s.id as series_id, s.rolled_up_to, coalesce(s.rolled_up_to, 9223372036854775807) as known_up_to,
      case when s.id is null then q.to_at else q.hours_from end as whole_from,
      case when s.id is null then q.to_at else q.hours_to end as whole_to
  ) w`;

const OF_THE_REQUEST = `e.organization_id = :organization_id and e.external_subscription_id = w.external_subscription_id and e.code = w.code`;

/**
 * Every event that was received before the watermark is in the rollups, and every one after it is not: by the order of reception, whatever its
 * timestamp. So what is left to read are the hours that the window cuts, and what has come in since. The former are found by timestamp and the
 * latter by arrival. Each span is looked up by itself (`offset 0`), not compared with everything.
 */
const READ_CELLS = `
  select w.position, r.dimensions, r.value, ${ADDED_UP_AGAIN}
  from ${WINDOWS} cross join lateral (
    select r.* from (values (1, w.hours_from, w.days_from), (24, w.days_from, w.days_to), (1, w.days_to, w.hours_to)) whole (hours, from_at, to_at)
    cross join lateral (
      select r.dimensions, r.value, r.events_count, r.sum, r.max, r.latest, r.dynamic_amount_cents from usage_rollups r
      where r.series_id = w.series_id and r.hours = whole.hours and r.starts_at >= whole.from_at and r.starts_at < whole.to_at offset 0
    ) r
    union all
    (select ${ADDED_UP} from (
      select e.* from (values (w.from_at, w.whole_from), (w.whole_to, w.to_at)) cut (from_at, to_at)
      cross join lateral (
        select e.* from events e
        where ${OF_THE_REQUEST} and e.timestamp >= cut.from_at and e.timestamp < cut.to_at and e.arrival <= w.known_up_to offset 0
      ) e
      union all
      select e.* from events e
      where w.series_id is not null and ${BY_ARRIVAL} and e.arrival > w.rolled_up_to and tstzrange(w.from_at, w.to_at) @> e.timestamp
    ) e where ${COUNTS} group by 1, 2)
  ) r
  group by w.position, r.dimensions, r.value`;

const READ_EVENTS = `
  select w.position, r.* from ${REQUESTS} cross join lateral (select q.*, k.keys) w cross join lateral (
    select ${DIMENSIONS} as dimensions, to_char(e.timestamp at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as timestamp,
      e.properties ->> w.field_name as value, ${OPERATION} as operation,
      case when w.aggregation_type = 'custom_agg' then e.properties end as properties,
      e.precise_total_amount_cents, e.timestamp as happened_at, e.created_at, e.id
    from events e
    where ${OF_THE_REQUEST} and e.timestamp >= w.from_at and e.timestamp < w.to_at and ${COUNTS}
  ) r
  order by w.position, r.happened_at, r.created_at, r.id`;

interface CellRow extends Pick<UsageCell, 'value' | 'events_count' | 'sum' | 'max' | 'dynamic_amount_cents'> {
  readonly position: number;
  readonly dimensions: (string | null)[];
  readonly latest: string | null;
}

interface EventRow extends Omit<UsageEvent, 'dimensions'> {
  readonly position: number;
  readonly dimensions: (string | null)[];
}

/** What was used, in the order of the requests: one statement for all that is added up, one for all events. */
export async function readUsage(trx: Transaction, requests: readonly UsageRequest[]): Promise<UsageReading[]> {
  const cells = requests.filter((request) => request.detail === 'cells');
  const events = requests.filter((request) => request.detail === 'events');
  const cellsByRequest = await readCells(trx, cells);
  const eventsByRequest = await readEvents(trx, events);
  return requests.map((request) =>
    request.detail === 'cells'
      ? { detail: 'cells', cells: cellsByRequest.get(request) ?? [] }
      : { detail: 'events', events: eventsByRequest.get(request) ?? [] },
  );
}

async function readCells(trx: Transaction, requests: readonly UsageRequest[]): Promise<Map<UsageRequest, UsageCell[]>> {
  for (const { aggregation_type: type } of requests) assert(addsUp(type), `usage: ${type} adds up`);
  if (requests.length === 0) return new Map();
  const { rows } = await trx.raw<{ rows: CellRow[] }>(READ_CELLS, bindings(trx, requests));
  return byRequest(requests, rows, ({ value, events_count, sum, max, latest, dynamic_amount_cents }, dimensions) => {
    const [order, said] = latest?.split(' ') ?? [];
    return {
      dimensions,
      value,
      operation: said === 'remove' ? 'remove' : 'add',
      events_count,
      sum,
      max,
      dynamic_amount_cents,
      latest: order === undefined ? null : { order, value: said ?? '0' },
    };
  });
}

function addsUp(type: AggregationType): boolean {
  return isSupportedAggregation(type) && type !== 'weighted_sum_agg';
}

async function readEvents(
  trx: Transaction,
  requests: readonly UsageRequest[],
): Promise<Map<UsageRequest, UsageEvent[]>> {
  if (requests.length === 0) return new Map();
  const { rows } = await trx.raw<{ rows: EventRow[] }>(READ_EVENTS, bindings(trx, requests));
  return byRequest(
    requests,
    rows,
    ({ id, timestamp, value, operation, precise_total_amount_cents, properties }, dimensions) => ({
      id,
      dimensions,
      timestamp,
      value,
      operation,
      precise_total_amount_cents,
      ...(properties && { properties }),
    }),
  );
}

const BEGINNING_OF_TIME = '-infinity';

function bindings(trx: Transaction, requests: readonly UsageRequest[]) {
  const whole = requests.map(({ from, to }) => wholeSpans(from, to));
  const since = (instants: readonly (Instant | null)[]): string[] => instants.map((at) => at ?? BEGINNING_OF_TIME);
  return {
    organization_id: trx.organization_id,
    subscriptions: requests.map((request) => request.external_subscription_id),
    codes: requests.map((request) => request.code),
    types: requests.map((request) => request.aggregation_type),
    fields: requests.map((request) => request.field_name) as string[],
    froms: since(requests.map((request) => request.from)),
    tos: requests.map((request) => request.to),
    key_lists: requests.map((request) => JSON.stringify(request.keys)),
    shapes: requests.map(shapeOf),
    hours_froms: since(whole.map((spans) => spans.hours_from)),
    days_froms: since(whole.map((spans) => spans.days_from)),
    days_tos: whole.map((spans) => spans.days_to),
    hours_tos: whole.map((spans) => spans.hours_to),
  };
}

function byRequest<Row extends { readonly position: number; readonly dimensions: (string | null)[] }, T>(
  requests: readonly UsageRequest[],
  rows: readonly Row[],
  read: (row: Row, dimensions: Dimensions) => T,
): Map<UsageRequest, T[]> {
  const found = new Map<UsageRequest, T[]>(requests.map((request) => [request, []]));
  for (const row of rows) {
    const request = requests[row.position - 1];
    assert(request, 'usage: a row is of a request');
    const dimensions = Object.fromEntries(request.keys.map((key, index) => [key, row.dimensions[index] ?? null]));
    found.get(request)?.push(read(row, dimensions));
  }
  return found;
}
