import type { Database } from './connection.ts';
import { type Transaction, rows } from './transaction.ts';
import { ADDED_UP, ADDED_UP_AGAIN, BY_ARRIVAL, COUNTS, DIMENSIONS, VALUE } from './usage-cells.ts';
import { type UsageKey, chooseSeries } from './usage-series.ts';

export interface UsageMark extends UsageKey {
  readonly organization_id: string;
}

/** Takes marks away and tells whose usage they mean, of every organization. */
export async function takeUsageMarks(db: Database, marks_max: number): Promise<UsageMark[]> {
  const { rows: taken } = await db.raw<{ rows: UsageMark[] }>('select * from take_usage_marks(?)', [marks_max]);
  return taken;
}

export async function countUsageMarks(db: Database): Promise<number> {
  const { rows: counted } = await db.raw<{ rows: { count: number }[] }>('select usage_marks_count() as count');
  return counted[0]?.count ?? 0;
}

/** Enough to tell how many events share a cell. */
const SAMPLE_EVENTS = 10_000;

/** The digest of what tells cells apart: a text of any length would not fit an index. */
const CELL = `encode(substr(sha256(convert_to(row (r.dimensions, r.value)::text, 'UTF8')), 1, 16), 'hex')::uuid`;

const ROLL_UP = `
  with w as materialized (
    select w.*, greatest(w.rolled_up_to, least(:settled::bigint, (
      select e.arrival from events e where ${BY_ARRIVAL} and e.arrival > w.rolled_up_to order by e.arrival offset :events_max limit 1
    ))) as up_to
    from usage_series w where w.organization_id = :organization_id and w.id = any(:ids)
  ), hours as materialized (
    select w.id as series_id, date_trunc('hour', e.timestamp, 'UTC') as starts_at, ${ADDED_UP}
    from w cross join lateral (select e.* from events e where ${BY_ARRIVAL} and e.arrival > w.rolled_up_to and e.arrival <= w.up_to offset 0) e
    where ${COUNTS}
    group by 1, 2, 3, 4
  ), days as (
    select r.series_id, date_trunc('day', r.starts_at, 'UTC') as starts_at, r.dimensions, r.value, ${ADDED_UP_AGAIN}
    from hours r group by 1, 2, 3, 4
  ), added as (
    insert into usage_rollups as known (organization_id, series_id, hours, starts_at, cell, dimensions, value, events_count, sum, max, latest,
      dynamic_amount_cents)
    select :organization_id, r.series_id, r.hours, r.starts_at, ${CELL}, r.dimensions, r.value, r.events_count, r.sum, r.max, r.latest,
      r.dynamic_amount_cents
    from (select 1 as hours, h.* from hours h union all select 24, d.* from days d) r
    on conflict (series_id, hours, starts_at, cell) do update set
      events_count = known.events_count + excluded.events_count,
      sum = known.sum + excluded.sum,
      max = greatest(known.max, excluded.max),
      latest = greatest(known.latest, excluded.latest),
      dynamic_amount_cents = known.dynamic_amount_cents + excluded.dynamic_amount_cents
  )
  update usage_series s set rolled_up_to = w.up_to, is_ready = s.is_ready or w.up_to >= :settled
  from w where s.id = w.id
  returning w.up_to < :settled as is_more`;

/** Of so many of the latest events of a series, by hours and cells. */
const SAMPLE = `
  select w.id, count(*)::int as events, count(distinct (e.starts_at, e.dimensions, e.value))::int as cells
  from usage_series w cross join lateral (
    select date_trunc('hour', e.timestamp, 'UTC') as starts_at, ${DIMENSIONS} as dimensions, ${VALUE} as value
    from (select e.* from events e where ${BY_ARRIVAL} order by e.arrival desc limit :sample) e
  ) e
  where w.organization_id = :organization_id and w.id = any(:ids) and w.rolled_up_to < 0
  group by w.id`;

export interface RollUpOptions {
  /** How many events of a series are rolled up at a time, so that no statement takes long. */
  readonly events_max?: number;
  /** How many cells an event may make at most for it to be worth rolling up. */
  readonly cells_an_event?: number;
}

/**
 * Rolls up some of what has come in, up to the settled arrival at most; true when there is more. What another process rolls up is left to it.
 * A series is begun once it pays: where hardly two events of an hour are of one cell, as with few events or with values that are never the same,
 * rollups would be as many as events.
 */
export async function rollUp(
  trx: Transaction,
  key: UsageKey,
  settled: number,
  { events_max = 50_000, cells_an_event = 0.5 }: RollUpOptions = {},
): Promise<boolean> {
  await chooseSeries(trx, key);
  const series = (await rows(trx, 'usage_series')
    .where({ ...key })
    .orderBy('id')
    .forUpdate()
    .skipLocked()
    .pluck('id')) as number[];
  if (series.length === 0) return false;
  const { organization_id } = trx;
  const { rows: samples } = await trx.raw<{ rows: { id: number; events: number; cells: number }[] }>(SAMPLE, {
    organization_id,
    ids: series,
    sample: SAMPLE_EVENTS,
  });
  const dear = new Set(samples.filter(({ events, cells }) => cells > events * cells_an_event).map(({ id }) => id));
  const ids = series.filter((id) => !dear.has(id));
  if (ids.length === 0) return false;
  // Reads the series anew, now that nobody else can move their watermarks.
  const { rows: moved } = await trx.raw<{ rows: { is_more: boolean }[] }>(ROLL_UP, {
    organization_id,
    ids,
    settled,
    events_max,
  });
  return moved.some(({ is_more }) => is_more);
}
