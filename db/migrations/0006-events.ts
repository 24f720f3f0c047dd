import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

const PARTITIONS = 16;

export async function up(knex: Knex): Promise<void> {
  // By hash of the subscription, not by month: a unique key must hold the partition key, and the identity of an event is
  // (organization, subscription, transaction id) whatever its timestamp. So deduplication is the table's own index, one write an event,
  // and all that one bill reads lies in one partition. Recurring metrics read the whole history, so old months are never dropped anyway.
  await knex.raw(`
    create table events (
      id uuid not null,
      organization_id uuid not null,
      external_subscription_id text,
      transaction_id text not null,
      code text not null,
      timestamp timestamptz not null,
      properties jsonb not null,
      precise_total_amount_cents numeric(40, 15),
      metadata jsonb,
      created_at timestamptz not null
    ) partition by hash (organization_id, external_subscription_id);
  `);
  for (let remainder = 0; remainder < PARTITIONS; remainder++)
    await knex.raw(
      `create table events_${remainder} partition of events for values with (modulus ${PARTITIONS}, remainder ${remainder});
       alter table events_${remainder} enable row level security;`,
    );
  await knex.raw(`
    -- The transaction id before the subscription: single events are looked up by it alone.
    create unique index events_identity on events (organization_id, transaction_id, external_subscription_id);
    create index events_usage on events (organization_id, external_subscription_id, code, timestamp);
  `);
  await belongsToOrganization(knex, 'events');
}
