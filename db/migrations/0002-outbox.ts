import type { Knex } from 'knex';
import { APP_ROLE, belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- Who must look at the rows again. A row is written with the change that causes it and removed by the awakened workflow itself,
    -- in the transaction in which it reads the facts: until then the relay rings again. No foreign key: outlives a removed sandbox.
    create table outbox (
      id bigint generated always as identity primary key,
      organization_id uuid not null,
      workflow_id text not null,
      sandbox boolean not null,
      rung_at timestamptz,
      rings smallint not null default 0
    );
    create index on outbox (organization_id, workflow_id);
    create index on outbox (rung_at nulls first, id);

    -- One row for each workflow that should be alive: what it does next, and when. Written from the facts by the activity that plans.
    create table agenda (
      workflow_id text primary key,
      organization_id uuid not null references organizations on delete cascade,
      sandbox boolean not null,
      clock text not null check (clock in ('organization', 'wall')),
      rank smallint not null,
      step text not null,
      due_at timestamptz
    );
    create index on agenda (organization_id, due_at);

    -- The relay serves every organization, and sees of them no more than which workflow to ring.
    create function take_from_outbox(taken_at timestamptz, rows_max integer)
      returns table (id bigint, organization_id uuid, workflow_id text, sandbox boolean)
      language sql volatile security definer set search_path = public
      begin atomic
        -- A ring that nobody heard is repeated, ever more rarely: a workflow that is stuck takes only so many signals.
        update outbox set rung_at = taken_at, rings = least(outbox.rings + 1, 100)
        where outbox.id in (
          select o.id from outbox o
          where o.rung_at is null or o.rung_at < taken_at - least(interval '1 hour', interval '15 seconds' * power(2, least(o.rings, 20) - 1))
          order by o.rung_at nulls first, o.id limit rows_max
          for update skip locked
        )
        returning outbox.id, outbox.organization_id, outbox.workflow_id, outbox.sandbox;
      end;
    create function return_to_outbox(ids bigint[]) returns void
      language sql volatile security definer set search_path = public
      begin atomic
        update outbox set rung_at = null where id = any (ids);
      end;
    create function outbox_backlog() returns bigint
      language sql stable security definer set search_path = public
      begin atomic
        select count(*) from outbox;
      end;

    -- Rings every workflow that should be alive: after Temporal's data was lost, each starts anew from the rows.
    create function ring_everything() returns bigint
      language plpgsql volatile security definer set search_path = public as $$
      declare rung bigint;
      begin
        insert into outbox (organization_id, workflow_id, sandbox) select a.organization_id, a.workflow_id, a.sandbox from agenda a;
        get diagnostics rung = row_count;
        perform pg_notify('outbox', '');
        return rung;
      end $$;

    revoke execute on all functions in schema public from public;
    grant execute on function current_organization(), authenticate_api_key(text), take_from_outbox(timestamptz, integer),
      return_to_outbox(bigint[]), outbox_backlog(), ring_everything(), api_keys_changed() to ${APP_ROLE};
  `);
  await belongsToOrganization(knex, 'outbox');
  await belongsToOrganization(knex, 'agenda');
}
