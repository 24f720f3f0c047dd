import type { Knex } from 'knex';
import { APP_ROLE, belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    -- The order of reception, across processes. Never cached: then whoever reads its last value knows that all later events are beyond it.
    -- Numbers are given before the commit, so what is up to a number is only whole when everybody who was writing then is done (db/arrivals.ts).
    create sequence events_arrival cache 1;
    grant usage, select on sequence events_arrival to ${APP_ROLE};
    -- Events of before are all the first: the table need not be rewritten.
    alter table events add column arrival bigint not null default 0;
    alter table events alter column arrival set default nextval('events_arrival');
    -- What has come in of a usage since it was last rolled up, whatever its timestamps. By a digest: half as large as with the columns, and never
    -- taken for the index by timestamps, however little the planner knows. Asked for in db/usage-cells.ts.
    create index events_arrivals on events (
      hashtextextended(code, hashtextextended(external_subscription_id, uuid_hash_extended(organization_id, 0))), arrival);

    -- One question that is asked of a subscription's events again and again: what a property adds up to, told apart by others.
    -- Named by what is asked, not by charge or metric: an edited charge asks another question, and events never change, so no answer grows stale.
    create table usage_series (
      id bigint generated always as identity primary key,
      organization_id uuid not null references organizations on delete cascade,
      external_subscription_id text not null,
      code text not null,
      -- Digest of the three that follow, which may be longer than an index takes.
      shape text not null,
      aggregation_type text not null,
      field_name text,
      keys text[] not null,
      -- All events up to this arrival are in the rollups, and none after it.
      rolled_up_to bigint not null default -1,
      -- Until it has caught up once, events are quicker to read than what is left of them.
      is_ready boolean not null default false,
      unique (organization_id, external_subscription_id, code, shape)
    );

    -- What the events of a whole hour, or of a whole day in UTC, add up to; by dimensions, and by value where values are told apart.
    create table usage_rollups (
      organization_id uuid not null,
      series_id bigint not null references usage_series on delete cascade,
      -- Its length: 1 or 24.
      hours smallint not null,
      starts_at timestamptz not null,
      -- Digest of the two that follow.
      cell uuid not null,
      dimensions text[] not null,
      value text,
      events_count bigint not null,
      sum numeric not null,
      max numeric,
      latest text collate "C",
      dynamic_amount_cents numeric not null,
      primary key (series_id, hours, starts_at, cell)
    ) with (fillfactor = 80);

    -- Usage that may be worth rolling up again: written with one event in about a thousand. A mark that is lost costs time, nothing else.
    create table usage_marks (
      id bigint generated always as identity primary key,
      organization_id uuid not null,
      external_subscription_id text not null,
      code text not null
    );

    -- Whoever rolls up serves every organization, and sees of them no more than whose usage it is.
    create function take_usage_marks(marks_max integer)
      returns table (organization_id uuid, external_subscription_id text, code text)
      language sql volatile security definer set search_path = public
      begin atomic
        with taken as (
          delete from usage_marks where usage_marks.id in (select m.id from usage_marks m order by m.id limit marks_max for update skip locked)
          returning usage_marks.organization_id, usage_marks.external_subscription_id, usage_marks.code
        )
        select distinct t.organization_id, t.external_subscription_id, t.code from taken t;
      end;
    create function usage_marks_count() returns bigint
      language sql stable security definer set search_path = public
      begin atomic
        select count(*) from usage_marks;
      end;
    revoke execute on function take_usage_marks(integer), usage_marks_count() from public;
    grant execute on function take_usage_marks(integer), usage_marks_count() to ${APP_ROLE};
  `);
  for (const table of ['usage_series', 'usage_rollups', 'usage_marks']) await belongsToOrganization(knex, table);
}
