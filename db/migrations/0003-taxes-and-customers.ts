import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table taxes (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      name text not null,
      code text not null,
      description text,
      rate numeric not null,
      applied_to_organization boolean not null default false,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz
    );
    create unique index taxes_code on taxes (organization_id, code) where deleted_at is null;

    create table customers (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      sequential_id integer not null,
      slug text not null,
      external_id text not null,
      account_type text not null default 'customer',
      customer_type text,
      name text,
      firstname text,
      lastname text,
      legal_name text,
      legal_number text,
      tax_identification_number text,
      email text,
      phone text,
      url text,
      logo_url text,
      address_line1 text,
      address_line2 text,
      city text,
      state text,
      zipcode text,
      country text,
      shipping_address jsonb not null default '{}',
      timezone text,
      currency text,
      net_payment_term integer check (net_payment_term >= 0),
      invoice_grace_period integer check (invoice_grace_period >= 0),
      document_locale text,
      finalize_zero_amount_invoice text not null default 'inherit' check (finalize_zero_amount_invoice in ('inherit', 'finalize', 'skip')),
      numbered_invoices_count integer not null default 0,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      deleted_at timestamptz,
      unique (organization_id, sequential_id)
    );
    create unique index customers_external_id on customers (organization_id, external_id) where deleted_at is null;
    create index on customers (organization_id, created_at desc, id desc);

    create table customer_metadata (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      customer_id uuid not null references customers on delete cascade,
      key text not null,
      value text not null,
      display_in_invoice boolean not null default false,
      created_at timestamptz not null,
      unique (customer_id, key)
    );

    create table customer_taxes (
      organization_id uuid not null references organizations on delete cascade,
      customer_id uuid not null references customers on delete cascade,
      tax_id uuid not null references taxes on delete cascade,
      primary key (customer_id, tax_id)
    );
    create index on customer_taxes (tax_id);
  `);
  for (const table of ['taxes', 'customers', 'customer_metadata', 'customer_taxes'])
    await belongsToOrganization(knex, table);
}
