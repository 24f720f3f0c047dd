import assert from 'node:assert/strict';
import { ADMIN_KEY } from '../support/api.ts';
import { connect } from '../../db/connection.ts';
import { sandbox, storySystem, stories } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

const AT = '2026-04-01T00:00:00Z';

stories('a sandbox', () => {
  describe('is made', () => {
    const make = async (organization: object, key: string = ADMIN_KEY) =>
      (await storySystem()).request('POST', '/admin/organizations', {
        headers: { 'x-admin-api-key': key },
        body: { organization },
      });

    it('with a clock, and answers with its first key', async () => {
      const { status, body } = await make({ name: 'Acme', email: 'a@acme.example', sandbox: true, clock: AT });
      assert.equal(status, 200);
      const { lago_id, api_key, ...rest } = body.organization;
      assert.match(lago_id, /^[\da-f-]{36}$/);
      assert.equal(typeof api_key, 'string');
      assert.deepEqual(rest, { name: 'Acme', sandbox: true });
    });

    it('by whoever has the admin key, and nobody else', async () => {
      assert.equal((await make({ name: 'Acme', sandbox: true }, 'wrong')).status, 401);
    });

    it('with a clock only if it is a sandbox', async () => {
      const { status, body } = await make({ name: 'Acme', clock: AT });
      assert.equal(status, 422);
      assert.deepEqual(Object.keys(body.error_details), ['clock']);
    });

    it('standing at the wall’s time when no clock is given', async () => {
      const { body } = await make({ name: 'Acme', sandbox: true });
      const system = await storySystem();
      const headers = { authorization: `Bearer ${body.organization.api_key}` };
      const { body: answer } = await system.request('GET', '/api/v1/sandbox/clock', { headers });
      assert(Math.abs(Date.parse(answer.clock.now) - Date.now()) < 60_000);
    });
  });

  describe('has a clock', () => {
    it('that stands still, and tells what is due next', async () => {
      const billing = await sandbox({ at: AT });
      assert.deepEqual(await billing.clock.read(), { now: AT, target: null, status: 'idle', next_due_at: null });
      await billing.subscribe({ plan: {} });
      const next_due_at = '2026-05-01T00:00:00Z';
      assert.deepEqual(await billing.clock.read(), { now: AT, target: null, status: 'idle', next_due_at });
    });

    it('that is working while something that is due is still being done', async () => {
      const billing = await sandbox({ at: AT });
      await billing.plan({ pay_in_advance: true });
      const subscription = { external_id: 'sub', external_customer_id: 'cus', plan_code: 'pro' };
      await billing.call('POST', '/subscriptions', { subscription });
      assert.equal((await billing.clock.read()).status, 'working');
      const { clock } = await billing.get('/sandbox/clock?wait=true');
      assert.deepEqual([clock.status, clock.now], ['idle', AT]);
      assert.equal((await billing.invoices()).length, 1);
    });

    it('that answers at once when it is moved, and is advancing until it has arrived', async () => {
      const billing = await sandbox({ at: AT });
      await billing.subscribe({ plan: {} });
      const now = '2026-07-01T00:00:00Z';
      const { status, body } = await billing.call('PUT', '/sandbox/clock', { clock: { now } });
      assert.equal(status, 200);
      assert.deepEqual([body.clock.now, body.clock.target, body.clock.status], [AT, now, 'advancing']);

      const again = await billing.call('PUT', '/sandbox/clock', { clock: { now: '2027-01-01T00:00:00Z' } });
      assert.equal(again.status, 409);
      assert.equal(again.body.code, 'clock_is_advancing');

      const { clock } = await billing.get('/sandbox/clock?wait=true');
      // The bill of that day is due, and overdue a day later.
      assert.deepEqual(clock, { now, target: null, status: 'idle', next_due_at: '2026-07-02T00:00:00Z' });
      assert.equal((await billing.invoices()).length, 3);
    });

    it('that passes through every deadline in order, the work of each done before the next', async () => {
      const billing = await sandbox({ at: AT });
      await billing.subscribe({ plan: { code: 'weekly', interval: 'weekly', amount_cents: 700 }, external_id: 'a' });
      await billing.subscribe({ plan: { code: 'monthly' }, customer: { external_id: 'b' }, external_id: 'b' });
      await billing.clock.moveTo('2026-05-05T00:00:00Z');
      const made = (await billing.invoices()).map(
        ({ created_at, customer }) => `${created_at} ${customer.external_id}`,
      );
      assert.deepEqual(made, [
        '2026-04-06T00:00:00Z cus',
        '2026-04-13T00:00:00Z cus',
        '2026-04-20T00:00:00Z cus',
        '2026-04-27T00:00:00Z cus',
        '2026-05-01T00:00:00Z b',
        '2026-05-04T00:00:00Z cus',
      ]);
    });

    it('that comes to rest between deadlines, and does not run ahead', async () => {
      const billing = await sandbox({ at: AT });
      await billing.subscribe({ plan: {} });
      for (const [now, count] of [['2026-04-30T23:59:59Z', 0], ['2026-05-01T00:00:00Z', 1], ['2026-05-01T00:00:00Z', 1]] as const) {
        await billing.clock.moveTo(now);
        assert.equal((await billing.clock.read()).now, now);
        assert.equal((await billing.invoices()).length, count);
      } // prettier-ignore
    });

    it('that does not go backwards', async () => {
      const billing = await sandbox({ at: AT });
      const { status, body } = await billing.call('PUT', '/sandbox/clock', { clock: { now: '2026-03-31T23:59:59Z' } });
      assert.equal(status, 422);
      assert.deepEqual(body.error_details, { now: ['value_is_invalid'] });
      assert.equal((await billing.clock.read()).now, AT);
    });

    for (const [name, body] of [
      ['no time', { clock: {} }],
      ['no date', { clock: { now: 'tomorrow' } }],
      ['a number', { clock: { now: 17 } }],
      ['nothing', {}],
    ] as const)
      it(`that refuses to be moved to ${name}`, async () => {
        const billing = await sandbox({ at: AT });
        const { status } = await billing.call('PUT', '/sandbox/clock', body);
        assert(status === 422 || status === 400, String(status));
      });
  });

  it('shows its clock as now to every request', async () => {
    const billing = await sandbox({ at: AT });
    await billing.clock.moveTo('2029-02-03T04:05:06Z');
    await billing.subscribe({ plan: { pay_in_advance: true } });
    const now = '2029-02-03T04:05:06Z';
    assert.equal((await billing.get('/plans/pro')).plan.created_at, now);
    assert.equal((await billing.get('/customers/cus')).customer.created_at, now);
    const subscription = await billing.subscription();
    assert.equal(subscription.created_at, now);
    assert.equal(Date.parse(subscription.started_at), Date.parse(now));
    const invoice = await billing.onlyInvoice();
    assert.deepEqual([invoice.created_at, invoice.issuing_date], [now, '2029-02-03']);
    assert.equal((await billing.terminate()).terminated_at, now);
  });

  it('knows nothing of another', async () => {
    const [one, other] = [await sandbox({ at: AT }), await sandbox({ at: AT })];
    await one.subscribe({ plan: {} });
    await other.subscribe({ plan: {} });
    await one.clock.moveTo('2026-06-01T00:00:00Z');
    assert.equal((await one.invoices()).length, 2);
    assert.deepEqual(await other.invoices(), []);
    assert.equal((await other.clock.read()).now, AT);
  });

  describe('that is no sandbox', () => {
    it('has no clock to read, to move or to remove', async () => {
      const live = await (await storySystem()).newOrganization();
      for (const [method, path, body] of [
        ['GET', '/sandbox/clock'],
        ['GET', '/sandbox/clock?wait=true'],
        ['PUT', '/sandbox/clock', { clock: { now: '2126-01-01T00:00:00Z' } }],
        ['DELETE', '/sandbox'],
      ] as const) {
        const answer = await live.call(method, path, body);
        assert.equal(answer.status, 404, `${method} ${path}`);
        assert.equal(answer.body.code, 'sandbox_not_found');
      }
    });
  });

  describe('that is removed', () => {
    it('is gone with its keys and its rows, and its workflows come to their end', async () => {
      const system = await storySystem();
      const billing = await sandbox({ at: AT, organization: { webhook_url: 'http://127.0.0.1:9/' } });
      const graceful = { billing_configuration: { invoice_grace_period: 10 } };
      await billing.subscribe({ plan: { pay_in_advance: true }, customer: graceful });
      await billing.metric('calls');
      await billing.use('calls', {});
      const query = `OrganizationId = '${billing.organization_id}' and ExecutionStatus = 'Running'`;
      const running = async () => (await system.temporal.client.workflow.count(query)).count;
      await until('they are found', async () => (await running()) === 3);

      const { status } = await billing.call('DELETE', '/sandbox');
      assert.equal(status, 200);
      assert.equal((await billing.call('GET', '/plans')).status, 401);
      await until('they have ended', async () => (await running()) === 0);
      await until('nothing is left', async () => (await rowsLeft(billing.organization_id)).length === 0);
    });

    it('while its clock advances comes to rest as well', async () => {
      const system = await storySystem();
      const billing = await sandbox({ at: AT });
      await billing.subscribe({ plan: {} });
      await billing.call('PUT', '/sandbox/clock', { clock: { now: '2036-01-01T00:00:00Z' } });
      await billing.call('DELETE', '/sandbox');
      const handle = system.temporal.client.workflow.getHandle(`clock/${billing.organization_id}`);
      await until(
        'its clock rests',
        async () => (await handle.describe().catch(() => undefined))?.status.name !== 'RUNNING',
      );
      await until('nothing is left', async () => (await rowsLeft(billing.organization_id)).length === 0);
    });
  });
});

/** The names of the tables that still know the organization. */
async function rowsLeft(organization_id: string): Promise<string[]> {
  const { owner_url } = await storySystem();
  const owner = connect(owner_url, { application_name: 'perennial-test' });
  try {
    const { rows: tables } = await owner.raw<{ rows: { name: string }[] }>(
      `select c.table_name as name from information_schema.columns c
       join information_schema.tables t using (table_schema, table_name)
       where c.table_schema = 'public' and c.column_name = 'organization_id' and t.table_type = 'BASE TABLE'`,
    );
    const left: string[] = [];
    for (const { name } of tables) if (await owner(name).where({ organization_id }).first()) left.push(name);
    return left.sort();
  } finally {
    await owner.destroy();
  }
}
