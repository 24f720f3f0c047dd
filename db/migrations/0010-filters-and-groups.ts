import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table billable_metric_filters (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      billable_metric_id uuid not null references billable_metrics on delete cascade,
      key text not null,
      values text[] not null,
      created_at timestamptz not null,
      unique (billable_metric_id, key)
    );

    create table charge_filters (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      charge_id uuid not null references charges on delete cascade,
      -- Its place in the list: of several that match an event in advance, the first one prices it.
      position integer not null,
      values jsonb not null,
      properties jsonb not null,
      invoice_display_name text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    );
    create index on charge_filters (charge_id) where deleted_at is null;

    alter table fees
      add column charge_filter_id uuid references charge_filters,
      add column item_filters jsonb,
      add column filter_invoice_display_name text,
      add column true_up_parent_fee_id uuid references fees on delete cascade;
    create index on fees (true_up_parent_fee_id) where true_up_parent_fee_id is not null;
    drop index fees_once;
    create unique index fees_once on fees (invoice_id, subscription_id, fee_type, charge_id, charge_filter_id, grouped_by, (true_up_parent_fee_id is not null))
      nulls not distinct where invoice_id is not null and deleted_at is null;
  `);
  for (const table of ['billable_metric_filters', 'charge_filters']) await belongsToOrganization(knex, table);
}
