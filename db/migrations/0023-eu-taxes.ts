import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table organizations add column eu_tax_management boolean not null default false;
    alter table taxes add column auto_generated boolean not null default false;

    -- What the register of VAT numbers was asked about a customer. Answers are kept as evidence.
    create table vat_checks (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      customer_id uuid not null references customers on delete cascade,
      number text not null,
      status text not null check (status in ('pending', 'answered', 'superseded')),
      failures integer not null default 0,
      -- By the wall's clock; null while pending: at once.
      next_attempt_at timestamptz,
      answer jsonb,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );
    create unique index vat_checks_pending on vat_checks (customer_id) where status = 'pending';
    create index on vat_checks (customer_id, created_at);
  `);
  await belongsToOrganization(knex, 'vat_checks');
}
