import assert from 'node:assert/strict';
import type { Instant } from '../../billing/clock/instant.ts';
import { createOrganization } from '../../db/organizations.ts';
import { hear } from '../../db/outbox.ts';
import { type Transaction, inOrganization, rows } from '../../db/transaction.ts';
import {
  type Announcement,
  type WebhookEndpointFields,
  type WebhookEndpointRow,
  type WebhookRow,
  announce,
  deleteWebhookEndpoint,
  findWebhook,
  findWebhookEndpoint,
  createWebhookEndpoint,
  listDueWebhooks,
  listWebhookEndpoints,
  listWebhooks,
  nextWebhookDueAt,
  recordWebhookAttempt,
  retryWebhook,
  webhookEndpointWorkflow,
} from '../../db/webhooks.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from '../support/database.ts';

const at: Instant = '2026-03-01T10:00:00.000Z';
const later: Instant = '2026-03-01T10:00:03.000Z';

const announcement = (object: object = { lago_id: 'x' }): Announcement => ({
  webhook_type: 'invoice.created',
  object_type: 'invoice',
  object_id: null,
  object,
});

describe('webhooks in the database', () => {
  let database: TestDatabase;
  let organization_id: string;
  let urls = 0;

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    organization_id = await newOrganization();
  });

  async function newOrganization(): Promise<string> {
    const options = { name: 'Acme', sandbox: false, at, secret: TEST_SECRET };
    return (await createOrganization(database.db, options)).organization.id;
  }
  const run = <T>(work: (trx: Transaction) => Promise<T>): Promise<T> =>
    inOrganization(database.db, organization_id, work);
  const newEndpoint = (fields: Partial<WebhookEndpointFields> = {}): Promise<WebhookEndpointRow> =>
    run(async (trx) => {
      const webhook_url = `https://example.com/${(urls += 1)}`;
      const defaults = { webhook_url, signature_algo: 'jwt', name: null, event_types: null } as const;
      const endpoint = await createWebhookEndpoint(trx, { ...defaults, ...fields }, at);
      await hear(trx, webhookEndpointWorkflow(endpoint.id));
      return endpoint;
    });
  const sent = (): Promise<WebhookRow[]> => run(async (trx) => rows<WebhookRow>(trx, 'webhooks').orderBy('id'));
  const rung = (): Promise<string[]> =>
    run(async (trx) => (await rows(trx, 'outbox').orderBy('id')).map((row) => String(row['workflow_id'])));
  const due = (webhook_endpoint_id: string, when: Instant = at, except: string[] = []): Promise<string[]> =>
    run(async (trx) => {
      const list = await listDueWebhooks(trx, { webhook_endpoint_id, at: when, except, rows_max: 100 });
      return list.map((webhook) => webhook.id);
    });

  async function isSomeoneWaiting(trx: Transaction): Promise<boolean> {
    // Within a transaction, Postgres shows the same picture again unless told otherwise.
    await trx.raw('select pg_stat_clear_snapshot()');
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return (await trx.raw<{ rows: unknown[] }>(waiting)).rows.length > 0;
  }

  describe('announcing', () => {
    it('freezes the body for every endpoint that listens and rings it', async () => {
      const [everything, invoices] = [await newEndpoint(), await newEndpoint({ event_types: ['invoice.created'] })];
      await newEndpoint({ event_types: ['fee.created'] });
      await newEndpoint({ event_types: [] });
      await run((trx) => announce(trx, announcement({ lago_id: 'é', total: '1.0' }), at));

      const webhooks = await sent();
      assert.deepEqual(
        webhooks.map((webhook) => webhook.webhook_endpoint_id).sort(),
        [everything.id, invoices.id].sort(),
      );
      for (const webhook of webhooks) {
        assert.equal(
          webhook.payload,
          `{"webhook_type":"invoice.created","object_type":"invoice","organization_id":"${organization_id}","invoice":{"lago_id":"é","total":"1.0"}}`,
        );
        assert.equal(webhook.status, 'pending');
        assert.equal(webhook.next_attempt_at, null);
        assert.equal(webhook.created_at, at);
      }
      assert.notEqual(webhooks[0]?.id, webhooks[1]?.id);
      assert.deepEqual(
        (await rung()).sort(),
        [everything, invoices].map((one) => webhookEndpointWorkflow(one.id)).sort(),
      );
    });

    it('leaves nothing behind without an endpoint, also none of another organization', async () => {
      await newEndpoint();
      organization_id = await newOrganization();
      await run((trx) => announce(trx, announcement(), at));
      assert.deepEqual(await sent(), []);
      assert.deepEqual(await rung(), []);
    });

    it('rings an endpoint once for many at a time, in their order', async () => {
      const { id } = await newEndpoint();
      await run((trx) => announce(trx, [announcement({ n: 1 }), announcement({ n: 2 }), announcement({ n: 3 })], at));
      const numbers = (await sent()).map(
        (webhook) => (JSON.parse(webhook.payload) as { invoice: { n: number } }).invoice.n,
      );
      assert.deepEqual(numbers, [1, 2, 3]);
      assert.deepEqual(await rung(), [webhookEndpointWorkflow(id)]);
    });

    it('is undone with the change that caused it', async () => {
      await newEndpoint();
      const change = run(async (trx) => {
        await announce(trx, announcement(), at);
        throw new Error('the change failed');
      });
      await assert.rejects(change, /the change failed/);
      assert.deepEqual(await sent(), []);
      assert.deepEqual(await rung(), []);
    });

    it('waits for an endpoint that is being deleted, and then leaves it out', async () => {
      const { id } = await newEndpoint();
      const other = await newEndpoint();
      let announced: Promise<void> | undefined;
      await run(async (trx) => {
        await deleteWebhookEndpoint(trx, id);
        announced = run((second) => announce(second, announcement(), at));
        for (let looks = 1; !(await isSomeoneWaiting(trx)); looks += 1)
          assert.ok(looks < 10_000, 'the announcement waits');
      });
      await announced;
      assert.deepEqual(
        (await sent()).map((webhook) => webhook.webhook_endpoint_id),
        [other.id],
      );
    });

    it('refuses an object under the wrong name', async () => {
      await assert.rejects(
        run((trx) => announce(trx, { ...announcement(), object_type: 'fee' }, at)),
        /carries invoice, not fee/,
      );
    });
  });

  describe('what is due', () => {
    it('goes out oldest first, without what is on its way', async () => {
      const { id } = await newEndpoint();
      await run((trx) => announce(trx, [announcement(), announcement(), announcement()], at));
      const [first, second, third] = (await sent()).map((webhook) => webhook.id) as [string, string, string];
      assert.deepEqual(await due(id), [first, second, third]);
      assert.deepEqual(await due(id, at, [second]), [first, third]);
      assert.deepEqual(await due((await newEndpoint()).id), []);
    });

    it('is due at once, whatever the clock of the organization says', async () => {
      const { id } = await newEndpoint();
      await run((trx) => announce(trx, announcement(), '2099-01-01T00:00:00.000Z'));
      assert.equal((await due(id)).length, 1);
      assert.equal(await run((trx) => nextWebhookDueAt(trx, id, at)), at);
    });

    it('comes back when its next attempt has come, and never once it is delivered or given up', async () => {
      const { id } = await newEndpoint();
      await run((trx) => announce(trx, [announcement(), announcement(), announcement()], at));
      const [retried, delivered, failed] = (await sent()) as [WebhookRow, WebhookRow, WebhookRow];
      const outcome = { http_status: 500, response: 'no' };
      await run(async (trx) => {
        await recordWebhookAttempt(trx, retried, { ...outcome, status: 'retrying', next_attempt_at: later }, at);
        await recordWebhookAttempt(trx, delivered, { ...outcome, status: 'succeeded', next_attempt_at: null }, at);
        await recordWebhookAttempt(trx, failed, { ...outcome, status: 'failed', next_attempt_at: null }, at);
      });
      assert.deepEqual(await due(id), []);
      assert.equal(await run((trx) => nextWebhookDueAt(trx, id, at)), later);
      assert.deepEqual(await due(id, later), [retried.id]);
    });

    it('counts retries from the second attempt on', async () => {
      await newEndpoint();
      await run((trx) => announce(trx, announcement(), at));
      const read = async (): Promise<WebhookRow> => (await sent())[0]!;
      const fail = async (): Promise<void> => {
        const webhook = await read();
        const outcome = { status: 'retrying', next_attempt_at: at, http_status: 500, response: '' } as const;
        await run((trx) => recordWebhookAttempt(trx, webhook, outcome, later));
      };
      await fail();
      assert.deepEqual([(await read()).retries, (await read()).last_retried_at], [0, null]);
      await fail();
      assert.deepEqual([(await read()).retries, (await read()).last_retried_at], [1, later]);
    });
  });

  describe('a manual retry', () => {
    const cases = [
      { status: 'pending', becomes: 'pending' },
      { status: 'retrying', becomes: 'retrying' },
      { status: 'failed', becomes: 'retrying' },
    ] as const;
    for (const { status, becomes } of cases)
      it(`makes a ${status} message due at once and rings`, async () => {
        const { id } = await newEndpoint();
        await run((trx) => announce(trx, announcement(), at));
        const [webhook] = (await sent()) as [WebhookRow];
        await run(async (trx) => {
          await rows(trx, 'webhooks').update({ status, next_attempt_at: status === 'retrying' ? later : null });
          await hear(trx, webhookEndpointWorkflow(id));
        });

        assert.equal(await run((trx) => retryWebhook(trx, webhook.id)), true);
        const retried = await run((trx) => findWebhook(trx, webhook.id));
        assert.deepEqual([retried?.status, retried?.next_attempt_at], [becomes, null]);
        assert.equal(retried?.payload, webhook.payload);
        assert.deepEqual(await due(id), [webhook.id]);
        assert.deepEqual(await rung(), [webhookEndpointWorkflow(id)]);
      });

    it('leaves what was delivered alone, and what belongs to others', async () => {
      const { id } = await newEndpoint();
      await run((trx) => announce(trx, announcement(), at));
      const [webhook] = (await sent()) as [WebhookRow];
      await run(async (trx) => {
        await rows(trx, 'webhooks').update({ status: 'succeeded' });
        await hear(trx, webhookEndpointWorkflow(id));
      });
      assert.equal(await run((trx) => retryWebhook(trx, webhook.id)), false);
      await run((trx) => rows(trx, 'webhooks').update({ status: 'failed' }));
      const owner = organization_id;
      organization_id = await newOrganization();
      assert.equal(await run((trx) => retryWebhook(trx, webhook.id)), false);
      organization_id = owner;
      assert.deepEqual(await rung(), []);
    });
  });

  it('the log of an endpoint is read newest first, by status, and goes with the endpoint', async () => {
    const { id } = await newEndpoint();
    await run((trx) => announce(trx, [announcement(), announcement()], at));
    const [older, newer] = (await sent()) as [WebhookRow, WebhookRow];
    const outcome = { status: 'failed', next_attempt_at: null, http_status: null, response: 'ECONNREFUSED' } as const;
    await run((trx) => recordWebhookAttempt(trx, older, outcome, at));
    const list = (status?: 'failed' | 'succeeded'): Promise<string[]> =>
      run(async (trx) => {
        const log = await listWebhooks(trx, { webhook_endpoint_id: id, ...(status && { status }) });
        return log.map((webhook) => webhook.id);
      });
    assert.deepEqual(await list(), [newer.id, older.id]);
    assert.deepEqual(await list('failed'), [older.id]);
    assert.deepEqual(await list('succeeded'), []);

    await run((trx) => deleteWebhookEndpoint(trx, id));
    assert.deepEqual(await sent(), []);
    assert.equal(await run((trx) => findWebhookEndpoint(trx, id)), undefined);
    assert.deepEqual(await run(async (trx) => listWebhookEndpoints(trx)), []);
  });
});
