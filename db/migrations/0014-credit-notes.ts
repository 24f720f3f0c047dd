import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What its credit notes took off what is owed on it.
    alter table invoices add column total_offsetted_credit_note_amount_cents bigint not null default 0;

    create table credit_notes (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      customer_id uuid not null references customers on delete cascade,
      invoice_id uuid not null references invoices on delete cascade,
      sequential_id integer not null,
      number text not null,
      status text not null check (status in ('draft', 'finalized')),
      credit_status text not null check (credit_status in ('available', 'consumed', 'voided')),
      refund_status text check (refund_status in ('pending', 'succeeded', 'failed')),
      reason text not null,
      description text,
      metadata jsonb,
      -- What is made once, by itself: 'termination/<subscription>'.
      occasion text,
      currency text not null,
      issuing_date date not null,
      total_amount_cents bigint not null check (total_amount_cents >= 0),
      precise_total_amount_cents numeric(30, 5) not null,
      sub_total_excluding_taxes_amount_cents bigint not null,
      coupons_adjustment_amount_cents bigint not null,
      precise_coupons_adjustment_amount_cents numeric(30, 5) not null,
      taxes_amount_cents bigint not null,
      precise_taxes_amount_cents numeric(30, 5) not null,
      taxes_rate numeric not null,
      credit_amount_cents bigint not null check (credit_amount_cents >= 0),
      refund_amount_cents bigint not null check (refund_amount_cents >= 0),
      offset_amount_cents bigint not null check (offset_amount_cents >= 0),
      balance_amount_cents bigint not null check (balance_amount_cents between 0 and credit_amount_cents),
      refunded_at timestamptz,
      voided_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (invoice_id, sequential_id),
      unique (organization_id, occasion)
    );
    create index on credit_notes (organization_id, created_at desc, id desc);
    create index on credit_notes (customer_id, created_at, id) where balance_amount_cents > 0;

    create table credit_note_items (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      credit_note_id uuid not null references credit_notes on delete cascade,
      -- The fees of a draft are replaced, and its notes follow them within the transaction.
      fee_id uuid not null references fees deferrable initially deferred,
      amount_cents bigint not null check (amount_cents >= 0),
      precise_amount_cents numeric(30, 5) not null,
      amount_currency text not null,
      created_at timestamptz not null
    );
    create index on credit_note_items (credit_note_id);
    create index on credit_note_items (fee_id);

    create table credit_note_taxes (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      credit_note_id uuid not null references credit_notes on delete cascade,
      tax_id uuid,
      tax_name text not null,
      tax_code text not null,
      tax_description text,
      tax_rate numeric not null,
      base_amount_cents bigint not null,
      amount_cents bigint not null,
      created_at timestamptz not null,
      unique (credit_note_id, tax_code)
    );

    alter table credits add foreign key (credit_note_id) references credit_notes on delete cascade;

    create table payments (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      customer_id uuid not null references customers on delete cascade,
      invoice_id uuid not null references invoices on delete cascade,
      payment_type text not null check (payment_type in ('provider', 'manual')),
      amount_cents bigint not null check (amount_cents > 0),
      amount_currency text not null,
      -- The provider's own word.
      status text not null,
      payment_status text not null check (payment_status in ('pending', 'processing', 'succeeded', 'failed')),
      reference text,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );
    create index on payments (organization_id, created_at desc, id desc);
    create index on payments (invoice_id);
    create index on payments (customer_id, created_at desc, id desc);

    -- A document is of an invoice or of a credit note.
    alter table documents alter column invoice_id drop not null;
    alter table documents add column credit_note_id uuid unique references credit_notes on delete cascade;
    alter table documents add check (num_nonnulls(invoice_id, credit_note_id) = 1);
  `);
  for (const table of ['credit_notes', 'credit_note_items', 'credit_note_taxes', 'payments'])
    await belongsToOrganization(knex, table);
}
