import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table minimum_commitments (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      plan_id uuid not null unique references plans on delete cascade,
      amount_cents bigint not null check (amount_cents > 0),
      invoice_display_name text,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );

    create table minimum_commitment_taxes (
      organization_id uuid not null references organizations on delete cascade,
      minimum_commitment_id uuid not null references minimum_commitments on delete cascade,
      tax_id uuid not null references taxes on delete cascade,
      primary key (minimum_commitment_id, tax_id)
    );
    create index on minimum_commitment_taxes (tax_id);
  `);
  for (const table of ['minimum_commitments', 'minimum_commitment_taxes']) await belongsToOrganization(knex, table);
}
