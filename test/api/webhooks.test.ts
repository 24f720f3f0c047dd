import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { jwtVerify } from 'jose';
import { createWebhookActivities } from '../../activities/webhooks.ts';
import { type Transaction, inOrganization, rows } from '../../db/transaction.ts';
import { announce } from '../../db/webhooks.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const NO_SUCH_ID = '01890000-0000-7000-8000-000000000000';
const at = '2026-03-01T12:00:00.000Z';

describe('webhook endpoints', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization();
  });

  const run = <T>(work: (trx: Transaction) => Promise<T>): Promise<T> =>
    inOrganization(api.deps.db, acme.organization.id, work);
  const create = (webhook_endpoint: object): ReturnType<ApiClient['post']> =>
    acme.post('/webhook_endpoints', { webhook_endpoint });
  const newId = async (webhook_endpoint: object = { webhook_url: 'https://example.com/hooks' }): Promise<string> => {
    const { status, body } = await create(webhook_endpoint);
    assert.equal(status, 200);
    return body.webhook_endpoint.lago_id as string;
  };
  const invalid = (error_details: object): object => ({
    status: 422,
    error: 'Unprocessable Entity',
    code: 'validation_errors',
    error_details,
  });
  const notFound = { status: 404, error: 'Not Found', code: 'webhook_endpoint_not_found' };

  it('are created with a JWT for everything, unless told otherwise', async () => {
    const { status, body } = await create({ webhook_url: 'https://example.com/hooks', unknown: 'ignored' });
    assert.equal(status, 200);
    const { lago_id, created_at, ...rest } = body.webhook_endpoint;
    assert.match(created_at, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/);
    assert.deepEqual(rest, {
      lago_organization_id: acme.organization.id,
      webhook_url: 'https://example.com/hooks',
      signature_algo: 'jwt',
      name: null,
      event_types: null,
    });
    assert.deepEqual((await acme.get(`/webhook_endpoints/${lago_id}`)).body, body);

    const other = await create({
      webhook_url: 'http://localhost:4000',
      signature_algo: 'hmac',
      name: 'Local',
      event_types: ['fee.created'],
    });
    const { signature_algo, name, event_types } = other.body.webhook_endpoint;
    assert.deepEqual([signature_algo, name, event_types], ['hmac', 'Local', ['fee.created']]);
  });

  it('start their workflow when created, and end it when deleted', async () => {
    const id = await newId();
    const workflow_id = `webhook-endpoint/${id}`;
    const read = (table: string): Promise<object[]> => run(async (trx) => rows(trx, table).orderBy('workflow_id'));
    const [appointment] = (await read('agenda')) as Record<string, unknown>[];
    assert.deepEqual(
      [appointment?.['workflow_id'], appointment?.['clock'], appointment?.['due_at']],
      [workflow_id, 'wall', null],
    );
    assert.equal((await read('outbox')).length, 1);

    await run((trx) =>
      announce(trx, { webhook_type: 'fee.created', object_type: 'fee', object_id: null, object: {} }, at),
    );
    assert.equal((await read('outbox')).length, 2);
    const { status, body } = await acme.delete(`/webhook_endpoints/${id}`);
    assert.deepEqual([status, body.webhook_endpoint.lago_id], [200, id]);
    assert.equal((await read('outbox')).length, 3);
    assert.deepEqual(await run(async (trx) => rows(trx, 'webhooks')), []);
    assert.deepEqual((await acme.get(`/webhook_endpoints/${id}`)).body, notFound);
    assert.deepEqual((await acme.delete(`/webhook_endpoints/${id}`)).body, notFound);
  });

  describe('listen to', () => {
    const cases: { sent: unknown; stored: string[] | null }[] = [
      { sent: undefined, stored: null },
      { sent: null, stored: null },
      { sent: ['*'], stored: null },
      { sent: [' * ', '*'], stored: null },
      { sent: [], stored: [] },
      { sent: [' Invoice.Created ', 'invoice.created', 'FEE.CREATED'], stored: ['invoice.created', 'fee.created'] },
      {
        sent: ['credit_note.provider_refund_failure', 'credit_note.refund_failure'],
        stored: ['credit_note.provider_refund_failure', 'credit_note.refund_failure'],
      },
    ];
    for (const { sent, stored } of cases)
      it(`${JSON.stringify(stored)} when given ${JSON.stringify(sent)}`, async () => {
        const { status, body } = await create({ webhook_url: 'https://example.com', event_types: sent });
        assert.equal(status, 200);
        assert.deepEqual(body.webhook_endpoint.event_types, stored);
      });
  });

  describe('are refused with', () => {
    const url = 'https://example.com/other';
    const cases: { input: object; details: object }[] = [
      { input: { name: 'no URL' }, details: { webhook_url: ['value_is_mandatory'] } },
      { input: { webhook_url: null }, details: { webhook_url: ['value_is_mandatory'] } },
      { input: { webhook_url: '  ' }, details: { webhook_url: ['value_is_mandatory'] } },
      { input: { webhook_url: 'ftp://example.com' }, details: { webhook_url: ['url_is_invalid'] } },
      { input: { webhook_url: 'example.com/hooks' }, details: { webhook_url: ['url_is_invalid'] } },
      { input: { webhook_url: 'http://' }, details: { webhook_url: ['url_is_invalid'] } },
      { input: { webhook_url: 'javascript:alert(1)' }, details: { webhook_url: ['url_is_invalid'] } },
      { input: { webhook_url: 5 }, details: { webhook_url: ['value_is_invalid'] } },
      { input: { webhook_url: 'https://example.com/a\u0000b' }, details: { webhook_url: ['value_is_invalid'] } },
      { input: { webhook_url: 'https://example.com/taken' }, details: { webhook_url: ['value_already_exist'] } },
      { input: { webhook_url: url, signature_algo: 'md5' }, details: { signature_algo: ['value_is_invalid'] } },
      { input: { webhook_url: url, name: {} }, details: { name: ['value_is_invalid'] } },
      { input: { webhook_url: url, event_types: 'invoice.created' }, details: { event_types: ['must_be_array'] } },
      { input: { webhook_url: url, event_types: {} }, details: { event_types: ['must_be_array'] } },
      {
        input: { webhook_url: url, event_types: ['fee.created', 'Nope', 'x.y'] },
        details: { event_types: ['contains invalid types: ["nope", "x.y"]'] },
      },
      {
        input: { webhook_url: url, event_types: ['*', 'fee.created'] },
        details: { event_types: ['contains invalid types: ["*"]'] },
      },
      { input: { webhook_url: url, event_types: [1] }, details: { event_types: ['value_is_invalid'] } },
      {
        input: { webhook_url: 'nope', signature_algo: 'md5' },
        details: { webhook_url: ['url_is_invalid'], signature_algo: ['value_is_invalid'] },
      },
    ];
    for (const { input, details } of cases)
      it(`${JSON.stringify(details)} for ${JSON.stringify(input)}, created or changed`, async () => {
        await newId({ webhook_url: 'https://example.com/taken' });
        const { status, body } = await create(input);
        assert.equal(status, 422);
        assert.deepEqual(body, invalid(details));
        if (!('webhook_url' in input)) return;
        const id = await newId();
        assert.deepEqual(
          (await acme.put(`/webhook_endpoints/${id}`, { webhook_endpoint: input })).body,
          invalid(details),
        );
      });

    it('400 without the root key', async () => {
      assert.equal((await acme.post('/webhook_endpoints', {})).status, 400);
      assert.equal((await acme.put(`/webhook_endpoints/${await newId()}`, { other: 1 })).status, 400);
    });
  });

  it('are at most ten, counted one after the other however they come', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => create({ webhook_url: `https://example.com/${n}` })),
    );
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [...Array<number>(10).fill(200), 422, 422]);
    const refused = answers.find((answer) => answer.status === 422);
    assert.deepEqual(refused?.body, invalid({ base: ['exceeded_limit'] }));

    const { body } = await acme.get('/webhook_endpoints?per_page=4');
    assert.equal(body.webhook_endpoints.length, 4);
    assert.deepEqual(body.meta, { current_page: 1, next_page: 2, prev_page: null, total_pages: 3, total_count: 10 });
    // A full house may still be changed, also at the same URL.
    const { lago_id, webhook_url } = body.webhook_endpoints[0];
    assert.equal(
      (await acme.put(`/webhook_endpoints/${lago_id}`, { webhook_endpoint: { webhook_url, name: 'x' } })).status,
      200,
    );
  });

  it('change what is sent and keep what is not', async () => {
    const id = await newId({
      webhook_url: 'https://example.com',
      signature_algo: 'hmac',
      name: 'A',
      event_types: ['fee.created'],
    });
    const change = async (webhook_endpoint: object): Promise<object> => {
      const { body } = await acme.put(`/webhook_endpoints/${id}`, { webhook_endpoint });
      const { webhook_url, signature_algo, name, event_types } = body.webhook_endpoint;
      return [webhook_url, signature_algo, name, event_types];
    };
    assert.deepEqual(await change({ webhook_url: 'https://example.com/2' }), [
      'https://example.com/2',
      'hmac',
      'A',
      ['fee.created'],
    ]);
    assert.deepEqual(await change({ name: null }), ['https://example.com/2', 'hmac', null, ['fee.created']]);
    assert.deepEqual(await change({ event_types: ['*'] }), ['https://example.com/2', 'hmac', null, null]);
    assert.deepEqual(await change({ signature_algo: null, event_types: [] }), [
      'https://example.com/2',
      'jwt',
      null,
      [],
    ]);
  });

  it('are not found by others, nor by what is no id', async () => {
    const id = await newId();
    acme = await api.newOrganization({ name: 'Other' });
    for (const path of [
      `/webhook_endpoints/${id}`,
      `/webhook_endpoints/${NO_SUCH_ID}`,
      '/webhook_endpoints/nope',
      '/webhook_endpoints/%20',
    ]) {
      assert.deepEqual((await acme.get(path)).body, notFound, path);
      assert.deepEqual((await acme.delete(path)).body, notFound, path);
      const changed = await acme.put(path, { webhook_endpoint: { name: 'mine' } });
      assert.deepEqual(changed.body, notFound, path);
    }
    assert.deepEqual((await acme.get('/webhook_endpoints')).body.webhook_endpoints, []);
    // The URL of another organization is free.
    assert.equal((await create({ webhook_url: 'https://example.com/hooks' })).status, 200);
  });

  it('receive what the public key of the API verifies, in JSON and as plain text', async () => {
    const { body } = await acme.get('/webhooks/json_public_key');
    const encoded = body.webhook.public_key as string;
    const plain = await acme.get('/webhooks/public_key');
    assert.equal(plain.body, encoded);
    assert.match(plain.headers.get('content-type') ?? '', /^text\/plain/);
    assert.match(encoded, /^([A-Za-z0-9+/]{60}\n)+[A-Za-z0-9+/]+=*\n$/);
    const pem = Buffer.from(encoded, 'base64').toString();
    assert.match(pem, /^-----BEGIN PUBLIC KEY-----/);

    const receiver = await startWebhookReceiver();
    try {
      const id = await newId({ webhook_url: receiver.url });
      await run((trx) =>
        announce(trx, { webhook_type: 'fee.created', object_type: 'fee', object_id: null, object: { n: 1 } }, at),
      );
      const { db, log, settings } = api.deps;
      const { deliverWebhooks } = createWebhookActivities({
        db,
        log,
        wallClock: () => at,
        settings: {
          api_url: settings.api_url,
          secret: settings.secret,
          vies_url: 'http://127.0.0.1:9',
          termination_alert_days: [],
          webhooks: {
            attempts_max: 3,
            timeout_seconds: 5,
            allow_private_targets: true,
            private_key: settings.webhook_private_key,
          },
        },
      });
      const call = { organization_id: acme.organization.id, webhook_endpoint_id: id, at };
      await new MockActivityEnvironment().run(deliverWebhooks, call);
      const { headers, body: sent } = receiver.received[0]!;
      const { payload } = await jwtVerify(headers['x-lago-signature'] as string, createPublicKey(pem), {
        issuer: settings.api_url,
        algorithms: ['RS256'],
      });
      assert.equal(payload['data'], sent);
    } finally {
      await receiver.stop();
    }
  });
});
