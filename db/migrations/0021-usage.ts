import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What charges may be priced in instead of the plan's currency: credits, tokens.
    create table pricing_units (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      name text not null,
      code text not null,
      short_name text not null,
      description text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (organization_id, code)
    );
    alter table charges
      add column pricing_unit_id uuid references pricing_units,
      add column conversion_rate numeric check (conversion_rate > 0),
      add check ((pricing_unit_id is null) = (conversion_rate is null));

    -- A copy of what the charge was priced in, and of the amounts in it; the units by the properties that are only shown.
    alter table fees
      add column pricing_unit jsonb,
      add column presentation_breakdowns jsonb not null default '[]';

    -- The code of a metric that aggregates in its own way.
    alter table billable_metrics add column custom_aggregator text check ((custom_aggregator is not null) = (aggregation_type = 'custom_agg'));

    -- With what a period of an aggregation that goes on from one to the next ended, by filter and group. Subscriptions that follow each other share it.
    create table carried_usage (
      organization_id uuid not null references organizations on delete cascade,
      external_subscription_id text not null,
      charge_id uuid not null references charges on delete cascade,
      charge_filter_id uuid references charge_filters on delete cascade,
      grouped_by jsonb not null,
      period_from timestamptz not null,
      units numeric not null,
      amount numeric not null,
      constraint carried_usage_once unique nulls not distinct (organization_id, charge_id, external_subscription_id, period_from, charge_filter_id, grouped_by)
    );

    -- Why an invoice could not be made.
    create table invoice_errors (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      invoice_id uuid not null references invoices on delete cascade,
      error_code text not null,
      details jsonb not null,
      created_at timestamptz not null,
      unique (invoice_id, error_code)
    );

    -- Until when the events that an organization has received were looked through for errors.
    create table event_checks (
      organization_id uuid primary key references organizations on delete cascade,
      checked_until timestamptz not null
    );
    create index events_received on events (organization_id, created_at);
  `);
  for (const table of ['pricing_units', 'carried_usage', 'invoice_errors', 'event_checks'])
    await belongsToOrganization(knex, table);
}
