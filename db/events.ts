import type pg from 'pg';
import { assert } from '../billing/assert.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { Event } from '../billing/events/event.ts';
import type { Database } from './connection.ts';
import { isDataException, isLostRace } from './failures.ts';
import { MARK_AGAIN } from './threshold-checks.ts';
import { type Transaction, rows } from './transaction.ts';
import { HAS_THRESHOLDS } from './usage-thresholds.ts';

/** An event with where its request came from, which is never shown. */
export interface NewEvent extends Event {
  readonly metadata: { readonly user_agent: string | null; readonly ip_address: string };
}

export interface EventRow extends NewEvent {
  readonly organization_id: string;
}

export interface EventWriter {
  /**
   * Stores the events of one request, all or none of them. Resolves when they are committed, or with the positions of those that are
   * already stored, and then none is.
   */
  write(organization_id: string, events: readonly NewEvent[]): Promise<readonly number[]>;
}

/** More is coming in than can be written. The class of its code, "insufficient resources", makes it a 503 like Postgres's own. */
export class TooManyPendingEventsError extends Error {
  override readonly name = 'TooManyPendingEventsError';
  readonly code = '53000';
}

export interface EventWriterOptions {
  /** How many transactions are written at a time. */
  readonly flushes_max?: number;
  /** How many events one statement stores. Only a single larger request goes beyond it. */
  readonly events_max?: number;
  /** How many events wait before further ones are refused. */
  readonly pending_max?: number;
}

interface Request {
  readonly events: readonly NewEvent[];
  readonly resolve: (duplicates: readonly number[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Queue {
  readonly requests: Request[];
  events_count: number;
  flushes: number;
}

/**
 * Group commit: requests that arrive while others are being written are written together afterwards, in one statement and one commit an
 * organization. So nobody waits on an idle server, and the busier it is, the larger the groups and the less an event costs.
 */
export function createEventWriter(
  db: Database,
  { flushes_max = 3, events_max = 1000, pending_max = 20_000 }: EventWriterOptions = {},
): EventWriter {
  const queues = new Map<string, Queue>();
  let flushes = 0;
  let pending = 0;
  let isScheduled = false;

  /** An organization has one flush at a time, and a further one only for a whole statement's worth: half empty ones would cost more than waiting. */
  const isRipe = (queue: Queue): boolean =>
    queue.requests.length > 0 && (queue.flushes === 0 || queue.events_count >= events_max);

  function takeGroup(queue: Queue): Request[] {
    let end = 0;
    let count = 0;
    while (end < queue.requests.length && (end === 0 || count + eventsOf(queue, end) <= events_max))
      count += eventsOf(queue, end++);
    queue.events_count -= count;
    pending -= count;
    return queue.requests.splice(0, end);
  }

  async function flush(organization_id: string, queue: Queue, group: Request[]): Promise<void> {
    await writeGroup(db, organization_id, group);
    flushes--;
    queue.flushes--;
    if (queue.flushes === 0 && queue.requests.length === 0) queues.delete(organization_id);
    startFlushes();
  }

  function startFlushes(): void {
    isScheduled = false;
    for (const [organization_id, queue] of queues) {
      if (flushes >= flushes_max) return;
      if (!isRipe(queue)) continue;
      flushes++;
      queue.flushes++;
      // To the end of the line, so that no organization holds up the others. The loop comes by there again.
      queues.delete(organization_id);
      queues.set(organization_id, queue);
      void flush(organization_id, queue, takeGroup(queue));
    }
  }

  return {
    write(organization_id, events) {
      assert(events.length > 0, 'events: there is something to write');
      if (pending + events.length > pending_max)
        return Promise.reject(new TooManyPendingEventsError('too many events are waiting to be written'));
      return new Promise((resolve, reject) => {
        const queue = queues.get(organization_id) ?? { requests: [], events_count: 0, flushes: 0 };
        queues.set(organization_id, queue);
        queue.requests.push({ events, resolve, reject });
        queue.events_count += events.length;
        pending += events.length;
        // After the requests that came in with this one have been read as well.
        if (!isScheduled) setImmediate(startFlushes);
        isScheduled = true;
      });
    },
  };
}

function eventsOf(queue: Queue, index: number): number {
  return queue.requests[index]?.events.length ?? 0;
}

/** Never rejects: each request gets its own answer. */
async function writeGroup(db: Database, organization_id: string, group: readonly Request[]): Promise<void> {
  let connection: pg.Client | undefined;
  try {
    connection = (await db.client.acquireConnection()) as pg.Client;
    await storeTogether(connection, organization_id, group);
  } catch (error) {
    for (const request of group) request.reject(error);
  } finally {
    if (connection) await db.client.releaseConnection(connection);
  }
}

/**
 * A request of one event that is already stored, or of many that all are, has changed nothing. But one of which a part is new must leave
 * nothing behind: then the transaction is rolled back, the others are stored again together, and it is tried by itself after them.
 */
async function storeTogether(connection: pg.Client, organization_id: string, group: readonly Request[]): Promise<void> {
  let torn: Request[] = [];
  const duplicates = await attempt(connection, organization_id, group, (found) => {
    torn = group.filter((request) => isTorn(request, found.get(request) ?? []));
    return torn.length === 0;
  }).catch((error: unknown) => {
    // One request holds what Postgres cannot store (or a deadlock chose this transaction): the others shall not suffer from it.
    if (group.length === 1 || !(isLostRace(error) || isUnstorable(error))) throw error;
    torn = [...group];
    return new Map<Request, number[]>();
  });
  if (torn.length === 0) {
    for (const request of group) request.resolve(duplicates.get(request) ?? []);
    return;
  }
  const others = group.filter((request) => !torn.includes(request));
  if (others.length > 0) await storeTogether(connection, organization_id, others);
  for (const request of torn) await storeApart(connection, organization_id, request);
}

const ATTEMPTS_MAX = 3;

async function storeApart(connection: pg.Client, organization_id: string, request: Request): Promise<void> {
  for (let attempts_left = ATTEMPTS_MAX - 1; ; attempts_left--)
    try {
      const found = await attempt(connection, organization_id, [request], ({ size }) => size === 0);
      return request.resolve(found.get(request) ?? []);
    } catch (error) {
      if (!isLostRace(error) || attempts_left === 0) return request.reject(error);
    }
}

function isTorn({ events }: Request, duplicates: readonly number[]): boolean {
  return duplicates.length > 0 && duplicates.length < events.length;
}

/** Values that the columns cannot hold (class 22), or that go beyond the limits of Postgres itself (class 54). */
function isUnstorable(error: unknown): boolean {
  return isDataException(error) || (error as { code?: string }).code?.startsWith('54') === true;
}

/** A bill of so many events is quickly read without rollups. */
export const EVENTS_A_MARK = 1000;

/**
 * Binds the transaction to the organization before the first row is looked at, all in one round trip: whatever reads rows is lateral to what
 * comes before it. Rows go in in the order of their key, so that transactions of different processes wait for each other and never in a circle.
 * Of the same key, the first that was received: ids are made in that order.
 *
 * Events that are paid for in advance are queued for their subscription, which is rung once for all of them. Where nobody is charged in advance
 * that is one look into an index. Subscriptions with thresholds are counted up, to be held against them; they are rung with the first mark.
 *
 * Some events, taken at random by their number, have the usage that they belong to rolled up: so rarely used ones never are.
 */
const STORE = {
  name: 'store-events',
  text: `
    with organization as materialized (
      select set_config('app.organization_id', $1, true)::uuid as id
    ), stored as (
      insert into events (id, organization_id, external_subscription_id, transaction_id, code, timestamp, properties,
        precise_total_amount_cents, metadata, created_at)
      select event.id, organization.id, external_subscription_id, transaction_id, code, timestamp, properties,
        precise_total_amount_cents, metadata, created_at
      from organization, json_to_recordset($2::json) as event (id uuid, external_subscription_id text, transaction_id text, code text,
        timestamp timestamptz, properties jsonb, precise_total_amount_cents numeric, metadata jsonb, created_at timestamptz)
      order by transaction_id collate "C", external_subscription_id collate "C", event.id
      on conflict do nothing
      returning id, organization_id, external_subscription_id, transaction_id, code, timestamp, created_at, arrival
    ), marked as (
      insert into usage_marks (organization_id, external_subscription_id, code)
      select distinct stored.organization_id, stored.external_subscription_id, stored.code from stored
      where hashint8(stored.arrival) % ${EVENTS_A_MARK} = 0 and stored.external_subscription_id is not null
    ), queued as (
      insert into instant_usage (organization_id, subscription_id, timestamp, received_at, event_id, transaction_id)
      select stored.organization_id, subscription.id, stored.timestamp, stored.created_at, stored.id, stored.transaction_id
      from organization
      cross join lateral (
        select from charges c where c.organization_id = organization.id and c.pay_in_advance and c.deleted_at is null limit 1
      ) someone
      cross join stored
      cross join lateral (
        select s.id from (
          select s.id, s.plan_id from subscriptions s
          where s.organization_id = stored.organization_id and s.external_id = stored.external_subscription_id
            and s.started_at <= date_trunc('milliseconds', stored.timestamp)
            and (s.terminated_at is null or s.terminated_at >= date_trunc('milliseconds', stored.timestamp))
          order by s.terminated_at is null desc, s.started_at desc limit 1
        ) s
        where exists (
          select from charges c join billable_metrics m on m.id = c.billable_metric_id
          where c.organization_id = stored.organization_id and c.plan_id = s.plan_id and c.pay_in_advance and c.deleted_at is null
            and m.code = stored.code and m.deleted_at is null
        )
        offset 0
      ) subscription
      returning organization_id, subscription_id
    ), to_check as (
      insert into threshold_checks as k (subscription_id, organization_id, marks_count, checked_count, marked_at)
      select subscription.id, organization.id, 1, 0, used.first_at
      from organization
      cross join lateral (
        select from usage_thresholds t where t.organization_id = organization.id and t.deleted_at is null limit 1
      ) someone
      cross join lateral (
        select stored.external_subscription_id, min(stored.created_at) as first_at from stored group by 1
      ) used
      cross join lateral (
        select s.id from subscriptions s join plans p on p.id = s.plan_id
        where s.organization_id = organization.id and s.external_id = used.external_subscription_id and s.status = 'active'
          and ${HAS_THRESHOLDS}
        offset 0
      ) subscription
      order by subscription.id
      on conflict (subscription_id) ${MARK_AGAIN}
      returning k.organization_id, k.subscription_id, k.marks_count = k.checked_count + 1 as is_first
    ), rung as (
      insert into outbox (organization_id, workflow_id, sandbox)
      select woken.organization_id, woken.workflow_id, o.sandbox
      from (
        select organization_id, 'subscription/' || subscription_id from queued
        union select organization_id, 'subscription/' || subscription_id from to_check where is_first
        -- Somebody is awake who looks for errors in events, wherever there is somebody to tell.
        union all select organization.id, 'event-check/' || organization.id
        from organization
        cross join lateral (select from webhook_endpoints w where w.organization_id = organization.id limit 1) someone
        cross join lateral (select from stored limit 1) something
        left join lateral (
          select a.workflow_id from agenda a where a.workflow_id = 'event-check/' || organization.id and a.due_at is not null offset 0
        ) awake on true
        where awake.workflow_id is null
      ) woken (organization_id, workflow_id)
      cross join lateral (select sandbox from organizations o where o.id = woken.organization_id offset 0) o
      returning id
    )
    select case when count(*) < $3::int then array_agg(id::text) end as stored_ids, count(*) as stored_count,
      (select pg_notify('outbox', '') from rung limit 1)
    from stored`,
};

/**
 * One transaction for the events of all requests. Tells the positions of those that were already stored, and says by `decide` whether to commit.
 * Where every request has one event there is nothing to decide: the statement is its own transaction.
 */
async function attempt(
  connection: pg.Client,
  organization_id: string,
  group: readonly Request[],
  decide: (duplicates: Map<Request, number[]>) => boolean,
): Promise<Map<Request, number[]>> {
  const events = group.flatMap((request) => request.events);
  const isDecided = events.length === group.length;
  try {
    if (!isDecided) await connection.query('begin');
    const { rows: found } = await connection.query<{ stored_ids: string[] | null; stored_count: number }>({
      ...STORE,
      values: [organization_id, JSON.stringify(events), events.length],
    });
    const { stored_ids, stored_count } = found[0] as { stored_ids: string[] | null; stored_count: number };
    const duplicates =
      stored_count === events.length ? new Map<Request, number[]>() : findDuplicates(group, new Set(stored_ids));
    if (!isDecided) await connection.query(decide(duplicates) ? 'commit' : 'rollback');
    return duplicates;
  } catch (error) {
    if (!isDecided) await connection.query('rollback').catch(() => undefined);
    throw error;
  }
}

function findDuplicates(group: readonly Request[], stored_ids: ReadonlySet<string>): Map<Request, number[]> {
  const duplicates = new Map<Request, number[]>();
  for (const request of group) {
    const positions = [...request.events.keys()].filter((n) => !stored_ids.has((request.events[n] as NewEvent).id));
    if (positions.length > 0) duplicates.set(request, positions);
  }
  return duplicates;
}

export interface EventFilters {
  readonly code?: string | undefined;
  readonly external_subscription_id?: string | undefined;
  /** Both inclusive. */
  readonly timestamp_from?: Instant | undefined;
  readonly timestamp_to?: Instant | undefined;
}

/** Newest first. */
export function listEvents(trx: Transaction, filters: EventFilters) {
  const { code, external_subscription_id, timestamp_from, timestamp_to } = filters;
  const query = rows<EventRow>(trx, 'events');
  if (code !== undefined) void query.where({ code });
  if (external_subscription_id !== undefined) void query.where({ external_subscription_id });
  if (timestamp_from !== undefined) void query.where('timestamp', '>=', timestamp_from);
  if (timestamp_to !== undefined) void query.where('timestamp', '<=', timestamp_to);
  return query.orderBy([{ column: 'timestamp', order: 'desc' }, 'transaction_id', 'id']);
}

/** Of the subscription that is not terminated, else of the one that was last. Null when none has started. */
export async function findStartOfSubscription(trx: Transaction, external_id: string): Promise<Instant | null> {
  const row: unknown = await rows(trx, 'subscriptions')
    .where({ external_id })
    .whereNotNull('started_at')
    .orderBy([
      { column: 'terminated_at', order: 'desc', nulls: 'first' },
      { column: 'started_at', order: 'desc' },
    ])
    .first('started_at');
  return (row as { started_at: Instant } | undefined)?.started_at ?? null;
}

/** Where several subscriptions share the transaction id: the one received last. */
export async function findEvent(trx: Transaction, transaction_id: string): Promise<EventRow | undefined> {
  return rows<EventRow>(trx, 'events').where({ transaction_id }).orderBy('id', 'desc').first();
}

/** By transaction id. */
export async function findEventsOfSubscription(
  trx: Transaction,
  external_subscription_id: string,
  transaction_ids: readonly string[],
): Promise<ReadonlyMap<string, EventRow>> {
  const found = await rows<EventRow>(trx, 'events')
    .where({ external_subscription_id })
    .whereIn('transaction_id', [...transaction_ids]);
  return new Map(found.map((event) => [event.transaction_id, event]));
}

/** The positions of events that are already stored. One without a subscription never is. */
export async function findStoredEvents(trx: Transaction, events: readonly Event[]): Promise<number[]> {
  const { rows: found } = await trx.raw<{ rows: { position: number }[] }>(
    `select n::int - 1 as position
     from unnest(?::text[], ?::text[]) with ordinality as sent (transaction_id, external_subscription_id, n)
     where exists (
       select from events e where e.organization_id = ? and e.transaction_id = sent.transaction_id
         and e.external_subscription_id = sent.external_subscription_id)
     order by n`,
    [
      events.map((event) => event.transaction_id),
      events.map((event) => event.external_subscription_id) as string[],
      trx.organization_id,
    ],
  );
  return found.map(({ position }) => position);
}
