import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Whether an organization has such charges at all is asked whenever events are stored.
    create index charges_in_advance on charges (organization_id) where pay_in_advance and deleted_at is null;

    -- Events that charges in advance have still to price. Written with the event and removed with its fees, so each is priced once.
    create table instant_usage (
      organization_id uuid not null,
      subscription_id uuid not null references subscriptions on delete cascade,
      timestamp timestamptz not null,
      received_at timestamptz not null,
      event_id uuid not null,
      transaction_id text not null,
      primary key (subscription_id, timestamp, received_at, event_id)
    );

    -- How far the usage of a period has come, and how far it has been at most, by filter and group.
    create table high_water_marks (
      organization_id uuid not null references organizations on delete cascade,
      subscription_id uuid not null references subscriptions on delete cascade,
      charge_id uuid not null references charges on delete cascade,
      charge_filter_id uuid references charge_filters on delete cascade,
      grouped_by jsonb not null,
      period_from timestamptz not null,
      running numeric not null,
      highest numeric not null,
      prorated_units numeric not null,
      constraint high_water_marks_once unique nulls not distinct (subscription_id, charge_id, period_from, charge_filter_id, grouped_by)
    );

    -- Where a span is shown as whole days: those of this time zone.
    alter table fees add column dates_timezone text;
    create unique index fees_of_events on fees (subscription_id, charge_id, event_transaction_id) where event_transaction_id is not null;
    create unique index fees_of_renewals on fees (subscription_id, charge_id, from_at, charge_filter_id, grouped_by) nulls not distinct
      where fee_type = 'charge' and pay_in_advance and event_transaction_id is null;
    -- Several events of one charge may be on one invoice, and several periods that were paid for in advance.
    drop index fees_once;
    create unique index fees_once on fees (invoice_id, subscription_id, fee_type, charge_id, charge_filter_id, grouped_by, (true_up_parent_fee_id is not null))
      nulls not distinct where invoice_id is not null and deleted_at is null and not (fee_type = 'charge' and pay_in_advance);
  `);
  for (const table of ['instant_usage', 'high_water_marks']) await belongsToOrganization(knex, table);
}
