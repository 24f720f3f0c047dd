import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { jwtVerify } from 'jose';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { hmac } from '../../activities/webhooks/sign.ts';
import { type WebhookActivities, createWebhookActivities } from '../../activities/webhooks.ts';
import { type Instant, addMilliseconds } from '../../billing/clock/instant.ts';
import { enter } from '../../db/agenda.ts';
import { type OrganizationRow, createOrganization } from '../../db/organizations.ts';
import { type Transaction, inOrganization, rows } from '../../db/transaction.ts';
import {
  type WebhookEndpointFields,
  type WebhookEndpointRow,
  type WebhookRow,
  announce,
  deleteWebhookEndpoint,
  insertWebhookEndpoint,
  retryWebhook,
  updateWebhookEndpoint,
  webhookEndpointWorkflow,
} from '../../db/webhooks.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from '../support/database.ts';
import { type WebhookReceiver, startWebhookReceiver } from '../support/webhook-receiver.ts';

const noon: Instant = '2026-03-01T12:00:00.000Z';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

type Round = Awaited<ReturnType<WebhookActivities['deliverWebhooks']>>;

describe('delivering webhooks', () => {
  let database: TestDatabase;
  let receiver: WebhookReceiver;
  let organization: OrganizationRow;
  let wall: Instant;

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    wall = noon;
    receiver = await startWebhookReceiver();
    const made = await createOrganization(database.db, { name: 'Acme', sandbox: false, at: noon, secret: TEST_SECRET });
    organization = made.organization;
  });
  afterEach(() => receiver.stop());

  function activities(
    overrides: { timeout_seconds?: number; attempts_max?: number; allow_private_targets?: boolean } = {},
  ) {
    return createWebhookActivities({
      db: database.db,
      log: pino({ level: 'silent' }),
      wallClock: () => wall,
      settings: {
        api_url: 'https://billing.example',
        secret: TEST_SECRET,
        webhooks: {
          attempts_max: 3,
          timeout_seconds: 5,
          allow_private_targets: true,
          private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
          ...overrides,
        },
      },
    });
  }
  const run = <T>(work: (trx: Transaction) => Promise<T>): Promise<T> =>
    inOrganization(database.db, organization.id, work);
  const newEndpoint = (fields: Partial<WebhookEndpointFields> = {}): Promise<WebhookEndpointRow> =>
    run(async (trx) => {
      const defaults = {
        webhook_url: `${receiver.url}/hooks?a=b`,
        signature_algo: 'hmac',
        name: null,
        event_types: null,
      } as const;
      const endpoint = await insertWebhookEndpoint(trx, { ...defaults, ...fields }, noon);
      await enter(trx, { workflow_id: webhookEndpointWorkflow(endpoint.id), step: 'deliver', due_at: null });
      return endpoint;
    });
  const send = (...objects: object[]): Promise<void> =>
    run((trx) =>
      announce(
        trx,
        objects.map((object) => ({ webhook_type: 'invoice.created', object_type: 'invoice', object_id: null, object })),
        noon,
      ),
    );
  const deliver = (
    { id }: WebhookEndpointRow,
    { deliverWebhooks } = activities(),
    environment = new MockActivityEnvironment(),
  ): Promise<Round> =>
    environment.run(deliverWebhooks, { organization_id: organization.id, webhook_endpoint_id: id, at: wall });
  const webhooks = (): Promise<WebhookRow[]> => run(async (trx) => rows<WebhookRow>(trx, 'webhooks').orderBy('id'));
  const onlyWebhook = async (): Promise<WebhookRow> => {
    const list = await webhooks();
    assert.equal(list.length, 1);
    return list[0]!;
  };
  const agenda = (): Promise<unknown[]> =>
    run(async (trx) => rows(trx, 'agenda').select('workflow_id', 'step', 'due_at', 'clock'));
  const rings = async (): Promise<number> => (await run(async (trx) => rows(trx, 'outbox'))).length;

  describe('a message', () => {
    it('is posted as it was frozen, with a unique key', async () => {
      const endpoint = await newEndpoint();
      await send({ lago_id: 'i', note: 'Grüße, 株式会社 😀' });
      const round = await deliver(endpoint);

      const webhook = await onlyWebhook();
      const [request] = receiver.received;
      assert.equal(receiver.received.length, 1);
      assert.deepEqual([request?.method, request?.path], ['POST', '/hooks?a=b']);
      assert.equal(request?.headers['content-type'], 'application/json');
      assert.equal(request?.headers['x-lago-unique-key'], webhook.id);
      assert.equal(request?.body, webhook.payload);
      assert.deepEqual(JSON.parse(request?.body ?? ''), {
        webhook_type: 'invoice.created',
        object_type: 'invoice',
        organization_id: organization.id,
        invoice: { lago_id: 'i', note: 'Grüße, 株式会社 😀' },
      });
      assert.deepEqual(
        [webhook.status, webhook.http_status, webhook.response, webhook.retries, webhook.last_retried_at],
        ['succeeded', 200, 'answered 200', 0, null],
      );
      assert.deepEqual([round.kind, round.due_at], ['deliver', null]);
    });

    it('is signed with the HMAC key of its organization', async () => {
      // The vector of Lago's documentation.
      const body = '{"webhook_type":"wallet.terminated","object_type":"wallet"}';
      assert.equal(hmac('c0ffee00-0000-4000-8000-000000000001', body), '9Pwoa1xquAMe22vqLETM3KGL02P7xPcTWTIyftlDVWM=');

      const endpoint = await newEndpoint({ signature_algo: 'hmac' });
      await send({ name: 'é' });
      await deliver(endpoint);
      const [request] = receiver.received;
      assert.equal(request?.headers['x-lago-signature-algorithm'], 'hmac');
      const key = await crypto.subtle.importKey(
        'raw',
        Buffer.from(organization.hmac_key),
        { name: 'HMAC', hash: 'SHA-256' },
        false,
        ['verify'],
      );
      const signature = Buffer.from(request?.headers['x-lago-signature'] as string, 'base64');
      assert(await crypto.subtle.verify('HMAC', key, signature, Buffer.from(request?.body ?? '')));
    });

    it('is signed with a JWT of the installation that holds the body and does not expire', async () => {
      const endpoint = await newEndpoint({ signature_algo: 'jwt' });
      await send({ name: 'é' });
      await deliver(endpoint);
      const [request] = receiver.received;
      assert.equal(request?.headers['x-lago-signature-algorithm'], 'jwt');
      const { payload, protectedHeader } = await jwtVerify(request?.headers['x-lago-signature'] as string, publicKey);
      assert.equal(protectedHeader.alg, 'RS256');
      assert.deepEqual(payload, { data: request?.body, iss: 'https://billing.example' });
    });

    for (const signature_algo of ['jwt', 'hmac'] as const)
      it(`is verified by Standard Webhooks as well, beside ${signature_algo}`, async () => {
        wall = new Date().toISOString();
        const endpoint = await newEndpoint({ signature_algo });
        await send({ name: 'é' });
        await deliver(endpoint);
        const { headers, body } = receiver.received[0]!;
        const verifier = new Webhook(`whsec_${Buffer.from(organization.hmac_key).toString('base64')}`);
        verifier.verify(body, headers as Record<string, string>);
        assert.throws(() => verifier.verify(body.replace('é', 'e'), headers as Record<string, string>));
        assert.equal(headers['webhook-id'], headers['x-lago-unique-key']);
      });

    it('is sent once to each endpoint that listens', async () => {
      const [first, second] = [await newEndpoint(), await newEndpoint({ webhook_url: `${receiver.url}/second` })];
      await newEndpoint({ webhook_url: `${receiver.url}/third`, event_types: ['fee.created'] });
      await send({ n: 1 }, { n: 2 });
      await deliver(first);
      await deliver(second);
      await deliver(first);
      assert.deepEqual(receiver.received.map((request) => request.path).sort(), [
        '/hooks?a=b',
        '/hooks?a=b',
        '/second',
        '/second',
      ]);
      assert.equal(new Set(receiver.received.map((request) => request.headers['x-lago-unique-key'])).size, 4);
    });
  });

  describe('a failed attempt', () => {
    it('is followed by others after about 3 and 19 seconds, with the same body and key, until one succeeds', async () => {
      const endpoint = await newEndpoint();
      receiver.answers.push(500, 503);
      await send({ n: 1 });

      const first = await deliver(endpoint);
      assert(
        first.due_at !== null &&
          first.due_at >= '2026-03-01T12:00:03.000Z' &&
          first.due_at <= '2026-03-01T12:00:03.150Z',
      );
      const failed = await onlyWebhook();
      assert.deepEqual(
        [failed.status, failed.http_status, failed.response, failed.retries],
        ['retrying', 500, 'answered 500', 0],
      );
      assert.deepEqual((await agenda())[0], {
        workflow_id: webhookEndpointWorkflow(endpoint.id),
        step: 'deliver',
        due_at: first.due_at,
        clock: 'wall',
      });

      assert.equal((await deliver(endpoint)).due_at, first.due_at);
      assert.equal(receiver.received.length, 1);

      wall = first.due_at;
      const second = await deliver(endpoint);
      const milliseconds = Date.parse(second.due_at ?? '') - Date.parse(wall);
      assert(milliseconds >= 18_000 && milliseconds <= 20_400);

      // Changed by the customer in the meantime: goes to the new URL.
      await run((trx) => updateWebhookEndpoint(trx, endpoint.id, { webhook_url: `${receiver.url}/moved` }, wall));
      wall = second.due_at as Instant;
      assert.equal((await deliver(endpoint)).due_at, null);
      const webhook = await onlyWebhook();
      assert.deepEqual(
        [webhook.status, webhook.http_status, webhook.retries, webhook.last_retried_at],
        ['succeeded', 200, 2, wall],
      );

      assert.equal(receiver.received.length, 3);
      assert.equal(new Set(receiver.received.map((request) => request.body)).size, 1);
      assert.equal(new Set(receiver.received.map((request) => request.headers['x-lago-unique-key'])).size, 1);
      assert.equal(receiver.received[2]?.path, '/moved');
    });

    it('is the last after the third; a manual retry is one more', async () => {
      const endpoint = await newEndpoint();
      receiver.answers.push(500, 500, 500, 500);
      await send({ n: 1 });
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        const { due_at } = await deliver(endpoint);
        assert.equal(due_at === null, attempt === 3);
        wall = due_at ?? wall;
      }
      const webhook = await onlyWebhook();
      assert.deepEqual([webhook.status, webhook.retries], ['failed', 2]);
      wall = addMilliseconds(wall, 3_600_000);
      await deliver(endpoint);
      assert.equal(receiver.received.length, 3);

      await run((trx) => retryWebhook(trx, webhook.id));
      assert.equal(await rings(), 1);
      assert.equal((await deliver(endpoint)).due_at, null);
      assert.deepEqual([(await onlyWebhook()).status, (await onlyWebhook()).retries], ['failed', 3]);
      await run((trx) => retryWebhook(trx, webhook.id));
      await deliver(endpoint);
      assert.deepEqual([(await onlyWebhook()).status, (await onlyWebhook()).retries], ['succeeded', 4]);
      assert.equal(new Set(receiver.received.map((request) => request.headers['x-lago-unique-key'])).size, 1);
    });

    for (const status of [203, 206, 301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
      it(`is an answer with ${status}, and nothing is followed`, async () => {
        const endpoint = await newEndpoint();
        receiver.answers.push((response) =>
          response.writeHead(status, { location: `${receiver.url}/elsewhere` }).end(),
        );
        await send({ n: 1 });
        await deliver(endpoint);
        assert.equal(receiver.received.length, 1);
        assert.deepEqual([(await onlyWebhook()).status, (await onlyWebhook()).http_status], ['retrying', status]);
      });

    for (const status of [200, 201, 202, 204])
      it(`is not an answer with ${status}`, async () => {
        const endpoint = await newEndpoint();
        receiver.answers.push(status);
        await send({ n: 1 });
        await deliver(endpoint);
        assert.equal((await onlyWebhook()).status, 'succeeded');
      });

    it('is a receiver that is not there, hangs up, says nothing, or says it drop by drop', async () => {
      const quick = activities({ timeout_seconds: 0.2 });
      const cases: { answer: WebhookReceiver['answers'][number]; reason: RegExp }[] = [
        { answer: (response) => response.destroy(), reason: /UND_ERR_SOCKET|ECONNRESET/ },
        { answer: () => undefined, reason: /UND_ERR_HEADERS_TIMEOUT/ },
        { answer: (response) => response.writeHead(200).write('o'), reason: /UND_ERR_BODY_TIMEOUT|TimeoutError: the/i },
        {
          answer: (response) => {
            response.writeHead(200);
            const dripping = setInterval(() => response.write('.'), 50);
            response.on('close', () => clearInterval(dripping));
          },
          reason: /TimeoutError/,
        },
        { answer: (response) => response.socket?.end('this is not HTTP\r\n\r\n'), reason: /HPE_|UND_ERR/ },
      ];
      for (const { answer, reason } of cases) {
        const endpoint = await newEndpoint({ webhook_url: `${receiver.url}/${reason.source}` });
        receiver.answers.push(answer);
        await send({ n: 1 });
        await deliver(endpoint, quick);
        const webhook = await onlyWebhook();
        assert.deepEqual([webhook.status, webhook.http_status], ['retrying', null]);
        assert.match(webhook.response ?? '', reason);
        await run((trx) => deleteWebhookEndpoint(trx, endpoint.id));
      }
      const endpoint = await newEndpoint({ webhook_url: 'http://127.0.0.1:1/' });
      await send({ n: 1 });
      await deliver(endpoint, quick);
      assert.match((await onlyWebhook()).response ?? '', /^ECONNREFUSED/);
    });

    it('is a private address, unless the operator allows it', async () => {
      const endpoint = await newEndpoint();
      await send({ n: 1 });
      await deliver(endpoint, activities({ allow_private_targets: false }));
      assert.equal(receiver.received.length, 0);
      const webhook = await onlyWebhook();
      assert.deepEqual(
        [webhook.status, webhook.http_status, webhook.response],
        ['retrying', null, 'address_refused: the address is not public'],
      );
    });
  });

  it('keeps no more of an answer than 64 KB, and what it keeps can be stored', async () => {
    const endpoint = await newEndpoint();
    receiver.answers.push((response) => {
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write('\u0000ab\uFFFF'.repeat(4096)));
      };
      response.on('drain', pour);
      pour();
    });
    await send({ n: 1 });
    await deliver(endpoint);
    const webhook = await onlyWebhook();
    assert.equal(webhook.status, 'succeeded');
    assert(webhook.response?.startsWith('\uFFFDab'));
    assert(Buffer.byteLength(webhook.response ?? '') <= 2 * 64 * 1024);
  });

  it('sends hundreds in one round, ten at a time, oldest first', async () => {
    const endpoint = await newEndpoint();
    let open = 0;
    let openMost = 0;
    await send(...Array.from({ length: 250 }, (_, n) => ({ n })));
    for (let n = 0; n < 250; n += 1)
      receiver.answers.push((response) => {
        open += 1;
        openMost = Math.max(openMost, open);
        setImmediate(() => {
          open -= 1;
          response.end();
        });
      });
    const round = await deliver(endpoint);
    assert.equal(round.due_at, null);
    assert.equal(receiver.received.length, 250);
    assert(openMost <= 10 && openMost > 1, `${openMost} at a time`);
    const order = receiver.received.map(
      (request) => (JSON.parse(request.body) as { invoice: { n: number } }).invoice.n,
    );
    assert(order.every((n, position) => Math.abs(n - position) < 100));
    assert.equal(await rings(), 0);
  });

  it('passes by a message that hangs', async () => {
    const endpoint = await newEndpoint();
    let hanging: { end(): void } | undefined;
    receiver.answers.push((response) => {
      hanging = response;
    });
    await send(...Array.from({ length: 120 }, (_, n) => ({ n })));
    const round = deliver(endpoint);
    await receiver.receives(120);
    hanging?.end();
    assert.equal((await round).due_at, null);
  });

  it('a stalled endpoint does not hold up another', async () => {
    const stalled = await startWebhookReceiver();
    try {
      const [slow, quick] = [await newEndpoint({ webhook_url: stalled.url }), await newEndpoint()];
      stalled.answers.push(...Array.from({ length: 20 }, () => () => undefined));
      await send(...Array.from({ length: 20 }, (_, n) => ({ n })));
      const environment = new MockActivityEnvironment();
      const stuck = assert.rejects(deliver(slow, activities({ timeout_seconds: 60 }), environment));
      await stalled.receives(10);
      assert.equal((await deliver(quick)).due_at, null);
      assert.equal(receiver.received.length, 20);
      environment.cancel();
      await stuck;
    } finally {
      await stalled.stop();
    }
  });

  it('a worker stopped between the call and the record sends the same again', async () => {
    const endpoint = await newEndpoint();
    const environment = new MockActivityEnvironment();
    receiver.answers.push(() => environment.cancel());
    await send({ n: 1 });
    await assert.rejects(deliver(endpoint, activities(), environment));
    const webhook = await onlyWebhook();
    assert.deepEqual([webhook.status, webhook.http_status, webhook.retries], ['pending', null, 0]);

    await deliver(endpoint);
    assert.equal((await onlyWebhook()).status, 'succeeded');
    assert.equal(receiver.received.length, 2);
    assert.deepEqual(
      receiver.received[0]?.headers['x-lago-unique-key'],
      receiver.received[1]?.headers['x-lago-unique-key'],
    );
    assert.equal(receiver.received[0]?.body, receiver.received[1]?.body);
  });

  it('takes back the rings it has answered, and sees what came in during a round', async () => {
    const endpoint = await newEndpoint();
    let more: Promise<void> | undefined;
    receiver.answers.push((response) => {
      more = send({ n: 2 }).then(() => void response.end());
    });
    await send({ n: 1 });
    assert.equal(await rings(), 1);
    const round = await deliver(endpoint);
    await more;
    assert.equal(round.due_at, null);
    assert.equal(receiver.received.length, 2);
    assert.equal(await rings(), 0);
  });

  it('trusts the later of two clocks', async () => {
    const endpoint = await newEndpoint();
    receiver.answers.push(500);
    await send({ n: 1 });
    const { due_at } = await deliver(endpoint);
    // This machine is behind Temporal, which says that the retry has come.
    const { deliverWebhooks } = activities();
    const call = { organization_id: organization.id, webhook_endpoint_id: endpoint.id, at: due_at as Instant };
    const round: Round = await new MockActivityEnvironment().run(deliverWebhooks, call);
    assert.equal(round.due_at, null);
    assert.equal(receiver.received.length, 2);
  });

  it('is over when the endpoint is gone, deleted before or during the round', async () => {
    const endpoint = await newEndpoint();
    receiver.answers.push((response) => {
      void run((trx) => deleteWebhookEndpoint(trx, endpoint.id)).then(() => response.end());
    });
    await send({ n: 1 });
    assert.equal((await deliver(endpoint)).kind, 'over');
    assert.deepEqual(await webhooks(), []);
    assert.deepEqual(await agenda(), []);
    assert.equal((await deliver(endpoint)).kind, 'over');
  });
});
