import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table invoices (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      customer_id uuid not null references customers on delete cascade,
      invoice_type text not null,
      status text not null check (status in ('draft', 'finalized', 'voided', 'failed', 'pending', 'closed')),
      payment_status text not null default 'pending' check (payment_status in ('pending', 'succeeded', 'failed')),
      -- What makes it the same bill when billing runs twice: the instant and the occasion ('periodic', 'starting/<subscription>', ...).
      billing_at timestamptz not null,
      occasion text not null,
      currency text not null,
      timezone text not null,
      sequential_id integer,
      number text not null,
      issuing_date date not null,
      payment_due_date date not null,
      net_payment_term integer not null,
      fees_amount_cents bigint not null,
      coupons_amount_cents bigint not null default 0,
      progressive_billing_credit_amount_cents bigint not null default 0,
      sub_total_excluding_taxes_amount_cents bigint not null,
      taxes_amount_cents bigint not null,
      taxes_rate numeric not null,
      sub_total_including_taxes_amount_cents bigint not null,
      credit_notes_amount_cents bigint not null default 0,
      prepaid_credit_amount_cents bigint not null default 0,
      total_amount_cents bigint not null,
      total_paid_amount_cents bigint not null default 0,
      payment_overdue boolean not null default false,
      payment_dispute_lost_at timestamptz,
      voided_at timestamptz,
      finalized_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (customer_id, billing_at, currency, occasion)
    );
    create index on invoices (organization_id, issuing_date desc, created_at desc, id desc);
    create index on invoices (customer_id, issuing_date desc);
    create unique index invoices_sequential_id on invoices (customer_id, sequential_id);
    create unique index invoices_number on invoices (organization_id, number) where status in ('finalized', 'voided');

    create table invoice_metadata (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      invoice_id uuid not null references invoices on delete cascade,
      key text not null,
      value text not null,
      created_at timestamptz not null,
      unique (invoice_id, key)
    );

    create table invoice_taxes (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      invoice_id uuid not null references invoices on delete cascade,
      tax_id uuid,
      tax_name text not null,
      tax_code text not null,
      tax_description text,
      tax_rate numeric not null,
      amount_cents bigint not null,
      fees_amount_cents bigint not null,
      created_at timestamptz not null,
      unique (invoice_id, tax_code)
    );

    -- What of a subscription an invoice covers. Spans are half open.
    create table billing_periods (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      invoice_id uuid not null references invoices on delete cascade,
      subscription_id uuid not null references subscriptions on delete cascade,
      plan_id uuid not null references plans,
      invoicing_reason text not null,
      billing_at timestamptz not null,
      subscription_from timestamptz not null,
      subscription_to timestamptz not null,
      charges_from timestamptz not null,
      charges_to timestamptz not null,
      created_at timestamptz not null
    );
    create index on billing_periods (invoice_id);
    create index on billing_periods (subscription_id, billing_at);
    create unique index billing_periods_periodic on billing_periods (subscription_id, billing_at) where invoicing_reason = 'subscription_periodic';
    create unique index billing_periods_once on billing_periods (subscription_id, invoicing_reason)
      where invoicing_reason in ('subscription_starting', 'subscription_terminating');

    create table fees (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      customer_id uuid not null references customers on delete cascade,
      invoice_id uuid references invoices on delete cascade,
      subscription_id uuid references subscriptions on delete cascade,
      charge_id uuid references charges,
      fee_type text not null check (fee_type in ('charge', 'add_on', 'subscription', 'credit', 'commitment')),
      -- Copies, so that a document never changes when a plan or a metric does.
      item_id uuid not null,
      item_type text not null,
      item_code text not null,
      item_name text not null,
      item_description text,
      invoice_display_name text,
      grouped_by jsonb not null default '{}',
      amount_currency text not null,
      amount_cents bigint not null,
      precise_amount_cents numeric(40, 15) not null,
      taxes_amount_cents bigint not null,
      taxes_precise_amount_cents numeric(40, 15) not null,
      taxes_rate numeric not null,
      precise_coupons_amount_cents numeric(30, 5) not null default 0,
      units numeric not null,
      total_aggregated_units numeric not null,
      precise_unit_amount numeric(30, 15) not null,
      events_count integer,
      amount_details jsonb not null default '{}',
      description text,
      pay_in_advance boolean not null,
      invoiceable boolean not null,
      from_at timestamptz,
      to_at timestamptz,
      event_transaction_id text,
      payment_status text not null default 'pending' check (payment_status in ('pending', 'succeeded', 'failed', 'refunded')),
      succeeded_at timestamptz,
      failed_at timestamptz,
      refunded_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    );
    create unique index fees_once on fees (invoice_id, subscription_id, fee_type, charge_id, grouped_by) nulls not distinct
      where invoice_id is not null and deleted_at is null;
    create index on fees (organization_id, created_at, id);
    create index on fees (subscription_id, created_at);
    create index on fees (customer_id, created_at, id);
    create index on fees (organization_id, event_transaction_id) where event_transaction_id is not null;

    create table fee_taxes (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      fee_id uuid not null references fees on delete cascade,
      tax_id uuid,
      tax_name text not null,
      tax_code text not null,
      tax_description text,
      tax_rate numeric not null,
      amount_cents bigint not null,
      created_at timestamptz not null,
      unique (fee_id, tax_code)
    );
  `);
  for (const table of ['invoices', 'invoice_metadata', 'invoice_taxes', 'billing_periods', 'fees', 'fee_taxes'])
    await belongsToOrganization(knex, table);
}
