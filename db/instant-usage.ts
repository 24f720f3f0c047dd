import type { Instant } from '../billing/clock/instant.ts';
import { Decimal } from '../billing/money/decimal.ts';
import { bucketKey } from '../billing/usage/bucket-key.ts';
import type { Mark } from '../billing/usage/instant-usage.ts';
import type { Transaction } from './transaction.ts';

/** An event that is still to be paid for. */
export interface DueEvent {
  readonly id: string;
  readonly transaction_id: string;
  readonly code: string;
  readonly timestamp: Instant;
  readonly received_at: Instant;
}

/** Takes the next events of a subscription out of its queue, in their order: whoever takes them makes their fees in the same transaction. */
export async function takeInstantUsage(
  trx: Transaction,
  subscription: { readonly id: string; readonly external_id: string },
  events_max: number,
): Promise<DueEvent[]> {
  const { rows: taken } = await trx.raw<{ rows: DueEvent[] }>(
    `with taken as (
       delete from instant_usage u
       where u.organization_id = :organization_id and u.subscription_id = :subscription_id
         and (u.timestamp, u.received_at, u.event_id) in (
           select timestamp, received_at, event_id from instant_usage
           where organization_id = :organization_id and subscription_id = :subscription_id
           order by timestamp, received_at, event_id limit :events_max)
       returning u.*
     )
     select e.id, e.transaction_id, e.code, e.timestamp, taken.received_at
     from taken join events e on e.organization_id = :organization_id and e.external_subscription_id = :external_id
       and e.transaction_id = taken.transaction_id
     order by e.timestamp, taken.received_at, e.id`,
    {
      organization_id: trx.organization_id,
      subscription_id: subscription.id,
      external_id: subscription.external_id,
      events_max,
    },
  );
  return taken;
}

const METRICS_IN_ADVANCE = `
  select m.code from charges c join billable_metrics m on m.id = c.billable_metric_id
  where c.organization_id = :organization_id and c.pay_in_advance and c.deleted_at is null and m.deleted_at is null`;

/**
 * Queues what has come in since a subscription began, while nobody knew of it yet. From the one that ended then it takes over what waits there;
 * what that one's charges have priced stays priced.
 */
export async function queueInstantUsage(
  trx: Transaction,
  subscription: { readonly id: string; readonly external_id: string; readonly plan_id: string },
  { from, ended }: { readonly from: Instant; readonly ended: { readonly id: string; readonly plan_id: string } | null },
): Promise<void> {
  const bindings = {
    organization_id: trx.organization_id,
    subscription_id: subscription.id,
    external_id: subscription.external_id,
    plan_id: subscription.plan_id,
    ended_id: ended?.id ?? null,
    ended_plan_id: ended?.plan_id ?? null,
    from,
  };
  await trx.raw(
    `update instant_usage set subscription_id = :subscription_id
     where organization_id = :organization_id and subscription_id = :ended_id::uuid and timestamp >= :from`,
    bindings as never,
  );
  await trx.raw(
    `insert into instant_usage (organization_id, subscription_id, timestamp, received_at, event_id, transaction_id)
     select e.organization_id, :subscription_id, e.timestamp, e.created_at, e.id, e.transaction_id
     from events e
     where e.organization_id = :organization_id and e.external_subscription_id = :external_id and e.timestamp >= :from and e.created_at >= :from
       and e.code in (${METRICS_IN_ADVANCE} and c.plan_id = :plan_id)
       and e.code not in (${METRICS_IN_ADVANCE} and c.plan_id = :ended_plan_id::uuid)
     on conflict do nothing`,
    bindings as never,
  );
}

export interface MarkKey {
  readonly charge_id: string;
  readonly period_from: Instant;
}

interface MarkRow extends MarkKey {
  readonly charge_filter_id: string | null;
  readonly grouped_by: Readonly<Record<string, string | null>>;
  readonly running: string;
  readonly highest: string;
  readonly prorated_units: string;
}

export type Marks = ReadonlyMap<string, Mark>;

/** How far the usage of charges has come in a period each, in the order of the keys. */
export async function findMarks(trx: Transaction, subscription_id: string, keys: readonly MarkKey[]): Promise<Marks[]> {
  if (keys.length === 0) return [];
  const { rows: found } = await trx.raw<{ rows: MarkRow[] }>(
    `select * from high_water_marks m
     where m.organization_id = ? and m.subscription_id = ?
       and exists (select from unnest(?::uuid[], ?::timestamptz[]) k (charge_id, period_from)
         where m.charge_id = k.charge_id and m.period_from = k.period_from)`,
    [
      trx.organization_id,
      subscription_id,
      keys.map(({ charge_id }) => charge_id),
      keys.map(({ period_from }) => period_from),
    ],
  );
  return keys.map(
    ({ charge_id, period_from }) =>
      new Map(
        found
          .filter((row) => row.charge_id === charge_id && row.period_from === period_from)
          .map((row) => [bucketKey(row.charge_filter_id, row.grouped_by), markOf(row)]),
      ),
  );
}

function markOf({ running, highest, prorated_units }: MarkRow): Mark {
  return {
    running: new Decimal(running),
    highest: new Decimal(highest),
    prorated_units: new Decimal(prorated_units),
  };
}

export interface NewMark extends MarkKey {
  readonly charge_filter_id: string | null;
  readonly grouped_by: Readonly<Record<string, string | null>>;
  readonly mark: Mark;
}

export async function saveMarks(trx: Transaction, subscription_id: string, marks: readonly NewMark[]): Promise<void> {
  if (marks.length === 0) return;
  await trx.raw(
    `insert into high_water_marks (organization_id, subscription_id, charge_id, charge_filter_id, grouped_by, period_from, running, highest, prorated_units)
     select :organization_id::uuid, :subscription_id::uuid, m.*
     from unnest(:charge_ids::uuid[], :filter_ids::uuid[], :groups::jsonb[], :periods::timestamptz[], :running::numeric[], :highest::numeric[], :prorated::numeric[]) m
     on conflict on constraint high_water_marks_once
       do update set running = excluded.running, highest = excluded.highest, prorated_units = excluded.prorated_units`,
    {
      organization_id: trx.organization_id,
      subscription_id,
      charge_ids: marks.map((one) => one.charge_id),
      filter_ids: marks.map((one) => one.charge_filter_id) as string[],
      groups: marks.map((one) => JSON.stringify(one.grouped_by)),
      periods: marks.map((one) => one.period_from),
      running: marks.map(({ mark }) => mark.running.toFixed()),
      highest: marks.map(({ mark }) => mark.highest.toFixed()),
      prorated: marks.map(({ mark }) => mark.prorated_units.toFixed()),
    },
  );
}
