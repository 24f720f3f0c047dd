import type { Instant, Span } from '../billing/clock/instant.ts';
import type { EventErrors } from '../billing/events/event-check.ts';
import type { WorkflowId } from './outbox.ts';
import { type Transaction, rows } from './transaction.ts';

export function eventCheckWorkflow(organization_id: string): WorkflowId {
  return `event-check/${organization_id}`;
}

/** Until when events were looked through; from now on `from` where they never were. Holds the row. */
export async function lockEventCheck(trx: Transaction, from: Instant): Promise<Instant> {
  await trx.raw('insert into event_checks (organization_id, checked_until) values (?, ?) on conflict do nothing', [
    trx.organization_id,
    from,
  ]);
  const check = await rows<{ checked_until: Instant }>(trx, 'event_checks').forUpdate().first();
  return check!.checked_until;
}

export async function saveEventCheck(trx: Transaction, checked_until: Instant): Promise<void> {
  await rows(trx, 'event_checks').update({ checked_until });
}

/** When the first event came in that was received from an instant on. */
export async function findFirstReceived(trx: Transaction, from: Instant): Promise<Instant | null> {
  const row = await rows<{ created_at: Instant }>(trx, 'events')
    .where('created_at', '>=', from)
    .orderBy('created_at')
    .first('created_at');
  return (row as { created_at: Instant } | undefined)?.created_at ?? null;
}

/** Longer lists help nobody, and a message has to be read whole. */
const IDS_MAX = 10_000;

const ERRORS = `
  with received as materialized (
    select e.transaction_id, e.properties, m.id as metric_id, m.aggregation_type, m.field_name, e.properties ->> m.field_name as value
    from events e
    left join billable_metrics m on m.organization_id = e.organization_id and m.code = e.code and m.deleted_at is null
    where e.organization_id = :organization_id and e.created_at >= :from and e.created_at < :to
  ), wrong as (
    select transaction_id, 'invalid_code' as kind from received where metric_id is null
    union
    select transaction_id, 'missing_aggregation_property' from received
    where metric_id is not null and field_name is not null and aggregation_type not in ('count_agg', 'custom_agg')
      and (not jsonb_exists(properties, field_name)
        or aggregation_type in ('sum_agg', 'max_agg', 'weighted_sum_agg', 'latest_agg')
          and not coalesce(value ~ '^-{0,1}[0-9]+([.][0-9]+){0,1}$', false))
    union
    select r.transaction_id, 'invalid_filter_values' from received r
    join billable_metric_filters f on f.billable_metric_id = r.metric_id
    where jsonb_exists(r.properties, f.key) and not coalesce(r.properties ->> f.key = any(f.values), false)
  )
  select kind, (array_agg(transaction_id order by transaction_id))[1:${IDS_MAX}] as transaction_ids from wrong group by kind`;

/** Of the events that were received in a span, in one statement. */
export async function findEventErrors(trx: Transaction, { from, to }: Span): Promise<EventErrors> {
  const { rows: found } = await trx.raw<{ rows: { kind: keyof EventErrors; transaction_ids: string[] }[] }>(ERRORS, {
    organization_id: trx.organization_id,
    from,
    to,
  });
  const ids = new Map(found.map(({ kind, transaction_ids }) => [kind, transaction_ids]));
  return {
    invalid_code: ids.get('invalid_code') ?? [],
    missing_aggregation_property: ids.get('missing_aggregation_property') ?? [],
    invalid_filter_values: ids.get('invalid_filter_values') ?? [],
  };
}
