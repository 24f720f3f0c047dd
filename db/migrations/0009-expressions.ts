import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index billable_metrics_expressions on billable_metrics (organization_id) where expression is not null and deleted_at is null;

    -- API processes keep the expressions of organizations in memory: tells them to look again.
    create function expressions_changed() returns trigger language plpgsql as $$
      begin
        if old.expression is not null or new.expression is not null then
          perform pg_notify('expressions', coalesce(new.organization_id, old.organization_id)::text);
        end if;
        return null;
      end $$;
    revoke execute on function expressions_changed() from public;
    create trigger expressions_changed after insert or update or delete on billable_metrics for each row execute function expressions_changed();
  `);
}
