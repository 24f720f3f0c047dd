import assert from 'node:assert/strict';
import { pino } from 'pino';
import { wallNow } from '../../api/middleware/clock.ts';
import { NO_ATTRIBUTES } from '../../activities/shared/step.ts';
import { Listener } from '../../db/listener.ts';
import { newId } from '../../db/ids.ts';
import { createOrganization } from '../../db/organizations.ts';
import { begin, ring } from '../../db/outbox.ts';
import { inOrganization, type Transaction } from '../../db/transaction.ts';
import { OutboxRelay } from '../../workers/outbox-relay.ts';
import { createTestDatabase, TEST_SECRET, type TestDatabase } from '../support/database.ts';
import { createTestNamespace, type TestTemporal } from '../support/temporal.ts';
import { until } from '../support/until.ts';

const AT = '2026-05-01T00:00:00.000Z';

/** Without workers: what was said to a workflow stays in its history. */
describe('the relay of the outbox', function () {
  this.timeout(30_000);
  let database: TestDatabase;
  let temporal: TestTemporal;
  let listener: Listener;
  let relay: OutboxRelay;
  let organization_id: string;

  before(async () => {
    [database, temporal] = await Promise.all([createTestDatabase(), createTestNamespace()]);
    listener = new Listener(database.app_url);
    await listener.start();
    const log = pino({ level: 'silent' });
    relay = new OutboxRelay({ db: database.db, temporal: temporal.client, listener, log, wallClock: wallNow });
    relay.start();
    const made = await createOrganization(database.db, { name: 'Acme', sandbox: false, at: AT, secret: TEST_SECRET });
    organization_id = made.organization.id;
  });
  after(async () => {
    await relay.stop();
    await listener.stop();
    await temporal.close();
    await database.drop();
  });

  const write = (work: (trx: Transaction) => Promise<void>): Promise<void> =>
    inOrganization(database.db, organization_id, work);
  const waiting = (): Promise<number> =>
    inOrganization(database.db, organization_id, async (trx) => (await trx('outbox')).length);
  const step = () => ({
    kind: 'finalize',
    due_at: '2026-05-04T00:00:00.000Z',
    planned_at: AT,
    summary: 'waits for the end of the grace period',
    attributes: { ...NO_ATTRIBUTES, organization_id },
  });
  /** `started signaled`: what a workflow has been told. */
  const told = async (workflow_id: string): Promise<string> => {
    const { events = [] } = await temporal.client.workflow.getHandle(workflow_id).fetchHistory();
    return (events ?? [])
      .flatMap((event) => {
        if (event.workflowExecutionStartedEventAttributes) return ['started'];
        return event.workflowExecutionSignaledEventAttributes ? ['signaled'] : [];
      })
      .join(' ');
  };

  it('begins a workflow with its first step, and is done with it', async () => {
    const workflow_id = `invoice/${newId()}` as const;
    await write((trx) => begin(trx, workflow_id, step()));
    await until('the row is gone', async () => (await waiting()) === 0);
    assert.equal(await told(workflow_id), 'started');
    const { typedSearchAttributes } = await temporal.client.workflow.getHandle(workflow_id).describe();
    const shown = typedSearchAttributes.getAll().map(({ key, value }) => `${key.name} ${String(value)}`);
    assert(shown.includes('Step finalize'), shown.join());
  });

  it('rings one that runs already, until it has heard', async () => {
    const workflow_id = `invoice/${newId()}` as const;
    await write((trx) => begin(trx, workflow_id, step()));
    await until('the row is gone', async () => (await waiting()) === 0);
    await write((trx) => begin(trx, workflow_id, step()));
    await until('it was rung', async () => (await told(workflow_id)) === 'started signaled');
    assert.equal(await waiting(), 1);
    await write(async (trx) => void (await trx('outbox').delete()));
  });

  it('begins and rings one of which both are asked at once', async () => {
    const workflow_id = `invoice/${newId()}` as const;
    await write(async (trx) => {
      await ring(trx, workflow_id);
      await begin(trx, workflow_id, step());
    });
    await until('it was begun', async () => (await waiting()) === 1);
    await until('it was rung', async () => (await told(workflow_id)) === 'started signaled');
    assert.equal(await waiting(), 1);
  });
});
