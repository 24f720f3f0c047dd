import { assert } from '../billing/assert.ts';
import type { AggregationType } from '../billing/billable-metrics/aggregation.ts';
import type { Dimensions, UsageCell, UsageEvent, UsageReading, UsageRequest } from '../billing/usage/reading.ts';
import type { Transaction } from './transaction.ts';

/** Those that are computed. Charges of other metrics are refused: nobody could tell what they cost. */
export const supportedAggregations = [
  'count_agg',
  'sum_agg',
  'max_agg',
  'latest_agg',
  'unique_count_agg',
  'weighted_sum_agg',
] as const satisfies readonly AggregationType[];
export type SupportedAggregation = (typeof supportedAggregations)[number];

export function isSupportedAggregation(type: AggregationType): type is SupportedAggregation {
  return (supportedAggregations as readonly AggregationType[]).includes(type);
}

/** Longer texts of digits are no quantities, and beyond what a numeric can hold there is an error. */
const DIGITS_MAX = 1000;

/** An event counts as a number only if its property's text is one in plain notation. (A question mark would be taken for a binding.) */
const IS_NUMBER = `case when length(e.properties ->> w.field_name) <= ${DIGITS_MAX} then e.properties ->> w.field_name ~ '^-{0,1}[0-9]+([.][0-9]+){0,1}$' end`;

const DIMENSIONS = `case when w.keys = '{}' then '{}'::text[] else array(select e.properties ->> k from unnest(w.keys) with ordinality k (k, n) order by n) end`;

const OF_THE_WINDOW = `
  e.organization_id = :organization_id and e.external_subscription_id = w.external_subscription_id and e.code = w.code
  and e.timestamp < w.to_at and (w.from_at is null or e.timestamp >= w.from_at)`;

/** What was received later is later, of one instant; ids are made in the order of reception. Sorts as text. */
const ORDER = `to_char(e.timestamp, 'YYYY-MM-DD"T"HH24:MI:SS.US') || to_char(e.created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US') || e.id`;

const WINDOWS = `
  unnest(:subscriptions::text[], :codes::text[], :types::text[], :fields::text[], :froms::timestamptz[], :tos::timestamptz[], :key_lists::text[])
    with ordinality u (external_subscription_id, code, aggregation_type, field_name, from_at, to_at, key_list, position)
  cross join lateral (select u.*, array(select jsonb_array_elements_text(u.key_list::jsonb)) as keys) w`;

/** Columns: dimensions, value, operation, events_count, sum, max, latest_order, latest_value, dynamic. The type is tested once a window, before any event. */
const CELLS: Readonly<Record<string, string>> = {
  count_agg: `
    select ${DIMENSIONS} as dimensions, null::text as value, 'add' as operation, count(*) as events_count, 0::numeric as sum, null::numeric as max,
      null::text as latest_order, null::numeric as latest_value, 0::numeric as dynamic_amount_cents
    from events e where w.aggregation_type = 'count_agg' and ${OF_THE_WINDOW} group by 1`,
  sum_agg: `
    select ${DIMENSIONS}, null, 'add', count(*), sum((e.properties ->> w.field_name)::numeric), null, null, null, coalesce(sum(e.precise_total_amount_cents), 0)
    from events e where w.aggregation_type = 'sum_agg' and ${OF_THE_WINDOW} and ${IS_NUMBER} group by 1`,
  max_agg: `
    select ${DIMENSIONS}, null, 'add', count(*), 0, max((e.properties ->> w.field_name)::numeric), null, null, 0
    from events e where w.aggregation_type = 'max_agg' and ${OF_THE_WINDOW} and ${IS_NUMBER} group by 1`,
  latest_agg: `
    select ${DIMENSIONS}, null, 'add', count(*), 0, null, max(${ORDER}),
      (array_agg((e.properties ->> w.field_name)::numeric order by e.timestamp desc, e.created_at desc, e.id desc))[1], 0
    from events e where w.aggregation_type = 'latest_agg' and ${OF_THE_WINDOW} and ${IS_NUMBER} group by 1`,
  unique_count_agg: `
    select dimensions, value, operation, 1, 0, null, latest_order, null, 0 from (
      select distinct on (dimensions, value) ${DIMENSIONS} as dimensions, e.properties ->> w.field_name collate "C" as value,
        case when e.properties ->> 'operation_type' = 'remove' then 'remove' else 'add' end as operation, ${ORDER} as latest_order
      from events e where w.aggregation_type = 'unique_count_agg' and ${OF_THE_WINDOW}
      order by dimensions, value, e.timestamp desc, e.created_at desc, e.id desc
    ) v`,
};

const READ_CELLS = `
  select w.position, r.dimensions, r.value, r.operation, r.events_count, trim_scale(r.sum) as sum, trim_scale(r.max) as max, r.latest_order,
    trim_scale(r.latest_value) as latest_value, trim_scale(r.dynamic_amount_cents) as dynamic_amount_cents
  from ${WINDOWS} cross join lateral (${Object.values(CELLS).join(' union all ')}) r`;

const NUMBERS: readonly AggregationType[] = ['sum_agg', 'max_agg', 'latest_agg', 'weighted_sum_agg'];

const READ_EVENTS = `
  select w.position, r.* from ${WINDOWS} cross join lateral (
    select ${DIMENSIONS} as dimensions, to_char(e.timestamp at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as timestamp,
      e.properties ->> w.field_name as value,
      case when e.properties ->> 'operation_type' = 'remove' then 'remove' else 'add' end as operation,
      e.precise_total_amount_cents, e.timestamp as happened_at, e.created_at, e.id
    from events e
    where ${OF_THE_WINDOW} and case when w.aggregation_type = any(:numbers) then ${IS_NUMBER} else true end
  ) r
  order by w.position, r.happened_at, r.created_at, r.id`;

interface CellRow extends Omit<UsageCell, 'dimensions' | 'latest'> {
  readonly position: number;
  readonly dimensions: (string | null)[];
  readonly latest_order: string | null;
  readonly latest_value: string | null;
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
  for (const { aggregation_type } of requests) assert(aggregation_type in CELLS, `usage: ${aggregation_type} adds up`);
  if (requests.length === 0) return new Map();
  const { rows } = await trx.raw<{ rows: CellRow[] }>(READ_CELLS, bindings(trx, requests));
  return byRequest(
    requests,
    rows,
    ({ latest_order, latest_value, value, operation, events_count, sum, max, dynamic_amount_cents }, dimensions) => ({
      dimensions,
      value,
      operation,
      events_count,
      sum,
      max,
      dynamic_amount_cents,
      latest: latest_order === null ? null : { order: latest_order, value: latest_value ?? '0' },
    }),
  );
}

async function readEvents(
  trx: Transaction,
  requests: readonly UsageRequest[],
): Promise<Map<UsageRequest, UsageEvent[]>> {
  if (requests.length === 0) return new Map();
  const { rows } = await trx.raw<{ rows: EventRow[] }>(READ_EVENTS, {
    ...bindings(trx, requests),
    numbers: [...NUMBERS],
  });
  return byRequest(requests, rows, ({ id, timestamp, value, operation, precise_total_amount_cents }, dimensions) => ({
    id,
    dimensions,
    timestamp,
    value,
    operation,
    precise_total_amount_cents,
  }));
}

function bindings(trx: Transaction, requests: readonly UsageRequest[]) {
  return {
    organization_id: trx.organization_id,
    subscriptions: requests.map((request) => request.external_subscription_id),
    codes: requests.map((request) => request.code),
    types: requests.map((request) => request.aggregation_type),
    fields: requests.map((request) => request.field_name) as string[],
    froms: requests.map((request) => request.from) as string[],
    tos: requests.map((request) => request.to),
    key_lists: requests.map((request) => JSON.stringify(request.keys)),
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
