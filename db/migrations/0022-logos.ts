import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Apart from the organizations, whose rows are read by every request. A new image has a new id, and with it a new link.
    create table logos (
      id uuid primary key,
      organization_id uuid not null unique references organizations on delete cascade,
      content_type text not null check (content_type in ('image/png', 'image/jpeg')),
      content bytea not null,
      created_at timestamptz not null
    );
  `);
  await belongsToOrganization(knex, 'logos');
}
