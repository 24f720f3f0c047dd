import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table data_exports (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      resource_type text not null,
      filters jsonb not null,
      email text,
      status text not null check (status in ('pending', 'processing', 'completed')),
      -- Behind the last row that was written.
      cursor jsonb,
      rows_count integer not null default 0,
      filename text,
      completed_at timestamptz,
      expires_at timestamptz,
      mailed_at timestamptz,
      created_at timestamptz not null
    );
    create index on data_exports (organization_id, created_at desc, id desc);

    -- A file grows by parts, each written with the cursor behind it: none is written twice.
    create table data_export_parts (
      organization_id uuid not null references organizations on delete cascade,
      data_export_id uuid not null references data_exports on delete cascade,
      position integer not null,
      content text not null,
      primary key (data_export_id, position)
    );
  `);
  for (const table of ['data_exports', 'data_export_parts']) await belongsToOrganization(knex, table);
}
