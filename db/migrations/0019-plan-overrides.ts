import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table plans
      -- Of a plan that was made of another one for a single subscription. It has its parent's code, and is not listed.
      add column parent_id uuid references plans on delete cascade,
      -- Its subscriptions are being ended; then it is deleted.
      add column pending_deletion boolean not null default false,
      add column metadata jsonb;
    create index on plans (parent_id) where parent_id is not null;
    drop index plans_code;
    create unique index plans_code on plans (organization_id, code) where deleted_at is null and parent_id is null;

    -- The charge of the parent that it was copied from.
    alter table charges add column parent_id uuid references charges on delete cascade;
    create unique index charges_parent on charges (plan_id, parent_id) where deleted_at is null and parent_id is not null;
    create index on charges (parent_id) where parent_id is not null;
  `);
}
