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
