import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { PassThrough } from 'node:stream';
import { pino } from 'pino';
import { createApiKey } from '../../db/api-keys.ts';
import { inOrganization } from '../../db/transaction.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { TEST_SECRET } from '../support/database.ts';

const UNAUTHORIZED = { status: 401, error: 'Unauthorized' };

describe('the API', () => {
  let api: TestApi;
  let acme: ApiClient;
  const lines: string[] = [];

  before(async () => {
    const log = new PassThrough();
    log.on('data', (chunk: Buffer) => lines.push(...chunk.toString().trim().split('\n')));
    api = await startApi({ log: pino(log) });
    acme = await api.newOrganization();
  });
  after(() => api.stop());

  const bearer = (api_key: string): { headers: { authorization: string } } => ({
    headers: { authorization: `Bearer ${api_key}` },
  });

  describe('answers with the right error to', () => {
    const post = (body: unknown) => api.request('POST', '/api/v1/taxes', { body, ...bearer(acme.api_key) });
    const cases: [
      what: string,
      call: () => ReturnType<ApiClient['call']>,
      status: number,
      code: string | undefined,
      error?: string,
    ][] = [
      ['an unknown path', () => acme.get('/nothing'), 404, 'resource_not_found'],
      ['a path outside the API', () => api.request('GET', '/'), 404, 'resource_not_found'],
      ['an unknown method', () => acme.call('PATCH', '/taxes'), 404, 'resource_not_found'],
      ['a path that is not encoded right', () => acme.get('/taxes/%E0%A4%A'), 404, 'tax_not_found'],
      ['a NUL character in a path', () => acme.get('/taxes/a%00b'), 404, 'resource_not_found'],
      [
        'no body',
        () => acme.post('/taxes'),
        400,
        undefined,
        'BadRequest: param is missing or the value is empty or invalid: tax',
      ],
      ['an empty object', () => post({}), 400, undefined],
      ['an empty root', () => post({ tax: {} }), 400, undefined],
      ['another root', () => post({ plan: { name: 'x' } }), 400, undefined],
      [
        'broken JSON',
        () => post('{"tax": '),
        400,
        undefined,
        'BadRequest: error occurred while parsing request parameters',
      ],
      ['JSON that is no object', () => post('12'), 400, undefined],
      ['a list', () => post([1, 2]), 400, undefined],
      ['a polluted prototype', () => post('{"__proto__": {"tax": 1}, "tax": {"name": "x"}}'), 400, undefined],
      ['a root of another type', () => post({ tax: 'x' }), 422, 'validation_errors'],
      ['thousands of nested lists', () => post(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 400, undefined],
      ['a body that is too large', () => post({ tax: { name: 'x'.repeat(5_000_000) } }), 413, 'body_too_large'],
    ];
    for (const [what, call, status, code, error] of cases)
      it(what, async () => {
        const answer = await call();
        assert.equal(answer.status, status, JSON.stringify(answer.body));
        assert.equal(answer.body.status, status);
        assert.equal(answer.body.code, code);
        if (error !== undefined) assert.equal(answer.body.error, error);
      });

    it('a body of another kind, when it is JSON all the same', async () => {
      const headers = { 'content-type': 'text/plain', authorization: `Bearer ${acme.api_key}` };
      const body = { tax: { name: 'Plain', code: 'plain', rate: 1 } };
      assert.equal((await api.request('POST', '/api/v1/taxes', { body, headers })).status, 200);
    });

    it('a request that ends in the middle', async () => {
      const request = httpRequest(`${api.url}/api/v1/taxes`, {
        method: 'POST',
        headers: { ...bearer(acme.api_key).headers, 'content-length': '100' },
      });
      request.on('error', () => undefined);
      request.write('{"tax"');
      await new Promise((resolve) => request.once('socket', resolve));
      request.destroy();
      assert.equal((await acme.get('/taxes')).status, 200, 'and goes on');
    });
  });

  describe('knows its callers by their keys', () => {
    const get = (headers: Record<string, string> = {}) => api.request('GET', '/api/v1/organizations', { headers });
    const makeKey = (fields: Partial<Parameters<typeof createApiKey>[1]>, client = acme) =>
      inOrganization(api.db, client.organization.id, (trx) =>
        createApiKey(trx, { secret: TEST_SECRET, at: '2026-01-01T00:00:00.000Z', ...fields }),
      );

    for (const [what, authorization] of [
      ['none', undefined],
      ['an unknown one', 'Bearer 00000000-0000-4000-8000-000000000000'],
      ['an empty one', 'Bearer '],
      ['a long one', `Bearer ${'a'.repeat(5000)}`],
      ['another scheme', 'Basic YWJjOmRlZg=='],
    ] as const)
      it(`and refuses ${what}`, async () => {
        const { status, body } = await get(authorization === undefined ? {} : { authorization });
        assert.deepEqual([status, body], [401, UNAUTHORIZED]);
      });

    it('stores them as digests', async () => {
      const { rows } = await inOrganization(api.db, acme.organization.id, (trx) => trx.raw('select * from api_keys'));
      assert.ok(!JSON.stringify(rows).includes(acme.api_key));
      assert.equal(rows[0].last_four, acme.api_key.slice(-4));
    });

    it('until they expire', async () => {
      const { api_key } = await makeKey({ expires_at: '2100-01-01T00:00:00.000Z' });
      assert.equal((await get(bearer(api_key).headers)).status, 200);
      const past = await makeKey({ expires_at: '2026-01-02T00:00:00.000Z' });
      assert.equal((await get(bearer(past.api_key).headers)).status, 401);
    });

    it('by the clock of a sandbox', async () => {
      const box = await api.newOrganization({ clock: '2020-01-01T00:00:00.000Z' });
      const { api_key } = await makeKey({ expires_at: '2020-01-02T00:00:00.000Z' }, box);
      const call = () => api.client(box.organization, api_key).get('/organizations');
      assert.equal((await call()).status, 200);
      await inOrganization(api.db, box.organization.id, (trx) =>
        trx('sandbox_clocks').update({ now_at: '2020-01-02T00:00:00.000Z' }),
      );
      assert.equal((await call()).status, 401);
    });

    it('and forgets at once what changed', async () => {
      const { api_key, row } = await makeKey({});
      assert.equal((await get(bearer(api_key).headers)).status, 200);
      const change = (fields: object) =>
        inOrganization(api.db, acme.organization.id, (trx) => trx('api_keys').where({ id: row.id }).update(fields));
      await change({ permissions: JSON.stringify({ tax: ['read'] }) });
      await until(async () => (await get(bearer(api_key).headers)).status === 403);
      await change({ expires_at: '2026-01-01T00:00:00.000Z' });
      await until(async () => (await get(bearer(api_key).headers)).status === 401);
    });

    it('and asks every time while it does not hear of changes', async () => {
      const { api_key, row } = await makeKey({});
      assert.equal((await get(bearer(api_key).headers)).status, 200);
      await api.deps.listener.stop();
      await inOrganization(api.db, acme.organization.id, (trx) => trx('api_keys').where({ id: row.id }).delete());
      assert.equal((await get(bearer(api_key).headers)).status, 401);
    });

    it('and lets them do what they are permitted', async () => {
      const { api_key } = await makeKey({ permissions: { tax: ['read'], plan: ['write'] } });
      const limited = api.client(acme.organization, api_key);
      const cases: [method: string, path: string, status: number, code?: string][] = [
        ['GET', '/taxes', 200],
        ['POST', '/taxes', 403, 'write_action_not_allowed_for_tax'],
        ['DELETE', '/taxes/x', 403, 'write_action_not_allowed_for_tax'],
        ['GET', '/plans', 403, 'read_action_not_allowed_for_plan'],
        ['POST', '/plans', 400],
        ['GET', '/customers', 403, 'read_action_not_allowed_for_customer'],
      ];
      for (const [method, path, status, code] of cases) {
        const answer = await limited.call(method, path);
        assert.deepEqual([answer.status, answer.body.code], [status, code], `${method} ${path}`);
      }
    });
  });

  describe('shows how it is', () => {
    it('to those who watch it', async () => {
      assert.deepEqual((await api.request('GET', '/health')).body, {
        version: 'test',
        github_url: '',
        message: 'Success',
      });
      assert.equal((await api.request('GET', '/health/live')).status, 200);
      assert.equal((await api.request('GET', '/health/ready')).status, 200);
    });

    it('in metrics, by route and not by path', async () => {
      await acme.get('/taxes/secret-code');
      const { body } = await api.request('GET', '/metrics');
      assert.match(
        body,
        /perennial_http_requests_total\{method="GET",route="\/api\/v1\/taxes\/\{code\}",status="404"\} \d/,
      );
      assert.match(body, /perennial_outbox_backlog \d/);
      assert.ok(!body.includes('secret-code'));
    });

    it('in logs without personal data', async () => {
      lines.length = 0;
      await acme.get('/customers/jane%40doe.test?search_term=jane');
      await acme.post('/customers', {
        customer: { external_id: 'jane@doe.test', email: 'jane@doe.test', country: 'XX' },
      });
      const logged = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'request');
      assert.equal(logged.length, 2);
      assert.equal(logged[0].route, '/api/v1/customers/{external_customer_id}');
      assert.equal(logged[0].organization_id, acme.organization.id);
      assert.equal(logged[1].status, 422);
      assert.ok(!lines.join().includes('jane'));
    });

    it('in a document and a page that needs nobody else', async () => {
      const { body: document } = await api.request('GET', '/openapi.json');
      assert.equal(document.openapi, '3.1.0');
      assert.ok(document.paths['/api/v1/taxes/{code}'].put);
      const page = await api.request('GET', '/docs');
      assert.match(page.headers.get('content-type') ?? '', /html/);
      assert.ok(!/https?:\/\//.test(page.body), 'nothing is fetched from elsewhere');
      const [, script] = /src="([^"]+)"/.exec(page.body) ?? [];
      assert.match((await api.request('GET', script as string)).headers.get('content-type') ?? '', /javascript/);
    });
  });
});

/** Notifications take a moment. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) if (await isSo()) return;
  assert.fail('it did not come about');
}
