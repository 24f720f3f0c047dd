import type { Knex } from 'knex';
import { APP_ROLE } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- What a workflow does first, where that is known: it need not be asked, and the relay itself takes such a row away.
    alter table outbox add column step jsonb;

    drop function take_from_outbox(timestamptz, integer);
    create function take_from_outbox(taken_at timestamptz, rows_max integer)
      returns table (id bigint, organization_id uuid, workflow_id text, sandbox boolean, step jsonb)
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
        returning outbox.id, outbox.organization_id, outbox.workflow_id, outbox.sandbox, outbox.step;
      end;
    create function remove_from_outbox(ids bigint[]) returns void
      language sql volatile security definer set search_path = public
      begin atomic
        with removed as (delete from outbox where id = any (ids) returning organization_id)
        select pg_notify('agenda', organization_id::text) from removed;
      end;
    revoke execute on function take_from_outbox(timestamptz, integer), remove_from_outbox(bigint[]) from public;
    grant execute on function take_from_outbox(timestamptz, integer), remove_from_outbox(bigint[]) to ${APP_ROLE};
  `);
}
