import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table webhook_endpoints (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      webhook_url text not null,
      signature_algo text not null default 'jwt' check (signature_algo in ('jwt', 'hmac')),
      name text,
      event_types text[],
      created_at timestamptz not null,
      updated_at timestamptz not null,
      unique (organization_id, webhook_url)
    );

    -- One message for one endpoint, frozen when the change happened. Times are the wall's: networks do not know a sandbox's clock.
    create table webhooks (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      webhook_endpoint_id uuid not null references webhook_endpoints on delete cascade,
      webhook_type text not null,
      object_type text not null,
      object_id uuid,
      payload text not null,
      status text not null default 'pending' check (status in ('pending', 'succeeded', 'retrying', 'failed')),
      retries integer not null default 0,
      next_attempt_at timestamptz,
      http_status integer,
      response text,
      last_retried_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );
    create index webhooks_due on webhooks (webhook_endpoint_id, next_attempt_at, id) where status in ('pending', 'retrying');
    create index on webhooks (webhook_endpoint_id, created_at desc, id desc);

    create table documents (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      invoice_id uuid not null references invoices on delete cascade,
      filename text not null,
      content_type text not null,
      content bytea not null,
      created_at timestamptz not null,
      unique (invoice_id)
    );
  `);
  for (const table of ['webhook_endpoints', 'webhooks', 'documents']) await belongsToOrganization(knex, table);
}
