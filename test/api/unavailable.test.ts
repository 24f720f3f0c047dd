import assert from 'node:assert/strict';
import { connect } from '../../db/connection.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

const UNAVAILABLE = { status: 503, error: 'Service Unavailable', code: 'service_unavailable' };

describe('without a database', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi({ isReady: () => Promise.resolve({ database: false, temporal: true }) });
    acme = await api.newOrganization();
  });
  after(() => api.stop());

  /** As if it were shut down, for this database alone. */
  const letIn = async (isOpen: boolean): Promise<void> => {
    const url = new URL(api.owner_url);
    const name = url.pathname.slice(1);
    url.pathname = '/postgres';
    const cluster = connect(url.toString(), { pool_max: 1 });
    await cluster.raw(`alter database ${name} allow_connections ${isOpen}`);
    if (!isOpen) await cluster.raw('select pg_terminate_backend(pid) from pg_stat_activity where datname = ?', [name]);
    await cluster.destroy();
  };

  it('answers 503, and goes on when it is back', async () => {
    assert.equal((await acme.get('/taxes')).status, 200);
    await letIn(false);
    for (let attempt = 0; attempt < 3; attempt++) {
      const { status, body } = await acme.get('/taxes');
      assert.deepEqual([status, body], [503, UNAVAILABLE]);
    }
    const written = await acme.post('/taxes', { tax: { name: 'VAT', code: 'vat', rate: 1 } });
    assert.equal(written.status, 503);
    const health = await api.request('GET', '/health');
    assert.deepEqual([health.status, health.body.message], [500, 'Unhealthy']);
    assert.equal((await api.request('GET', '/metrics')).status, 200);
    assert.equal((await api.request('GET', '/health/live')).status, 200);

    await letIn(true);
    assert.equal((await acme.get('/taxes')).status, 200);
    assert.equal((await acme.get('/taxes/vat')).status, 404, 'what was answered with 503 was not stored');
  });

  it('is not ready, and says what is missing', async () => {
    const { status, body } = await api.request('GET', '/health/ready');
    assert.equal(status, 503);
    assert.deepEqual(body.missing, ['database']);
  });
});

describe('a database that nobody listens at', () => {
  it('is a 503 as well', async () => {
    const db = connect('postgres://nobody:x@127.0.0.1:1/none');
    const api = await startApi({ db });
    try {
      const headers = { authorization: 'Bearer 00000000-0000-4000-8000-000000000000' };
      const { status, body } = await api.request('GET', '/api/v1/taxes', { headers });
      assert.deepEqual([status, body], [503, UNAVAILABLE]);
    } finally {
      await db.destroy();
      await api.stop();
    }
  });
});
