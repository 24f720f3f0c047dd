import assert from 'node:assert/strict';
import type { CustomerRow } from '../../db/customers.ts';
import type { PlanRow } from '../../db/plans.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-10T15:30:00.000Z';

describe('subscriptions', () => {
  let api: TestApi;
  let acme: ApiClient;
  let build: Builders;
  let plan: PlanRow;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: NOW });
    build = new Builders(api.db, acme.organization.id, '2026-01-01T00:00:00.000Z');
    plan = await build.plan('pro');
    await build.write((trx) =>
      trx('webhook_endpoints').insert({
        id: acme.organization.id,
        organization_id: acme.organization.id,
        webhook_url: 'https://acme.test/hooks',
        created_at: NOW,
        updated_at: NOW,
      }),
    );
  });

  const wanted = { external_customer_id: 'cus', plan_code: 'pro', external_id: 'sub' };
  const create = (fields: object = {}) => acme.post('/subscriptions', { subscription: { ...wanted, ...fields } });

  /** Webhook types in the order they were announced. */
  const announced = () =>
    build.write<string[]>((trx) =>
      trx('webhooks').where({ organization_id: acme.organization.id }).orderBy('id').pluck('webhook_type'),
    );
  const rung = () =>
    build.write<string[]>((trx) =>
      trx('outbox')
        .where({ organization_id: acme.organization.id })
        .andWhereLike('workflow_id', 'subscription/%')
        .pluck('workflow_id'),
    );
  const silence = () =>
    build.write(async (trx) => {
      await trx('outbox').where({ organization_id: acme.organization.id }).delete();
      await trx('webhooks').where({ organization_id: acme.organization.id }).delete();
    });

  describe('created', () => {
    it('show the plan, the running period and when they began', async () => {
      await build.customer('cus', { timezone: 'America/New_York' });
      const { status, body } = await create({ name: 'Main', subscription_at: '2026-03-10T12:00:00.123Z' });
      assert.equal(status, 200);
      const { lago_id, lago_customer_id, plan: shown, ...subscription } = body.subscription;
      assert.match(lago_id, /^[0-9a-f-]{36}$/);
      assert.match(lago_customer_id, /^[0-9a-f-]{36}$/);
      assert.equal(shown.code, 'pro');
      assert.deepEqual(subscription, {
        external_id: 'sub',
        external_customer_id: 'cus',
        name: 'Main',
        plan_code: 'pro',
        plan_amount_cents: 3000,
        plan_amount_currency: 'EUR',
        status: 'active',
        billing_entity_code: 'default',
        billing_time: 'calendar',
        subscription_at: '2026-03-10T12:00:00Z',
        started_at: '2026-03-10T12:00:00.123Z',
        activated_at: '2026-03-10T15:30:00Z',
        trial_ended_at: null,
        ending_at: null,
        terminated_at: null,
        canceled_at: null,
        created_at: '2026-03-10T15:30:00Z',
        previous_plan_code: null,
        next_plan_code: null,
        downgrade_plan_date: null,
        current_billing_period_started_at: '2026-03-10T12:00:00Z',
        // 1 April, local midnight in New York, less one second.
        current_billing_period_ending_at: '2026-04-01T03:59:59Z',
        on_termination_credit_note: null,
        on_termination_invoice: 'generate',
        progressive_billing_disabled: false,
        applicable_usage_thresholds: [],
      });
    });

    it('have a workflow from the start, and are announced with plan and customer', async () => {
      const { lago_id } = (await create()).body.subscription;
      assert.deepEqual(await rung(), [`subscription/${lago_id}`]);
      const agenda = await build.write((trx) =>
        trx('agenda')
          .where({ workflow_id: `subscription/${lago_id}` })
          .first(),
      );
      assert.equal(agenda.step, 'plan');
      assert.deepEqual(await announced(), ['subscription.started']);
      const { payload } = await build.write((trx) => trx('webhooks').first());
      const { subscription } = JSON.parse(payload as string);
      assert.equal(subscription.plan.code, 'pro');
      assert.equal(subscription.customer.external_id, 'cus');
    });

    it('bring their customer into being when nobody knows it, with the currency of the plan', async () => {
      await create();
      const customer = await build.write<CustomerRow>((trx) => trx('customers').where({ external_id: 'cus' }).first());
      assert.equal(customer.currency, 'EUR');
      assert.equal(customer.sequential_id, 1);
    });

    it('leave the currency of a known customer alone', async () => {
      await build.customer('cus', { currency: 'USD' });
      assert.equal((await create()).status, 200);
      const customer = await build.write<CustomerRow>((trx) => trx('customers').first());
      assert.equal(customer.currency, 'USD');
    });

    const starts: [what: string, timezone: string, subscription_at: string, status: string, started_at: string | null][] =
      [
        ['earlier today', 'UTC', '2026-03-10T00:00:00Z', 'active', '2026-03-10T00:00:00.000Z'],
        ['later today', 'UTC', '2026-03-10T23:59:59Z', 'active', '2026-03-10T23:59:59.000Z'],
        ['long ago', 'UTC', '0001-01-01T00:00:00Z', 'active', '0001-01-01T00:00:00.000Z'],
        ['in the past', 'UTC', '2025-12-24T18:00:00Z', 'active', '2025-12-24T18:00:00.000Z'],
        ['tomorrow', 'UTC', '2026-03-11T00:00:00Z', 'pending', null],
        ['tomorrow by UTC but today in Los Angeles', 'America/Los_Angeles', '2026-03-11T06:00:00Z', 'active', '2026-03-11T06:00:00.000Z'],
        ['today by UTC but tomorrow in Tokyo', 'Asia/Tokyo', '2026-03-10T15:00:00Z', 'active', '2026-03-10T15:00:00.000Z'],
      ]; // prettier-ignore
    for (const [what, timezone, subscription_at, status, started_at] of starts)
      it(`with a start ${what} are ${status}`, async () => {
        await build.customer('cus', { timezone });
        const { body } = await create({ subscription_at });
        assert.equal(body.subscription.status, status);
        assert.equal(body.subscription.started_at, started_at);
        assert.deepEqual(await announced(), status === 'active' ? ['subscription.started'] : []);
        assert.equal((await rung()).length, 1, 'a pending one is waited for too');
      });

    it('again under the id of an ended one begin where that one stopped', async () => {
      const customer = await build.customer();
      await build.subscription(customer, plan, { status: 'terminated', terminated_at: '2026-02-20T10:00:00.000Z' });
      const { body } = await create({ subscription_at: '2026-01-15T00:00:00Z' });
      assert.equal(body.subscription.started_at, '2026-02-20T10:00:00.000Z');
      assert.equal(body.subscription.subscription_at, '2026-01-15T00:00:00Z');
    });

    it('again with the same plan are the subscription that there is', async () => {
      const first = (await create({ name: 'Main' })).body.subscription;
      const again = (await create({ name: 'Other' })).body.subscription;
      assert.deepEqual(again, first);
      assert.deepEqual(await announced(), ['subscription.started']);
    });

    it('twice at once are one', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => create()));
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
      assert.equal(new Set(answers.map(({ body }) => body.subscription.lago_id)).size, 1);
      assert.deepEqual(await announced(), ['subscription.started']);
    });

    it('at once for one new customer make one customer', async () => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, index) => create({ external_id: `sub_${index}` })),
      );
      assert.equal(new Set(answers.map(({ body }) => body.subscription.lago_id)).size, 6);
      assert.equal(new Set(answers.map(({ body }) => body.subscription.lago_customer_id)).size, 1);
    });

    it('need a plan that exists, before all else', async () => {
      const { status, body } = await create({ plan_code: 'none', external_id: ' ', billing_time: 'never' });
      assert.equal(status, 404);
      assert.equal(body.code, 'plan_not_found');
      assert.equal((await create({ plan_code: undefined })).body.code, 'plan_not_found');
    });

    const refusals: [what: string, fields: object, details: object][] = [
      ['no customer', { external_customer_id: undefined }, { external_customer_id: ['value_is_mandatory'] }],
      ['a blank customer', { external_customer_id: ' ' }, { external_customer_id: ['value_is_mandatory'] }],
      ['no id', { external_id: null }, { external_id: ['value_is_mandatory'] }],
      ['a blank id', { external_id: '  ' }, { external_id: ['value_is_mandatory'] }],
      ['a very long id', { external_id: 'x'.repeat(801) }, { external_id: ['value_is_too_long'] }],
      ['a very long customer', { external_customer_id: 'x'.repeat(801) }, { external_customer_id: ['value_is_too_long'] }],
      ['a start before there were years', { subscription_at: '0000-01-01T00:00:00Z' }, { subscription_at: ['invalid_date'] }],
      ['a number for an id', { external_id: 7 }, { external_id: ['value_is_invalid'] }],
      ['an unknown billing time', { billing_time: 'weekly' }, { billing_time: ['value_is_invalid'] }],
      ['a start that is no date', { subscription_at: 'soon' }, { subscription_at: ['invalid_date'] }],
      ['a start on no day', { subscription_at: '2026-02-30T00:00:00Z' }, { subscription_at: ['invalid_date'] }],
      ['an end that is no date', { ending_at: 'never' }, { ending_at: ['invalid_date'] }],
      ['an end today', { ending_at: '2026-03-10T23:00:00Z' }, { ending_at: ['invalid_date'] }],
      ['an end in the past', { ending_at: '2026-01-01T00:00:00Z' }, { ending_at: ['invalid_date'] }],
      ['an end before the start', { subscription_at: '2026-05-01T00:00:00Z', ending_at: '2026-04-30T00:00:00Z' }, { ending_at: ['invalid_date'] }],
      ['an end on the day of the start', { subscription_at: '2026-05-01T00:00:00Z', ending_at: '2026-05-01T12:00:00Z' }, { ending_at: ['invalid_date'] }],
      ['prices of its own that are none', { plan_overrides: { amount_cents: -1 } }, { amount_cents: ['value_is_out_of_range'] }],
      ['a NUL character', { name: 'a\u0000b' }, { name: ['value_is_invalid'] }],
      [
        'several mistakes',
        { external_id: '', billing_time: 'x', subscription_at: 'y', ending_at: 'z' },
        { external_id: ['value_is_mandatory'], billing_time: ['value_is_invalid'], subscription_at: ['invalid_date'], ending_at: ['invalid_date'] },
      ],
    ]; // prettier-ignore
    for (const [what, fields, details] of refusals)
      it(`are refused with ${what}`, async () => {
        const { status, body } = await create(fields);
        assert.equal(status, 422);
        assert.deepEqual(body.error_details, details);
        assert.deepEqual(await rung(), []);
      });

    it('under the id of another customer are refused', async () => {
      await create();
      const { status, body } = await create({ external_customer_id: 'another' });
      assert.equal(status, 422);
      assert.deepEqual(body.error_details, { external_id: ['value_already_exist'] });
    });

    it('need the root key', async () => {
      for (const body of [{}, { subscription: {} }, { subscription: null }, { plan: wanted }])
        assert.equal((await acme.post('/subscriptions', body)).status, 400, JSON.stringify(body));
    });

    it('are not seen by another organization', async () => {
      await create();
      const other = await api.newOrganization({ clock: NOW });
      assert.equal((await other.get('/subscriptions/sub')).body.code, 'subscription_not_found');
      assert.deepEqual((await other.get('/subscriptions')).body.subscriptions, []);
      assert.equal((await other.delete('/subscriptions/sub')).status, 404);
    });
  });

  describe('read', () => {
    let customer: CustomerRow;
    beforeEach(async () => {
      customer = await build.customer();
    });
    const ids = (body: { subscriptions: { external_id: string }[] }) =>
      body.subscriptions.map(({ external_id }) => external_id);

    it('are found by their external id, the active one unless another status is asked for', async () => {
      const ended = { status: 'terminated', subscription_at: '2025-01-01T00:00:00.000Z' } as const;
      await build.subscription(customer, plan, { ...ended, name: 'first', terminated_at: '2025-02-01T00:00:00.000Z' });
      await build.subscription(customer, plan, { ...ended, name: 'last', terminated_at: '2025-03-01T00:00:00.000Z' });
      assert.equal((await acme.get('/subscriptions/sub')).body.code, 'subscription_not_found');
      assert.equal((await acme.get('/subscriptions/sub?status=terminated')).body.subscription.name, 'last');
      assert.equal((await acme.get('/subscriptions/sub?status=pending')).status, 404);
      assert.equal((await acme.get('/subscriptions/sub?status=unknown')).status, 404);
      await build.subscription(customer, plan, { name: 'now' });
      assert.equal((await acme.get('/subscriptions/sub')).body.subscription.name, 'now');
    });

    it('show the period in which they ended', async () => {
      await build.subscription(customer, plan, {
        subscription_at: '2025-01-01T00:00:00.000Z',
        status: 'terminated',
        terminated_at: '2025-03-09T12:34:56.000Z',
      });
      const { subscription } = (await acme.get('/subscriptions/sub?status=terminated')).body;
      assert.equal(subscription.current_billing_period_started_at, '2025-03-01T00:00:00Z');
      assert.equal(subscription.current_billing_period_ending_at, '2025-03-09T12:34:56Z');
    });

    it('of a yearly plan with usage billed monthly show the month', async () => {
      const yearly = await build.plan('yearly', { interval: 'yearly', bill_charges_monthly: true });
      const billing_time = 'anniversary';
      await build.subscription(customer, yearly, { billing_time, subscription_at: '2025-05-31T00:00:00.000Z' });
      const { subscription } = (await acme.get('/subscriptions/sub')).body;
      assert.equal(subscription.current_billing_period_started_at, '2026-02-28T00:00:00Z');
      assert.equal(subscription.current_billing_period_ending_at, '2026-03-30T23:59:59Z');
    });

    it('are listed with the latest start first, in pages', async () => {
      for (const day of ['03', '01', '02'])
        await build.subscription(customer, plan, { external_id: day, subscription_at: `2026-02-${day}T00:00:00.000Z` });
      const first = (await acme.get('/subscriptions?per_page=2')).body;
      assert.deepEqual(ids(first), ['03', '02']);
      assert.deepEqual(first.meta, { current_page: 1, next_page: 2, prev_page: null, total_pages: 2, total_count: 3 });
      assert.deepEqual(ids((await acme.get('/subscriptions?per_page=2&page=2')).body), ['01']);
      const beyond = (await acme.get('/subscriptions?per_page=2&page=9')).body;
      assert.deepEqual(ids(beyond), []);
      assert.equal(beyond.meta.total_count, 3);
    });

    it('are filtered', async () => {
      const other = await build.customer('other');
      const dollars = await build.plan('usd', { amount_currency: 'USD' });
      await build.subscription(customer, plan, { external_id: 'a' });
      await build.subscription(other, dollars, { external_id: 'b' });
      await build.subscription(customer, plan, { external_id: 'c', status: 'pending', started_at: null });
      await build.subscription(customer, plan, { external_id: 'd', status: 'canceled', canceled_at: NOW });
      const cases: [query: string, expected: string[]][] = [
        ['', ['b', 'a']],
        ['external_customer_id=other', ['b']],
        ['external_customer_id=nobody', []],
        ['plan_code=pro', ['a']],
        ['currency=usd', ['b']],
        ['external_id=a', ['a']],
        ['status[]=pending', ['c']],
        ['status[]=pending&status[]=canceled', ['d', 'c']],
        ['status[]=pending&status[]=unknown', ['d', 'c', 'b', 'a']],
        ['status=pending', ['b', 'a']],
        ['unknown=1', ['b', 'a']],
      ];
      for (const [query, expected] of cases)
        assert.deepEqual(ids((await acme.get(`/subscriptions?${query}`)).body), expected, query);
      assert.deepEqual(ids((await acme.get('/customers/cus/subscriptions')).body), ['a']);
      assert.deepEqual(ids((await acme.get('/customers/cus/subscriptions?status[]=pending')).body), ['c']);
      assert.equal((await acme.get('/customers/nobody/subscriptions')).body.code, 'customer_not_found');
    });
  });

  describe('edited', () => {
    const edit = (fields: object, query = '') => acme.put(`/subscriptions/sub${query}`, { subscription: fields });

    it('change by the keys that are sent, and ring their workflow', async () => {
      await create({ name: 'Main', ending_at: '2026-06-01T00:00:00Z' });
      await silence();
      const { body } = await edit({ ending_at: '2026-05-01T00:00:00Z' });
      assert.equal(body.subscription.ending_at, '2026-05-01T00:00:00Z');
      assert.equal(body.subscription.name, 'Main');
      assert.equal((await rung()).length, 1);
      assert.deepEqual(await announced(), ['subscription.updated']);
      const cleared = (await edit({ ending_at: null, name: null })).body.subscription;
      assert.equal(cleared.ending_at, null);
      assert.equal(cleared.name, null);
    });

    it('keep their start once they are active', async () => {
      const { subscription } = (await create()).body;
      const moved = (await edit({ subscription_at: '2026-09-01T00:00:00Z' })).body.subscription;
      assert.equal(moved.subscription_at, subscription.subscription_at);
    });

    const moves: [what: string, to: string, status: string, started_at: string | null, webhooks: string[]][] = [
      ['to another day', '2026-05-01T00:00:00Z', 'pending', null, []],
      ['to a later hour of today', '2026-03-10T20:00:00Z', 'pending', null, []],
      ['to an earlier hour of today', '2026-03-10T01:00:00Z', 'active', '2026-03-10T01:00:00.000Z', ['subscription.started', 'subscription.updated']],
      ['to the past', '2026-01-20T00:00:00Z', 'active', '2026-01-20T00:00:00.000Z', ['subscription.started', 'subscription.updated']],
    ]; // prettier-ignore
    for (const [what, subscription_at, status, started_at, webhooks] of moves)
      it(`before they begin, and moved ${what}, are ${status}`, async () => {
        await create({ subscription_at: '2026-04-01T00:00:00Z' });
        await silence();
        const { body } = await edit({ subscription_at }, '?status=pending');
        assert.equal(body.subscription.status, status);
        assert.equal(body.subscription.subscription_at, subscription_at);
        assert.equal(body.subscription.started_at, started_at);
        assert.deepEqual(await announced(), webhooks);
        assert.equal((await rung()).length, 1);
      });

    it('are the active one unless the pending one is asked for or is all there is', async () => {
      assert.equal((await edit({ name: 'x' })).body.code, 'subscription_not_found');
      await create({ subscription_at: '2026-04-01T00:00:00Z' });
      assert.equal((await edit({ name: 'x' }, '?status=active')).status, 404);
      assert.equal((await edit({ name: 'x' })).body.subscription.name, 'x');
      const named = await acme.put('/subscriptions/sub', { status: 'pending', subscription: { name: 'y' } });
      assert.equal(named.body.subscription.name, 'y');
    });

    it('remember what to give back only if they are paid in advance', async () => {
      await create();
      const options = { on_termination_credit_note: 'skip', on_termination_invoice: 'skip' };
      const { subscription } = (await edit(options)).body;
      assert.equal(subscription.on_termination_credit_note, null);
      assert.equal(subscription.on_termination_invoice, 'skip');
      await build.plan('ahead', { pay_in_advance: true });
      await create({ plan_code: 'ahead', external_id: 'paid' });
      const paid = await acme.put('/subscriptions/paid', { subscription: options });
      assert.equal(paid.body.subscription.on_termination_credit_note, 'skip');
    });

    const refusals: [what: string, fields: object, details: object][] = [
      ['an end in the past', { ending_at: '2026-03-01T00:00:00Z' }, { ending_at: ['invalid_date'] }],
      ['an end today', { ending_at: '2026-03-10T18:00:00Z' }, { ending_at: ['invalid_date'] }],
      ['an end that is no date', { ending_at: 'x' }, { ending_at: ['invalid_date'] }],
      ['an unknown credit note option', { on_termination_credit_note: 'x' }, { on_termination_credit_note: ['invalid_value'] }],
      ['an unknown invoice option', { on_termination_invoice: 'x' }, { on_termination_invoice: ['invalid_value'] }],
      ['a plan of its own without a name', { plan_overrides: { name: '' } }, { name: ['value_is_mandatory'] }],
      ['a name that is none', { name: {} }, { name: ['value_is_invalid'] }],
    ]; // prettier-ignore
    for (const [what, fields, details] of refusals)
      it(`are refused with ${what}`, async () => {
        await create();
        const { status, body } = await edit(fields);
        assert.equal(status, 422);
        assert.deepEqual(body.error_details, details);
      });

    it('are not moved behind their end', async () => {
      await create({ subscription_at: '2026-04-01T00:00:00Z', ending_at: '2026-05-01T00:00:00Z' });
      const { body } = await edit({ subscription_at: '2026-06-01T00:00:00Z' });
      assert.deepEqual(body.error_details, { ending_at: ['invalid_date'] });
    });
  });

  describe('ended', () => {
    it('are terminated now, with the defaults written down', async () => {
      await create();
      await silence();
      const { status, body } = await acme.delete('/subscriptions/sub');
      assert.equal(status, 200);
      assert.equal(body.subscription.status, 'terminated');
      assert.equal(body.subscription.terminated_at, '2026-03-10T15:30:00Z');
      assert.equal(body.subscription.on_termination_credit_note, null);
      assert.equal(body.subscription.on_termination_invoice, 'generate');
      assert.equal((await rung()).length, 1);
      assert.deepEqual(await announced(), ['subscription.terminated']);
      assert.equal((await acme.delete('/subscriptions/sub')).body.code, 'subscription_not_found');
    });

    it('take the options of the request before those stored, and keep them', async () => {
      await build.plan('ahead', { pay_in_advance: true });
      await create({ plan_code: 'ahead' });
      await acme.put('/subscriptions/sub', { subscription: { on_termination_credit_note: 'refund' } });
      const { body } = await acme.delete('/subscriptions/sub?on_termination_invoice=skip');
      assert.equal(body.subscription.on_termination_credit_note, 'refund');
      assert.equal(body.subscription.on_termination_invoice, 'skip');
      const again = (await acme.get('/subscriptions/sub?status=terminated')).body.subscription;
      assert.equal(again.on_termination_invoice, 'skip');
    });

    it('give the unused days back as a credit when paid in advance and nothing else was said', async () => {
      await build.plan('ahead', { pay_in_advance: true });
      await create({ plan_code: 'ahead' });
      const { body } = await acme.delete('/subscriptions/sub');
      assert.equal(body.subscription.on_termination_credit_note, 'credit');
    });

    it('stay as they are when an option is unknown', async () => {
      await build.plan('ahead', { pay_in_advance: true });
      await create({ plan_code: 'ahead' });
      for (const option of ['on_termination_credit_note', 'on_termination_invoice']) {
        const { status, body } = await acme.delete(`/subscriptions/sub?${option}=invalid`);
        assert.equal(status, 422);
        assert.deepEqual(body.error_details, { [option]: ['invalid_value'] });
      }
      assert.equal((await acme.get('/subscriptions/sub')).body.subscription.status, 'active');
    });

    it('in arrears do not care what is said of credit notes', async () => {
      await create();
      const { status, body } = await acme.delete('/subscriptions/sub?on_termination_credit_note=invalid');
      assert.equal(status, 200);
      assert.equal(body.subscription.on_termination_credit_note, null);
    });

    it('before they begin are canceled, if that is asked for', async () => {
      await create({ subscription_at: '2026-04-01T00:00:00Z' });
      await silence();
      assert.equal((await acme.delete('/subscriptions/sub')).status, 404);
      const { body } = await acme.delete('/subscriptions/sub?status=pending');
      assert.equal(body.subscription.status, 'canceled');
      assert.equal(body.subscription.canceled_at, '2026-03-10T15:30:00Z');
      assert.equal(body.subscription.terminated_at, null);
      assert.deepEqual(await announced(), ['subscription.terminated']);
    });

    it('twice at once end once', async () => {
      await create();
      await silence();
      const statuses = await Promise.all(
        Array.from({ length: 5 }, async () => (await acme.delete('/subscriptions/sub')).status),
      );
      assert.deepEqual(statuses.sort(), [200, 404, 404, 404, 404]);
      assert.deepEqual(await announced(), ['subscription.terminated']);
    });

    it('are found by ids of any characters', async () => {
      const external_id = 'a b.c?d#é';
      await create({ external_id });
      assert.equal((await acme.get(`/subscriptions/${encodeURIComponent(external_id)}`)).status, 200);
      assert.equal((await acme.delete(`/subscriptions/${encodeURIComponent(external_id)}`)).status, 200);
    });
  });
});
