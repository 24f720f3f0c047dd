import type { Knex } from 'knex';
import { APP_ROLE, belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    grant usage on schema public to ${APP_ROLE};

    create function current_organization() returns uuid language sql stable parallel safe
      return nullif(current_setting('app.organization_id', true), '')::uuid;

    create table organizations (
      id uuid primary key,
      name text not null,
      sandbox boolean not null,
      default_currency text not null default 'USD',
      email text,
      legal_name text,
      legal_number text,
      tax_identification_number text,
      address_line1 text,
      address_line2 text,
      city text,
      state text,
      zipcode text,
      country text,
      timezone text not null default 'UTC',
      net_payment_term integer not null default 0 check (net_payment_term >= 0),
      invoice_grace_period integer not null default 0 check (invoice_grace_period >= 0),
      invoice_footer text,
      document_locale text not null default 'en',
      document_numbering text not null default 'per_customer' check (document_numbering in ('per_customer', 'per_organization')),
      document_number_prefix text not null,
      finalize_zero_amount_invoice boolean not null default true,
      email_settings text[] not null default '{}',
      hmac_key text not null,
      customers_count integer not null default 0,
      -- Null until the first invoice numbered per organization, and again after a change of numbering: then all numbered ones are counted.
      numbered_invoices_count integer,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );

    create table sandbox_clocks (
      organization_id uuid primary key references organizations on delete cascade,
      now_at timestamptz not null,
      target_at timestamptz
    );

    create table api_keys (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      name text,
      digest text not null unique,
      last_four text not null,
      permissions jsonb,
      expires_at timestamptz,
      last_used_at timestamptz,
      created_at timestamptz not null,
      updated_at timestamptz not null
    );
    create index on api_keys (organization_id);

    -- The one look-up that cannot know its organization beforehand: from the digest of a key to whose it is.
    create function authenticate_api_key(key_digest text)
      returns table (api_key_id uuid, organization_id uuid, sandbox boolean, permissions jsonb, expires_at timestamptz)
      language sql stable security definer set search_path = public
      begin atomic
        select k.id, k.organization_id, o.sandbox, k.permissions, k.expires_at
        from api_keys k join organizations o on o.id = k.organization_id
        where k.digest = key_digest;
      end;

    -- API processes keep keys in memory: tells them to look again.
    create function api_keys_changed() returns trigger language plpgsql as $$
      begin
        perform pg_notify('api_keys', coalesce(new.digest, old.digest));
        return null;
      end $$;
    create trigger api_keys_changed after update or delete on api_keys for each row execute function api_keys_changed();
  `);
  await belongsToOrganization(knex, 'organizations', 'id');
  await belongsToOrganization(knex, 'sandbox_clocks');
  await belongsToOrganization(knex, 'api_keys');
}
