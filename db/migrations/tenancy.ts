import type { Knex } from 'knex';

/** The role the application connects with: owns nothing, bypasses nothing. */
export const APP_ROLE = 'perennial_app';

/**
 * Puts a table behind row-level security by its `organization_id` (or another column), and lets the application use it.
 * Without a bound organization (`app.organization_id` unset) nothing is visible.
 */
export async function belongsToOrganization(knex: Knex, table: string, column = 'organization_id'): Promise<void> {
  await knex.raw(`
    alter table ${table} enable row level security;
    create policy organization on ${table} using (${column} = current_organization()) with check (${column} = current_organization());
    grant select, insert, update, delete on ${table} to ${APP_ROLE};
  `);
}
