import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table coupons (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      name text not null,
      code text not null,
      description text,
      coupon_type text not null check (coupon_type in ('fixed_amount', 'percentage')),
      amount_cents bigint,
      amount_currency text,
      percentage_rate numeric,
      frequency text not null check (frequency in ('once', 'recurring', 'forever')),
      frequency_duration integer,
      expiration text not null check (expiration in ('no_expiration', 'time_limit')),
      expiration_at timestamptz,
      reusable boolean not null,
      limited_plans boolean not null,
      limited_billable_metrics boolean not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    );
    create unique index coupons_code on coupons (organization_id, code) where deleted_at is null;

    -- What a limited coupon is for: plans or metrics.
    create table coupon_targets (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      coupon_id uuid not null references coupons on delete cascade,
      plan_id uuid references plans on delete cascade,
      billable_metric_id uuid references billable_metrics on delete cascade,
      check (num_nonnulls(plan_id, billable_metric_id) = 1)
    );
    create index on coupon_targets (coupon_id);

    create table applied_coupons (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      coupon_id uuid not null references coupons on delete cascade,
      customer_id uuid not null references customers on delete cascade,
      status text not null check (status in ('active', 'terminated')),
      amount_cents bigint,
      amount_currency text,
      percentage_rate numeric,
      frequency text not null check (frequency in ('once', 'recurring', 'forever')),
      frequency_duration integer,
      frequency_duration_remaining integer,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      terminated_at timestamptz
    );
    create index on applied_coupons (customer_id) where status = 'active';
    create index on applied_coupons (organization_id, created_at desc, id desc);
    create index on applied_coupons (coupon_id);

    -- What was taken off an invoice: before taxes by coupons and by what progressive billing has billed already, after them by credit notes.
    create table credits (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      invoice_id uuid not null references invoices on delete cascade,
      applied_coupon_id uuid references applied_coupons on delete cascade,
      progressive_billing_invoice_id uuid references invoices on delete cascade,
      -- References its table once there is one.
      credit_note_id uuid,
      amount_cents bigint not null check (amount_cents >= 0),
      amount_currency text not null,
      before_taxes boolean not null,
      created_at timestamptz not null,
      check (num_nonnulls(applied_coupon_id, progressive_billing_invoice_id, credit_note_id) = 1),
      unique nulls not distinct (invoice_id, applied_coupon_id, progressive_billing_invoice_id, credit_note_id)
    );
    create index on credits (applied_coupon_id) where applied_coupon_id is not null;
    create index on credits (progressive_billing_invoice_id) where progressive_billing_invoice_id is not null;
    create index on credits (credit_note_id) where credit_note_id is not null;
  `);
  for (const table of ['coupons', 'coupon_targets', 'applied_coupons', 'credits'])
    await belongsToOrganization(knex, table);
}
