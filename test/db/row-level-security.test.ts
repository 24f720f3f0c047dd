import assert from 'node:assert/strict';
import { type Database, connect } from '../../db/connection.ts';
import { APP_ROLE } from '../../db/migrations/tenancy.ts';
import { createOrganization } from '../../db/organizations.ts';
import { inOrganization } from '../../db/transaction.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from '../support/database.ts';

const AT = '2026-03-10T15:30:00.000Z';

describe('row-level security', () => {
  let database: TestDatabase;
  let owner: Database;
  let acme: string;
  let other: string;

  before(async () => {
    database = await createTestDatabase();
    owner = connect(database.owner_url, { pool_max: 1 });
    const make = async (name: string) =>
      (await createOrganization(database.db, { name, sandbox: true, at: AT, secret: TEST_SECRET })).organization.id;
    acme = await make('Acme');
    other = await make('Other');
  });
  after(async () => {
    await owner.destroy();
    await database.drop();
  });

  /** Partitions are reached through their parents only: the application has no right to them. */
  const tables = async (): Promise<{ name: string; enabled: boolean; policies: number; granted: boolean }[]> =>
    (
      await owner.raw(
        `select c.relname as name, c.relrowsecurity as enabled, has_table_privilege(?, c.oid, 'select') as granted,
           (select count(*) from pg_policy p where p.polrelid = c.oid) as policies
         from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
        [APP_ROLE],
      )
    ).rows;

  it('covers every table that the application can read, but for the list of migrations', async () => {
    const open = (await tables()).filter(({ granted, enabled, policies }) => granted && !(enabled && policies > 0));
    assert.deepEqual(
      open.map(({ name }) => name),
      ['migrations'],
    );
  });

  it('shows nothing to a connection that is bound to no organization', async () => {
    for (const { name, granted } of await tables())
      if (granted && name !== 'migrations') assert.deepEqual(await database.db(name).select(), [], name);
  });

  it('shows an organization its own rows, whatever is asked', async () => {
    for (const table of ['organizations', 'api_keys', 'sandbox_clocks'])
      await inOrganization(database.db, acme, async (trx) => {
        const key = table === 'organizations' ? 'id' : 'organization_id';
        assert.deepEqual(await trx(table).pluck(key), [acme], table);
        assert.equal(
          await trx(table)
            .where({ [key]: other })
            .delete(),
          0,
        );
      });
  });

  it('lets nobody write into another organization', async () => {
    const row = { organization_id: other, workflow_id: 'subscription/x', sandbox: false };
    await assert.rejects(
      inOrganization(database.db, acme, (trx) => trx('outbox').insert(row)),
      /row-level security/,
    );
    await assert.rejects(
      inOrganization(database.db, acme, (trx) => trx('sandbox_clocks').update({ organization_id: other })),
      /row-level security|duplicate key/,
    );
  });

  it('is over with the transaction', async () => {
    const single = connect(database.app_url, { pool_max: 1 });
    await inOrganization(single, acme, (trx) => trx('organizations').select());
    assert.deepEqual(await single('organizations').select(), []);
    await single.destroy();
  });

  const escapes: [how: string, sql: string][] = [
    ['turn it off', 'alter table taxes disable row level security'],
    ['drop its policies', 'drop policy organization on taxes'],
    ['become the owner', 'set role postgres'],
    ['ask for no policies', 'set row_security = off; select * from organizations'],
    ['own a table', 'create table mine ()'],
    ['read a partition past its parent', 'select * from events_0'],
    ['empty a table', 'truncate taxes cascade'],
    ['make itself stronger', `alter role ${APP_ROLE} bypassrls`],
    ['make functions of the owner', 'create or replace function current_organization() returns uuid return null'],
  ];
  for (const [how, sql] of escapes)
    it(`cannot be escaped: the application may not ${how}`, async () => {
      await assert.rejects(
        database.db.raw(sql),
        /permission denied|must be owner|row-level security|must have|not allowed|query would be affected/,
      );
    });

  it('does not let the application be more than it is', async () => {
    const { rows } = await owner.raw('select * from pg_roles where rolname = ?', [APP_ROLE]);
    const { rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication } = rows[0];
    assert.deepEqual([rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication], Array(5).fill(false));
  });

  it('lets those past that must look before they know, and no further', async () => {
    const { rows } = await database.db.raw('select * from authenticate_api_key(?)', ['unknown']);
    assert.deepEqual(rows, []);
    assert.equal((await database.db.raw('select outbox_backlog() as n')).rows[0].n, 0);
  });
});
