import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table subscriptions add column progressive_billing_disabled boolean not null default false;

    -- Of a plan, or of one subscription instead of its plan's. Those that were taken away are still shown where they have been reached.
    create table usage_thresholds (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      plan_id uuid references plans on delete cascade,
      subscription_id uuid references subscriptions on delete cascade,
      amount_cents bigint not null check (amount_cents > 0),
      threshold_display_name text,
      recurring boolean not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz,
      check (num_nonnulls(plan_id, subscription_id) = 1)
    );
    create unique index usage_thresholds_of_plans on usage_thresholds (plan_id, recurring, amount_cents)
      where plan_id is not null and deleted_at is null;
    create unique index usage_thresholds_of_subscriptions on usage_thresholds (subscription_id, recurring, amount_cents)
      where subscription_id is not null and deleted_at is null;
    -- Whether an organization has any at all is asked whenever events are stored.
    create index usage_thresholds_exist on usage_thresholds (organization_id) where deleted_at is null;

    -- What was used before the engine came. It stays when a subscription changes its plan: its external id and its beginning do as well.
    create table lifetime_usages (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      customer_id uuid not null references customers on delete cascade,
      external_subscription_id text not null,
      subscription_at timestamptz not null,
      historical_usage_amount_cents bigint not null check (historical_usage_amount_cents >= 0),
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (customer_id, external_subscription_id, subscription_at)
    );

    -- Whether usage has come in since a subscription was last held against its thresholds. Counted, and not merely noted: what comes in while one
    -- looks is more than the one who looks has seen. Only subscriptions with thresholds have a row.
    create table threshold_checks (
      subscription_id uuid primary key references subscriptions on delete cascade,
      organization_id uuid not null,
      marks_count bigint not null,
      checked_count bigint not null,
      -- Since when something is unchecked.
      marked_at timestamptz not null,
      checked_at timestamptz
    ) with (fillfactor = 50);

    create table applied_usage_thresholds (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      usage_threshold_id uuid not null references usage_thresholds,
      invoice_id uuid not null references invoices on delete cascade,
      -- What it had come to when the threshold was reached.
      lifetime_usage_amount_cents bigint not null,
      created_at timestamptz not null,
      unique (invoice_id, usage_threshold_id)
    );

    -- Whenever it is billed: a threshold is invoiced once.
    create unique index invoices_progressive on invoices (customer_id, occasion) where invoice_type = 'progressive_billing';
  `);
  for (const table of ['usage_thresholds', 'lifetime_usages', 'threshold_checks', 'applied_usage_thresholds'])
    await belongsToOrganization(knex, table);
}
