import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table subscriptions
      -- How it takes the place of previous_subscription_id.
      add column plan_change text check (plan_change in ('upgrade', 'downgrade')),
      -- Where the customer was when it became active: days before its first one, as seen from there, are never billed.
      add column activation_timezone text,
      add column ending_set_at timestamptz,
      add column alerted_at timestamptz;
    create index on subscriptions (previous_subscription_id) where previous_subscription_id is not null;
    -- One change at a time waits for the end of a period.
    create unique index subscriptions_waiting on subscriptions (previous_subscription_id) where status = 'pending';

    update subscriptions s set activation_timezone = coalesce(c.timezone, o.timezone)
      from customers c, organizations o
      where c.id = s.customer_id and o.id = s.organization_id and s.activated_at is not null;
    update subscriptions set ending_set_at = created_at where ending_at is not null;
  `);
}
