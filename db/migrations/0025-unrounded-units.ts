import type { Knex } from 'knex';

/** So that a fee can tell what became of its units. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table fees add column unrounded_units numeric');
}
