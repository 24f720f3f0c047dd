import assert from 'node:assert/strict';
import { pino } from 'pino';
import { createEventWriter } from '../../db/events.ts';
import { newId } from '../../db/ids.ts';
import { createOrganization } from '../../db/organizations.ts';
import { rows } from '../../db/transaction.ts';
import { countUsageMarks } from '../../db/usage-rollups.ts';
import { UsageRoller } from '../../workers/usage-roller.ts';
import { Builders } from '../support/builders.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const AT = '2026-03-01T00:00:00.000Z';
const EVENTS = 8_000;

describe('rolling up usage', () => {
  let database: TestDatabase;
  before(async () => void (database = await createTestDatabase()));
  after(() => database.drop());

  it('happens by itself, in two processes at once, behind what comes in', async () => {
    const log = pino({ level: 'silent' });
    const rollers = [0, 1].map(() => new UsageRoller({ db: database.db, log }));
    const { organization } = await createOrganization(database.db, { name: 'Acme', sandbox: true, at: AT, secret: TEST_SECRET }); // prettier-ignore
    const build = new Builders(database.db, organization.id, AT);
    const plan = await build.plan('pro', {}, [{ billable_metric_id: (await build.metric()).id }]);
    await build.subscription(await build.customer(), plan);
    for (const roller of rollers) roller.start();
    try {
      const writer = createEventWriter(database.db);
      for (let sent = 0; sent < EVENTS; sent += 500)
        await writer.write(
          organization.id,
          Array.from({ length: 500 }, () => ({
            id: newId(),
            external_subscription_id: 'sub',
            transaction_id: newId(),
            code: 'calls',
            timestamp: AT,
            properties: {},
            precise_total_amount_cents: null,
            metadata: { user_agent: null, ip_address: '127.0.0.1' },
            created_at: AT,
          })),
        );
      const countRolledUp = () =>
        build.write(async (trx) => {
          const hours = (await rows(trx, 'usage_rollups').where({ hours: 1 }).pluck('events_count')) as number[];
          return hours[0] ?? 0;
        });
      await until('no mark is left', async () => (await countUsageMarks(database.db)) === 0);
      await until('all but a few events are rolled up', async () => (await countRolledUp()) > EVENTS / 4);
    } finally {
      await Promise.all(rollers.map((roller) => roller.stop()));
    }
    const series = await build.write((trx) => rows(trx, 'usage_series').pluck('is_ready'));
    assert.deepEqual(series, [true]);
  });
});
