import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table add_ons (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      name text not null,
      code text not null,
      amount_cents bigint not null check (amount_cents > 0),
      amount_currency text not null,
      description text,
      invoice_display_name text,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    );
    create unique index add_ons_code on add_ons (organization_id, code) where deleted_at is null;

    create table add_on_taxes (
      organization_id uuid not null references organizations on delete cascade,
      add_on_id uuid not null references add_ons on delete cascade,
      tax_id uuid not null references taxes on delete cascade,
      primary key (add_on_id, tax_id)
    );
    create index on add_on_taxes (tax_id);

    -- The same add-on may be sold several times on one invoice.
    drop index fees_once;
    create unique index fees_once on fees (invoice_id, subscription_id, fee_type, charge_id, charge_filter_id, grouped_by, (true_up_parent_fee_id is not null))
      nulls not distinct where invoice_id is not null and deleted_at is null and fee_type <> 'add_on' and not (fee_type = 'charge' and pay_in_advance);
  `);
  for (const table of ['add_ons', 'add_on_taxes']) await belongsToOrganization(knex, table);
}
