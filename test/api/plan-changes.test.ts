import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { setSandboxClock } from '../../db/sandbox-clocks.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-10T15:30:00.000Z';

describe('changes of plan', () => {
  let api: TestApi;
  let acme: ApiClient;
  let build: Builders;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: NOW });
    build = new Builders(api.db, acme.organization.id, '2026-01-01T00:00:00.000Z');
    await build.plan('pro');
    await build.plan('max', { amount_cents: 9000 });
    await build.plan('mini', { amount_cents: 100 });
    await build.plan('year', { amount_cents: 35_999, interval: 'yearly' });
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

  const post = (plan_code: string, fields: object = {}) =>
    acme.post('/subscriptions', {
      subscription: { external_customer_id: 'cus', external_id: 'sub', plan_code, ...fields },
    });
  const ask = async (plan_code: string, fields: object = {}) => {
    const { status, body } = await post(plan_code, fields);
    assert.equal(status, 200, JSON.stringify(body));
    return body.subscription;
  };
  const get = async (query = '') => (await acme.get(`/subscriptions/sub${query}`)).body.subscription;
  const list = async (...statuses: string[]): Promise<[plan_code: string, status: string][]> => {
    const query = statuses.map((one) => `status[]=${one}`).join('&');
    const { body } = await acme.get(`/subscriptions?external_customer_id=cus&${query}`);
    return body.subscriptions.map((one: { plan_code: string; status: string }) => [one.plan_code, one.status]).sort();
  };
  const all = () => list('active', 'pending', 'terminated', 'canceled');

  /** Since the last time: the type, the plan, the one before it and the one after. */
  const told = () =>
    build.write(async (trx) => {
      const webhooks = () => trx('webhooks').where({ organization_id: acme.organization.id });
      const payloads: string[] = await webhooks().andWhereLike('webhook_type', 'subscription.%').orderBy('id').pluck('payload'); // prettier-ignore
      await webhooks().delete();
      return payloads
        .map((payload) => JSON.parse(payload))
        .map(({ webhook_type, subscription: { plan_code, previous_plan_code, next_plan_code } }) =>
          [webhook_type.slice(13), plan_code, previous_plan_code, next_plan_code].join(' '),
        );
    });

  describe('to a plan that costs as much or more', () => {
    it('end the subscription now, and answer with the one that takes its place', async () => {
      const first = await ask('pro', { name: 'Main', billing_time: 'anniversary', ending_at: '2026-09-01T00:00:00Z' });
      await told();
      const second = await ask('max', { billing_time: 'calendar' });
      assert.notEqual(second.lago_id, first.lago_id);
      const { name, status, plan_code, previous_plan_code, next_plan_code, started_at, downgrade_plan_date } = second;
      assert.deepEqual(
        { name, status, plan_code, previous_plan_code, next_plan_code, started_at, downgrade_plan_date },
        {
          name: null,
          status: 'active',
          plan_code: 'max',
          previous_plan_code: 'pro',
          next_plan_code: null,
          started_at: NOW,
          downgrade_plan_date: null,
        },
      );
      for (const inherited of ['external_id', 'lago_customer_id', 'subscription_at', 'billing_time', 'ending_at'])
        assert.equal(second[inherited], first[inherited], inherited);

      const ended = await get('?status=terminated');
      assert.equal(ended.lago_id, first.lago_id);
      assert.equal(ended.terminated_at, '2026-03-10T15:30:00Z');
      assert.equal(ended.next_plan_code, 'max');
      assert.deepEqual(await told(), ['terminated pro  max', 'started max pro ']);
    });

    it('are by what the plans cost a year, and up when they cost the same', async () => {
      await build.plan('same', { amount_cents: 3000 });
      await build.plan('week', { amount_cents: 693, interval: 'weekly' }); // 36,036 a year.
      await ask('year');
      for (const plan_code of ['pro', 'same', 'week'])
        assert.equal((await ask(plan_code)).plan_code, plan_code, 'it is an upgrade');
      assert.equal((await ask('same')).plan_code, 'week', 'it is a downgrade');
    });

    it('withdraw what waited', async () => {
      await ask('pro');
      await ask('mini');
      await ask('max');
      assert.deepEqual(await all(), [['max', 'active'], ['mini', 'canceled'], ['pro', 'terminated']]); // prettier-ignore
    });

    it('may have an end of their own, or none', async () => {
      await ask('pro', { ending_at: '2026-09-01T00:00:00Z' });
      assert.equal((await ask('max', { ending_at: '2026-10-01T00:00:00Z' })).ending_at, '2026-10-01T00:00:00Z');
      await build.plan('top', { amount_cents: 10_000 });
      assert.equal((await ask('top', { ending_at: null })).ending_at, null);
    });

    it('twice are one, and twice at once', async () => {
      await ask('pro');
      const answers = await Promise.all(Array.from({ length: 5 }, () => ask('max')));
      assert.equal(new Set(answers.map(({ lago_id }) => lago_id)).size, 1);
      assert.deepEqual(await all(), [['max', 'active'], ['pro', 'terminated']]); // prettier-ignore
    });

    it('to several plans at once come one after the other', async () => {
      await build.plan('top', { amount_cents: 10_000 });
      await ask('pro');
      await Promise.all(['max', 'top', 'mini', 'max', 'top'].map((code) => ask(code)));
      assert.equal((await list('active')).length, 1);
      assert((await list('pending')).length <= 1);
      const rows = await build.write((trx) => trx('subscriptions').where({ organization_id: acme.organization.id }));
      const ended = rows.filter(({ status }) => status === 'terminated');
      for (const { id } of ended)
        assert.equal(rows.filter((one) => one.previous_subscription_id === id && one.status !== 'canceled').length, 1);
    });

    it('come after the bills that are due: the first one is made when nobody has come to it yet', async () => {
      await build.plan('advance', { amount_cents: 3100, pay_in_advance: true });
      await ask('advance');
      await ask('max');
      const { body } = await acme.get('/invoices?external_customer_id=cus');
      assert.deepEqual(body.invoices.map((one: { fees_amount_cents: number }) => one.fees_amount_cents), [2200]); // prettier-ignore
    });
  });

  describe('to a plan that costs less', () => {
    it('leave the subscription as it is until its period ends', async () => {
      const first = await ask('pro', { ending_at: '2026-09-01T00:00:00Z' });
      await told();
      const current = await ask('mini', { name: 'Small' });
      assert.equal(current.lago_id, first.lago_id);
      assert.equal(current.status, 'active');
      assert.equal(current.next_plan_code, 'mini');
      assert.equal(current.downgrade_plan_date, '2026-04-01');
      const waiting = await get('?status=pending');
      assert.equal(waiting.name, 'Small');
      assert.equal(waiting.previous_plan_code, 'pro');
      assert.equal(waiting.ending_at, '2026-09-01T00:00:00Z');
      assert.equal(waiting.started_at, null);
      assert.deepEqual(await told(), ['updated pro  mini']);
    });

    it('wait for the end of the year where usage is billed by the month', async () => {
      await build.plan('big', { amount_cents: 99_999, interval: 'yearly', bill_charges_monthly: true });
      await ask('big');
      assert.equal((await ask('pro')).downgrade_plan_date, '2027-01-01');
    });

    it('replace one another', async () => {
      await build.plan('less', { amount_cents: 200 });
      await ask('pro');
      await ask('mini');
      assert.equal((await ask('less')).next_plan_code, 'less');
      assert.deepEqual(await all(), [['less', 'pending'], ['mini', 'canceled'], ['pro', 'active']]); // prettier-ignore
    });

    it('stay when the plan that runs is asked for again', async () => {
      await ask('pro', { name: 'Main' });
      await ask('mini');
      const current = await ask('pro', { name: 'Other' });
      assert.equal(current.name, 'Main');
      assert.equal(current.next_plan_code, 'mini');
    });

    it('are withdrawn by canceling what waits', async () => {
      await ask('pro');
      await ask('mini');
      await told();
      const { status, body } = await acme.delete('/subscriptions/sub?status=pending');
      assert.equal(status, 200);
      assert.equal(body.subscription.status, 'canceled');
      const current = await get();
      assert.deepEqual([current.next_plan_code, current.downgrade_plan_date], [null, null]);
      assert.deepEqual(await told(), ['terminated mini pro ', 'updated pro  ']);
    });

    it('are withdrawn when the subscription ends, without a word', async () => {
      await ask('pro');
      await ask('mini');
      await told();
      await acme.delete('/subscriptions/sub');
      assert.deepEqual(await all(), [['mini', 'canceled'], ['pro', 'terminated']]); // prettier-ignore
      assert.deepEqual(await told(), ['terminated pro  ']);
    });

    it('end when the subscription would have, as it is set by then, unless they have an end of their own', async () => {
      const edit = (ending_at: string | null) => acme.put('/subscriptions/sub', { subscription: { ending_at } });
      await ask('pro');
      await ask('mini');
      await edit('2026-08-01T00:00:00Z');
      assert.equal((await get('?status=pending')).ending_at, '2026-08-01T00:00:00Z');
      await edit(null);
      assert.equal((await get('?status=pending')).ending_at, null);
      await ask('mini', { ending_at: '2026-09-01T00:00:00Z' });
      await edit('2026-10-01T00:00:00Z');
      assert.equal((await get('?status=pending')).ending_at, '2026-09-01T00:00:00Z');
    });

    it('start when the period ends, whatever else is asked', async () => {
      await ask('pro');
      await ask('mini');
      const edit = { subscription_at: '2026-03-01T00:00:00Z', name: 'Later' };
      const { body } = await acme.put('/subscriptions/sub?status=pending', { subscription: edit });
      assert.equal(body.subscription.status, 'pending');
      assert.equal(body.subscription.name, 'Later');
    });
  });

  describe('before the start', () => {
    it('just replace the plan', async () => {
      const first = await ask('pro', { subscription_at: '2026-05-01T00:00:00Z', name: 'Main' });
      await told();
      const second = await ask('mini', { subscription_at: '2026-06-01T00:00:00Z' });
      assert.equal(second.lago_id, first.lago_id);
      assert.deepEqual([second.plan_code, second.name, second.status], ['mini', 'Main', 'pending']);
      assert.equal(second.subscription_at, '2026-05-01T00:00:00Z');
      assert.equal((await ask('max', { name: 'New' })).name, 'New');
      assert.deepEqual(await told(), []);
    });
  });

  describe('are refused', () => {
    const refusals: [what: string, plan_code: string, fields: object, status: number, details: object | undefined][] = [
      ['to a plan that nobody knows', 'none', {}, 404, undefined],
      ['for another customer', 'max', { external_customer_id: 'other' }, 422, { external_id: ['value_already_exist'] }],
      ['with an end before today', 'max', { ending_at: '2026-03-01T00:00:00Z' }, 422, { ending_at: ['invalid_date'] }],
      ['with two mistakes, which are both told', 'max', { external_customer_id: 'other', ending_at: 'never' }, 422, { external_id: ['value_already_exist'], ending_at: ['invalid_date'] }],
    ]; // prettier-ignore
    for (const [what, plan_code, fields, status, details] of refusals)
      it(what, async () => {
        await ask('pro');
        const answer = await post(plan_code, fields);
        assert.equal(answer.status, status);
        assert.deepEqual(answer.body.error_details, details);
        assert.deepEqual(await all(), [['pro', 'active']]);
      });

    it('no more once the subscription has ended: that is a new one', async () => {
      await ask('pro');
      await acme.delete('/subscriptions/sub');
      const again = await ask('max');
      assert.equal(again.previous_plan_code, null);
      assert.equal((await get('?status=terminated')).next_plan_code, null);
    });
  });

  // No worker runs in these tests: all that happens is what requests do.
  describe('while nobody works', () => {
    const moveClock = (now_at: string) => build.write((trx) => setSandboxClock(trx, { now_at }));
    const bills = async (): Promise<string[]> => {
      const { body } = await acme.get('/invoices?external_customer_id=cus');
      return body.invoices
        .map(
          (one: { issuing_date: string; fees_amount_cents: number }) => `${one.issuing_date} ${one.fees_amount_cents}`,
        )
        .sort();
    };

    beforeEach(async () => {
      await build.plan('advance', { amount_cents: 3100, pay_in_advance: true });
      await build.plan('more', { amount_cents: 6200, pay_in_advance: true });
    });

    it('an upgrade finds all that was due billed, and gives back what is unused of it', async () => {
      await ask('advance');
      await moveClock('2026-05-20T12:00:00.000Z');
      await ask('more');
      assert.deepEqual(await bills(), ['2026-03-10 2200', '2026-04-01 3100', '2026-05-01 3100']);
      const { body } = await acme.get('/credit_notes?external_customer_id=cus');
      assert.deepEqual(body.credit_notes.map((one: { credit_amount_cents: number }) => one.credit_amount_cents), [1200]); // prettier-ignore
    });

    it('a second upgrade finds the first one billed', async () => {
      await build.plan('most', { amount_cents: 9300, pay_in_advance: true });
      await ask('advance');
      await moveClock('2026-03-20T12:00:00.000Z');
      await ask('more');
      await moveClock('2026-05-30T12:00:00.000Z');
      await ask('most');
      assert.deepEqual(await bills(), ['2026-03-10 2200', '2026-03-20 2400', '2026-04-01 6200', '2026-05-01 6200']);
      const { body } = await acme.get('/credit_notes?external_customer_id=cus');
      assert.deepEqual(
        body.credit_notes.map((one: { credit_amount_cents: number }) => one.credit_amount_cents).sort(),
        [1200, 400],
      );
    });

    it('an end does as well', async () => {
      await ask('advance');
      await moveClock('2026-05-30T12:00:00.000Z');
      await acme.delete('/subscriptions/sub');
      assert.deepEqual(await bills(), ['2026-03-10 2200', '2026-04-01 3100', '2026-05-01 3100']);
      const { body } = await acme.get('/credit_notes?external_customer_id=cus');
      assert.deepEqual(body.credit_notes.map((one: { credit_amount_cents: number }) => one.credit_amount_cents), [100]); // prettier-ignore
    });

    it('a lower plan that has waited for the end of the period is no longer to be withdrawn after it', async () => {
      await ask('pro');
      await ask('mini');
      await moveClock('2026-04-01T00:00:00.001Z');
      assert.equal((await acme.delete('/subscriptions/sub?status=pending')).body.code, 'subscription_not_found');
    });

    it('it is changed from then on, as the end of the period would have', async () => {
      await ask('pro');
      await ask('mini');
      await moveClock('2026-05-16T00:00:00.000Z');
      await ask('max');
      assert.deepEqual(await bills(), ['2026-04-01 2129', '2026-05-01 100']); // 22 of 31 days.
      assert.deepEqual(await all(), [['max', 'active'], ['mini', 'terminated'], ['pro', 'terminated']]); // prettier-ignore
    });

    it('usage that comes in after the end of the period is charged by the plan that has it, once', async () => {
      const calls = (await build.metric('calls')).id;
      const seats = (await build.metric('seats')).id;
      const inAdvance = { charge_model: 'standard', pay_in_advance: true, invoiceable: false } as const;
      const price = (billable_metric_id: string, amount: string) => ({ ...inAdvance, billable_metric_id, properties: { amount } }); // prettier-ignore
      await build.plan('dear', { amount_cents: 3000 }, [price(calls, '1')]);
      await build.plan('cheap', { amount_cents: 1000 }, [price(calls, '2'), price(seats, '3')]);
      await ask('dear');
      await ask('cheap');
      await moveClock('2026-04-01T00:30:00.000Z');
      for (const [transaction_id, code, timestamp] of [
        ['before', 'calls', '2026-03-31T23:59:59Z'],
        ['after', 'calls', '2026-04-01T00:10:00Z'],
        ['new', 'seats', '2026-04-01T00:20:00Z'],
      ] as const)
        assert.equal((await acme.post('/events', { event: { transaction_id, code, external_subscription_id: 'sub', timestamp: Date.parse(timestamp) / 1000 } })).status, 200); // prettier-ignore
      await moveClock('2026-04-02T00:00:00.000Z');
      await acme.delete('/subscriptions/sub');
      const { body } = await acme.get('/fees?external_subscription_id=sub&fee_type=charge');
      assert.deepEqual(
        body.fees.map((one: { event_transaction_id: string; amount_cents: number }) => `${one.event_transaction_id} ${one.amount_cents}`).sort(),
        ['after 200', 'before 100', 'new 300'],
      ); // prettier-ignore
    });

    it('what should have ended has, and begins anew', async () => {
      await ask('pro', { ending_at: '2026-05-01T00:00:00Z' });
      await moveClock('2026-05-16T00:00:00.000Z');
      const again = await ask('max');
      assert.equal(again.previous_plan_code, null);
      assert.deepEqual(await bills(), ['2026-04-01 2129', '2026-05-01 3000']);
    });

    it('what should have begun has, and changes', async () => {
      await ask('pro', { subscription_at: '2026-05-01T00:00:00Z' });
      await moveClock('2026-05-16T00:00:00.000Z');
      const { plan_code, previous_plan_code } = await ask('max');
      assert.deepEqual([plan_code, previous_plan_code], ['max', 'pro']);
      assert.equal((await get('?status=terminated')).started_at, '2026-05-01T00:00:00.000Z');
    });
  });

  describe('waiting for the end of a period, when a plan gets another price', () => {
    const reprice = (code: string, amount_cents: number) => acme.put(`/plans/${code}`, { plan: { amount_cents } });

    it('are withdrawn if the plan that runs costs less than theirs now', async () => {
      await ask('pro');
      await ask('mini');
      await told();
      await reprice('pro', 100);
      assert.equal((await get()).next_plan_code, 'mini');
      await reprice('pro', 99);
      assert.deepEqual(await all(), [['mini', 'canceled'], ['pro', 'active']]); // prettier-ignore
      assert.deepEqual(await told(), ['updated pro  ']);
    });

    it('are made at once if theirs costs as much now', async () => {
      await ask('pro');
      await ask('year', { name: 'Yearly' });
      await told();
      await reprice('year', 36_000);
      assert.deepEqual(await all(), [['pro', 'terminated'], ['year', 'active'], ['year', 'canceled']]); // prettier-ignore
      const { name, started_at } = await get();
      assert.deepEqual([name, started_at], ['Yearly', NOW]);
      assert.deepEqual(await told(), ['terminated pro  year', 'started year pro ']);
    });

    it('go on waiting otherwise', async () => {
      await ask('pro');
      await ask('mini');
      await told();
      await reprice('mini', 2999);
      await reprice('pro', 3001);
      assert.equal((await get()).next_plan_code, 'mini');
      assert.deepEqual(await told(), []);
    });
  });
});
