import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

const PRO = {
  name: 'Pro',
  code: 'pro',
  interval: 'monthly',
  amount_cents: 3100,
  amount_currency: 'EUR',
  pay_in_advance: false,
};

describe('usage thresholds of plans', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
  });

  const post = (usage_thresholds: unknown) => acme.post('/plans', { plan: { ...PRO, usage_thresholds } });
  const put = (plan: object) => acme.put('/plans/pro', { plan });

  it('are shown in the order in which they are reached, the recurring one last', async () => {
    const { status, body } = await post([
      { amount_cents: 1000, recurring: true },
      { amount_cents: 5000 },
      { amount_cents: 1000, threshold_display_name: 'First', recurring: false },
    ]);
    assert.equal(status, 200);
    const [{ lago_id: _, ...first }] = body.plan.usage_thresholds;
    const created_at = '2026-01-31T10:00:00Z';
    assert.deepEqual(first, {
      threshold_display_name: 'First',
      amount_cents: 1000,
      recurring: false,
      created_at,
      updated_at: created_at,
    });
    assert.deepEqual(
      body.plan.usage_thresholds.map(({ amount_cents }: { amount_cents: number }) => amount_cents),
      [1000, 5000, 1000],
    );
    assert.deepEqual((await acme.get('/plans/pro')).body, body);
  });

  it('are replaced by an edit, and stay who they are where their amount stays', async () => {
    const { body: made } = await post([{ amount_cents: 1000 }, { amount_cents: 2000 }]);
    assert.deepEqual((await put({ name: 'P' })).body.plan.usage_thresholds, made.plan.usage_thresholds);

    const { body } = await put({
      usage_thresholds: [{ amount_cents: 3000 }, { amount_cents: 1000, threshold_display_name: 'One' }],
    });
    const [one, three] = body.plan.usage_thresholds;
    assert.equal(one.lago_id, made.plan.usage_thresholds[0].lago_id);
    assert.equal(one.threshold_display_name, 'One');
    assert.equal(three.amount_cents, 3000);
    assert.equal(body.plan.usage_thresholds.length, 2);

    assert.deepEqual((await put({ usage_thresholds: [] })).body.plan.usage_thresholds, []);
  });

  const refusals: [what: string, thresholds: unknown, details: object][] = [
    ['without an amount', [{ recurring: true }, { recurring: true }], { usage_thresholds: ['missing_amount_cents'] }],
    ['of one amount twice', [{ amount_cents: 1 }, { amount_cents: 1 }], { usage_thresholds: ['duplicated_values'] }],
    [
      'of which two recur',
      [
        { amount_cents: 1, recurring: true },
        { amount_cents: 2, recurring: true },
      ],
      { usage_thresholds: ['multiple_recurring_thresholds'] },
    ],
    ['of nothing', [{ amount_cents: 0 }], { amount_cents: ['value_is_out_of_range'] }],
    ['of less than nothing', [{ amount_cents: -5 }], { amount_cents: ['value_is_out_of_range'] }],
    ['of half a cent', [{ amount_cents: 0.5 }], { amount_cents: ['value_is_invalid'] }],
    ['that are no list', 'many', { usage_thresholds: ['value_is_invalid'] }],
  ];
  for (const [what, thresholds, details] of refusals)
    it(`are refused ${what}`, async () => {
      await post([{ amount_cents: 7 }]);
      for (const answer of [
        await put({ usage_thresholds: thresholds }),
        await acme.post('/plans', { plan: { ...PRO, code: 'other', usage_thresholds: thresholds } }),
      ]) {
        assert.equal(answer.status, 422);
        assert.deepEqual(answer.body.error_details, details);
      }
      const { body } = await acme.get('/plans');
      assert.deepEqual(
        body.plans.map(
          ({ usage_thresholds }: { usage_thresholds: { amount_cents: number }[] }) => usage_thresholds[0]?.amount_cents,
        ),
        [7],
      );
    });
});

describe('usage thresholds of subscriptions', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
    await acme.post('/plans', { plan: { ...PRO, usage_thresholds: [{ amount_cents: 700 }] } });
  });

  const post = (fields: object = {}) =>
    acme.post('/subscriptions', {
      subscription: { external_customer_id: 'cus', external_id: 'sub', plan_code: 'pro', ...fields },
    });
  const put = (subscription: object) => acme.put('/subscriptions/sub', { subscription });
  const applicable = async (): Promise<number[]> =>
    (await acme.get('/subscriptions/sub')).body.subscription.applicable_usage_thresholds.map(
      ({ amount_cents }: { amount_cents: number }) => amount_cents,
    );

  it('are its plan’s, unless it has its own', async () => {
    const { body } = await post();
    assert.equal(body.subscription.progressive_billing_disabled, false);
    assert.deepEqual(body.subscription.applicable_usage_thresholds, [
      { threshold_display_name: null, amount_cents: 700, recurring: false },
    ]);
    await put({ usage_thresholds: [{ amount_cents: 300, recurring: true }, { amount_cents: 200 }] });
    assert.deepEqual(await applicable(), [200, 300]);
    await put({ name: 'Mine' });
    assert.deepEqual(await applicable(), [200, 300]);
    await put({ usage_thresholds: [] });
    assert.deepEqual(await applicable(), [700]);
  });

  it('can be there from the beginning, and be off', async () => {
    const { body } = await post({ usage_thresholds: [{ amount_cents: 5 }] });
    assert.equal(body.subscription.applicable_usage_thresholds[0].amount_cents, 5);
    assert.equal(
      (await put({ progressive_billing_disabled: true })).body.subscription.progressive_billing_disabled,
      true,
    );
    assert.deepEqual(await applicable(), []);
    assert.equal(
      (await put({ progressive_billing_disabled: null })).body.subscription.progressive_billing_disabled,
      false,
    );
    assert.deepEqual(await applicable(), [5]);
  });

  it('are refused as those of plans are, and when they are asked for twice', async () => {
    await post();
    const twice = [{ amount_cents: 1 }, { amount_cents: 1 }];
    const cases: [fields: object, details: object][] = [
      [{ usage_thresholds: twice }, { usage_thresholds: ['duplicated_values'] }],
      [{ usage_thresholds: [{}] }, { usage_thresholds: ['missing_amount_cents'] }],
      [
        { usage_thresholds: [{ amount_cents: 1 }], plan_overrides: { usage_thresholds: [{ amount_cents: 2 }] } },
        { usage_thresholds: ['incompatible_params'], plan_overrides: ['incompatible_params'] },
      ],
    ];
    for (const [fields, details] of cases)
      for (const answer of [await put(fields), await post({ external_id: 'other', ...fields })]) {
        assert.equal(answer.status, 422);
        assert.deepEqual(answer.body.error_details, details);
      }
    assert.deepEqual(await applicable(), [700]);
  });

  describe('lifetime usage', () => {
    const PATH = '/subscriptions/sub/lifetime_usage';
    const set = (lifetime_usage: unknown) => acme.put(PATH, { lifetime_usage });

    it('is told with what was used before the engine came', async () => {
      const made = await post();
      const { body } = await set({ external_historical_usage_amount_cents: 350 });
      const { lago_id, ...usage } = body.lifetime_usage;
      assert.deepEqual(usage, {
        lago_subscription_id: made.body.subscription.lago_id,
        external_subscription_id: 'sub',
        external_historical_usage_amount_cents: 350,
        invoiced_usage_amount_cents: 0,
        current_usage_amount_cents: 0,
        from_datetime: '2026-01-31T10:00:00Z',
        to_datetime: '2026-01-31T10:00:00Z',
        usage_thresholds: [{ amount_cents: 700, completion_ratio: 0.5, reached_at: null }],
      });
      await acme.put('/plans/pro', { plan: { usage_thresholds: [] } });
      const { body: bare } = await acme.get(PATH);
      assert.equal(bare.lifetime_usage.lago_id, lago_id);
      assert.equal('usage_thresholds' in bare.lifetime_usage, false);
      assert.equal(bare.lifetime_usage.external_historical_usage_amount_cents, 350);
    });

    it('is not there before its subscription is, and is refused where it makes no sense', async () => {
      assert.equal((await acme.get(PATH)).body.code, 'lifetime_usage_not_found');
      await post({ subscription_at: '2026-03-01T00:00:00Z' });
      assert.equal((await acme.get(PATH)).status, 404);
      assert.equal((await set({ external_historical_usage_amount_cents: 1 })).status, 404);

      await post({ external_id: 'now' });
      const put = (body: object) => acme.put('/subscriptions/now/lifetime_usage', body);
      const refused = await put({ lifetime_usage: { external_historical_usage_amount_cents: -1 } });
      assert.equal(refused.status, 422);
      assert.deepEqual(refused.body.error_details, { historical_usage_amount_cents: ['value_is_out_of_range'] });
      assert.equal((await put({ lifetime_usage: { external_historical_usage_amount_cents: 'x' } })).status, 422);
      assert.equal((await put({ lifetime_usage: {} })).status, 400);
      assert.equal((await put({})).status, 400);
    });
  });
});
