import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table organizations
      add column subscription_invoice_issuing_date_anchor text not null default 'next_period_start'
        check (subscription_invoice_issuing_date_anchor in ('next_period_start', 'current_period_end')),
      add column subscription_invoice_issuing_date_adjustment text not null default 'align_with_finalization_date'
        check (subscription_invoice_issuing_date_adjustment in ('align_with_finalization_date', 'keep_anchor'));
    -- Null: the organization's.
    alter table customers
      add column subscription_invoice_issuing_date_anchor text
        check (subscription_invoice_issuing_date_anchor in ('next_period_start', 'current_period_end')),
      add column subscription_invoice_issuing_date_adjustment text
        check (subscription_invoice_issuing_date_adjustment in ('align_with_finalization_date', 'keep_anchor'));

    -- Apart from the customer, so that numbering an invoice and editing its customer do not wait for each other.
    create table invoice_counters (
      customer_id uuid primary key references customers on delete cascade,
      organization_id uuid not null references organizations on delete cascade,
      numbered_invoices_count integer not null
    );
    insert into invoice_counters (customer_id, organization_id, numbered_invoices_count)
      select id, organization_id, numbered_invoices_count from customers where numbered_invoices_count > 0;
    alter table customers drop column numbered_invoices_count;

    alter table invoices drop constraint invoices_status_check;
    alter table invoices
      add constraint invoices_status_check check (status in ('draft', 'finalized', 'voided', 'failed', 'pending', 'closed', 'deleted')),
      -- The day on which a draft becomes final by itself.
      add column expected_finalization_date date,
      -- Since when what a draft is computed from is no longer what it was.
      add column stale_at timestamptz,
      -- The invoice that this one was made in place of.
      add column voided_invoice_id uuid references invoices on delete cascade;
    update invoices set expected_finalization_date = issuing_date;
    alter table invoices alter column expected_finalization_date set not null;
    create index invoices_drafts on invoices (customer_id) where status = 'draft';
    create unique index invoices_voided_invoice_id on invoices (voided_invoice_id) where voided_invoice_id is not null;

    -- An invoice made in place of a voided one covers the same spans again.
    alter table billing_periods add column is_regenerated boolean not null default false;
    drop index billing_periods_periodic;
    drop index billing_periods_once;
    create unique index billing_periods_periodic on billing_periods (subscription_id, billing_at)
      where invoicing_reason = 'subscription_periodic' and not is_regenerated;
    create unique index billing_periods_once on billing_periods (subscription_id, invoicing_reason)
      where invoicing_reason in ('subscription_starting', 'subscription_terminating') and not is_regenerated;

    -- What people have put in place of a fee that was computed, for as long as the invoice is a draft.
    create table adjusted_fees (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      invoice_id uuid not null references invoices on delete cascade,
      subscription_id uuid not null references subscriptions on delete cascade,
      fee_type text not null check (fee_type in ('charge', 'subscription')),
      charge_id uuid references charges,
      charge_filter_id uuid references charge_filters,
      grouped_by jsonb not null,
      -- Null: only its name is another.
      units numeric,
      -- In currency units; null: the charge's price.
      unit_precise_amount numeric,
      invoice_display_name text,
      created_at timestamptz not null,
      check ((fee_type = 'charge') = (charge_id is not null)),
      check (unit_precise_amount is null or units is not null)
    );
    create unique index adjusted_fees_once on adjusted_fees (invoice_id, subscription_id, charge_id, charge_filter_id, grouped_by) nulls not distinct;
  `);
  for (const table of ['invoice_counters', 'adjusted_fees']) await belongsToOrganization(knex, table);
}
