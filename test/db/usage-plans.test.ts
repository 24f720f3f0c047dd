import assert from 'node:assert/strict';
import type { UsageRequest } from '../../billing/usage/reading.ts';
import { findSettledArrival } from '../../db/arrivals.ts';
import { type Database, connect } from '../../db/connection.ts';
import { createOrganization } from '../../db/organizations.ts';
import { rollUp } from '../../db/usage-rollups.ts';
import { readUsage } from '../../db/usage.ts';
import { Builders } from '../support/builders.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from '../support/database.ts';

const FROM = '2026-03-01T00:00:00.000Z';
/** Cuts an hour. */
const TO = '2026-03-25T10:20:00.000Z';

describe('the plan of a reading of usage', () => {
  let database: TestDatabase;
  let owner: Database;
  let build: Builders;
  let organization_id: string;

  /** Spread over a month. */
  const fill = (subscriptions: number, events: number, name: string) =>
    owner.raw(
      `insert into events (id, organization_id, external_subscription_id, transaction_id, code, timestamp, properties, created_at)
       select gen_random_uuid(), :organization_id, :name || n % :subscriptions, 'transaction-' || n, 'calls',
         :from::timestamptz + n * interval '30 days' / :events, '{"region": "eu"}', :from
       from generate_series(0, :events - 1) n`,
      { organization_id, subscriptions, events, name, from: FROM },
    );

  before(async () => {
    database = await createTestDatabase();
    owner = connect(database.owner_url, { pool_max: 1 });
    const given = { name: 'Usage', sandbox: false, at: FROM, secret: TEST_SECRET };
    organization_id = (await createOrganization(database.db, given)).organization.id;
    build = new Builders(database.db, organization_id, FROM);
    const { id } = await build.metric('calls');
    const plan = await build.plan('pro', {}, [{ billable_metric_id: id }]);
    await build.subscription(await build.customer(), plan, { external_id: 'heavy-0' });
    await fill(300, 20_000, 'light-');
    await fill(1, 10_000, 'heavy-');
    await owner.raw('analyze events');
  });
  after(async () => {
    await owner.destroy();
    await database.drop();
  });

  /** The scans that ran, as `index name: rows`. */
  async function scansOf(external_subscription_id: string): Promise<string[]> {
    const request = {
      external_subscription_id,
      code: 'calls',
      aggregation_type: 'count_agg',
      field_name: null,
    } as const;
    const requests: UsageRequest[] = [{ ...request, keys: [], from: FROM, to: TO, detail: 'cells' }];
    const plan = await build.write(async (trx) => {
      const queries: { sql: string; bindings: string[] }[] = [];
      trx.on('query', (query: { sql: string; bindings: string[] }) => queries.push(query));
      await readUsage(trx, requests);
      const [{ sql, bindings } = assert.fail('one statement')] = queries;
      const explain = `explain (analyze, costs off, timing off) ${sql.replaceAll(/\$\d+/g, '?').replaceAll('::?', '::')}`;
      return (await trx.raw<{ rows: Record<string, string>[] }>(explain, bindings)).rows;
    });
    return plan
      .map((row) =>
        / (?:on|using) (\S*(?:events_\d+|usage_rollups)_\S+) .*\(actual rows=(\d+)/.exec(row['QUERY PLAN'] ?? ''),
      )
      .flatMap((found) => (found ? `${found[1]?.replace(/_\d+_/, '_')}: ${found[2]}` : []))
      .filter((scan) => !scan.endsWith(': 0'));
  }

  it('finds events by timestamp where nothing is rolled up', async () => {
    const scans = await scansOf('light-7');
    assert.equal(scans.length, 1, scans.join('\n'));
    assert.match(scans[0] ?? '', /^events_organization_id_external_subscription_id_code_tim\S*: /);
  });

  it('reads what is rolled up, the hours that are cut, and what has come in since', async () => {
    const settled = (await findSettledArrival(database.db)) ?? assert.fail();
    await build.write((trx) => rollUp(trx, { external_subscription_id: 'heavy-0', code: 'calls' }, settled));
    await owner.raw('analyze usage_series; analyze usage_rollups');
    await build.write((trx) =>
      trx.raw(
        `insert into events (id, organization_id, external_subscription_id, transaction_id, code, timestamp, properties, created_at)
         select gen_random_uuid(), :organization_id, 'heavy-0', 'new-' || n, 'calls', :from, '{}', :from from generate_series(1, 5) n`,
        { organization_id, from: FROM },
      ),
    );
    const scans = await scansOf('heavy-0');
    assert.equal(scans.length, 3, scans.join('\n'));
    assert.match(scans[0] ?? '', /^usage_rollups_pkey: /);
    assert.match(scans[1] ?? '', /^events_organization_id_external_subscription_id_code_tim\S*: /);
    assert.match(scans[2] ?? '', /^events_hashtextextended_arrival_idx\S*: 5$/);
  });
});
