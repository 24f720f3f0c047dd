import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table billable_metrics (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      name text not null,
      code text not null,
      description text,
      aggregation_type text not null,
      field_name text,
      recurring boolean not null default false,
      weighted_interval text,
      rounding_function text,
      rounding_precision integer,
      expression text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    );
    create unique index billable_metrics_code on billable_metrics (organization_id, code) where deleted_at is null;

    create table plans (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      name text not null,
      code text not null,
      invoice_display_name text,
      description text,
      interval text not null check (interval in ('weekly', 'monthly', 'quarterly', 'semiannual', 'yearly')),
      amount_cents bigint not null check (amount_cents >= 0),
      amount_currency text not null,
      pay_in_advance boolean not null,
      trial_period numeric,
      bill_charges_monthly boolean,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    );
    create unique index plans_code on plans (organization_id, code) where deleted_at is null;

    create table plan_taxes (
      organization_id uuid not null references organizations on delete cascade,
      plan_id uuid not null references plans on delete cascade,
      tax_id uuid not null references taxes on delete cascade,
      primary key (plan_id, tax_id)
    );
    create index on plan_taxes (tax_id);

    create table charges (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      plan_id uuid not null references plans on delete cascade,
      billable_metric_id uuid not null references billable_metrics on delete cascade,
      code text not null,
      invoice_display_name text,
      charge_model text not null,
      properties jsonb not null,
      pay_in_advance boolean not null default false,
      invoiceable boolean not null default true,
      regroup_paid_fees text,
      prorated boolean not null default false,
      min_amount_cents bigint not null default 0 check (min_amount_cents >= 0),
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    );
    create unique index charges_code on charges (plan_id, code) where deleted_at is null;
    create index on charges (billable_metric_id);

    create table charge_taxes (
      organization_id uuid not null references organizations on delete cascade,
      charge_id uuid not null references charges on delete cascade,
      tax_id uuid not null references taxes on delete cascade,
      primary key (charge_id, tax_id)
    );
    create index on charge_taxes (tax_id);
  `);
  for (const table of ['billable_metrics', 'plans', 'plan_taxes', 'charges', 'charge_taxes'])
    await belongsToOrganization(knex, table);
}
