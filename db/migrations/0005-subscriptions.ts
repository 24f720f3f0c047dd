import type { Knex } from 'knex';
import { belongsToOrganization } from './tenancy.ts';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table subscriptions (
      id uuid primary key,
      organization_id uuid not null references organizations on delete cascade,
      customer_id uuid not null references customers on delete cascade,
      plan_id uuid not null references plans,
      previous_subscription_id uuid references subscriptions,
      external_id text not null,
      name text,
      status text not null check (status in ('pending', 'active', 'terminated', 'canceled')),
      billing_time text not null check (billing_time in ('calendar', 'anniversary')),
      subscription_at timestamptz not null,
      started_at timestamptz,
      -- When it became active by our clock: later than started_at when it was backdated. Boundaries before are never billed.
      activated_at timestamptz,
      ending_at timestamptz,
      trial_ended_at timestamptz,
      terminated_at timestamptz,
      canceled_at timestamptz,
      on_termination_invoice text not null default 'generate' check (on_termination_invoice in ('generate', 'skip')),
      on_termination_credit_note text check (on_termination_credit_note in ('credit', 'refund', 'offset', 'skip')),
      created_at timestamptz not null,
      updated_at timestamptz not null
    );
    create unique index subscriptions_active on subscriptions (organization_id, external_id) where status = 'active';
    create index on subscriptions (organization_id, external_id, started_at);
    create index on subscriptions (customer_id, status);
    create index on subscriptions (plan_id, status);
    create index on subscriptions (organization_id, subscription_at desc, created_at desc);
  `);
  await belongsToOrganization(knex, 'subscriptions');
}
