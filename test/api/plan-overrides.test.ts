import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

const NOW = '2026-03-10T15:30:00.000Z';

describe('plans of single subscriptions', () => {
  let api: TestApi;
  let acme: ApiClient;
  let charge_id: string;
  let seats_id: string;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: NOW });
    for (const code of ['vat', 'city']) await acme.post('/taxes', { tax: { name: code, code, rate: '10' } });
    const filters = [{ key: 'region', values: ['us', 'eu', 'asia'] }];
    const storage = await metric({ code: 'storage', aggregation_type: 'count_agg', filters });
    const seats = await metric({ code: 'seats', aggregation_type: 'count_agg' });
    const { body } = await acme.post('/plans', {
      plan: {
        name: 'Pro',
        code: 'pro',
        interval: 'monthly',
        amount_cents: 3000,
        amount_currency: 'EUR',
        pay_in_advance: true,
        trial_period: 5,
        description: 'For teams',
        tax_codes: ['vat'],
        minimum_commitment: { amount_cents: 100 },
        usage_thresholds: [{ amount_cents: 5000 }],
        metadata: { team: 'a' },
        charges: [
          {
            billable_metric_id: storage,
            charge_model: 'standard',
            invoice_display_name: 'Disk',
            properties: { amount: '2' },
            tax_codes: ['city'],
            filters: [{ values: { region: ['us'] }, properties: { amount: '3' }, invoice_display_name: 'US' }],
          },
          { billable_metric_id: seats, charge_model: 'standard', properties: { amount: '7' }, min_amount_cents: 50 },
        ],
      },
    });
    [charge_id, seats_id] = body.plan.charges.map(({ lago_id }: { lago_id: string }) => lago_id);
  });

  const metric = async (fields: object): Promise<string> =>
    (await acme.post('/billable_metrics', { billable_metric: { name: 'metric', ...fields } })).body.billable_metric
      .lago_id;
  const subscribe = async (plan_overrides?: object, external_id = 'sub', fields: object = {}) => {
    const subscription = { external_customer_id: 'cus', external_id, plan_code: 'pro', plan_overrides, ...fields };
    const { status, body } = await acme.post('/subscriptions', { subscription });
    assert.equal(status, 200, JSON.stringify(body));
    return body.subscription;
  };
  const parent = async () => (await acme.get('/plans/pro')).body.plan;

  it('are what is sold to everybody, but for what is asked for, taxes, the commitment and thresholds', async () => {
    const before = await parent();
    const { plan, plan_code, plan_amount_cents } = await subscribe({});
    assert.deepEqual([plan_code, plan_amount_cents], ['pro', 3000]);
    assert.equal(plan.parent_id, before.lago_id);
    assert.deepEqual([plan.taxes, plan.minimum_commitment, plan.usage_thresholds], [[], undefined, []]);
    const { taxes: _taxes, minimum_commitment: _commitment, usage_thresholds: _thresholds, ...rest } = before;
    const charges = before.charges.map((charge: { lago_id: string; filters: object[] }, index: number) => ({
      ...charge,
      lago_id: plan.charges[index].lago_id,
      lago_parent_id: charge.lago_id,
      taxes: [],
      filters: charge.filters.map((filter, at) => ({ ...filter, lago_id: plan.charges[index].filters[at].lago_id })),
    }));
    assert.deepEqual(plan, {
      ...rest,
      lago_id: plan.lago_id,
      parent_id: before.lago_id,
      charges,
      taxes: [],
      usage_thresholds: [],
    });
    assert.deepEqual(await parent(), before);
    assert.equal((await acme.get('/plans')).body.plans.length, 1);
  });

  it('have what is asked for, and refuse what could not be billed', async () => {
    const { plan } = await subscribe({
      amount_cents: 1234,
      amount_currency: 'USD',
      name: 'Pro for Acme',
      invoice_display_name: 'Acme',
      description: null,
      trial_period: 0,
      tax_codes: ['city'],
      minimum_commitment: { amount_cents: 900, tax_codes: ['vat'] },
      usage_thresholds: [{ amount_cents: 100 }],
      charges: [
        { id: charge_id, properties: { amount: '1.5' }, tax_codes: ['vat'], min_amount_cents: 20 },
        { id: seats_id, invoice_display_name: 'Chairs' },
      ],
    });
    assert.deepEqual([plan.amount_cents, plan.amount_currency, plan.name, plan.description, plan.trial_period], [1234, 'USD', 'Pro for Acme', null, 0]); // prettier-ignore
    assert.deepEqual(plan.taxes.map(({ code }: { code: string }) => code), ['city']); // prettier-ignore
    assert.deepEqual(plan.minimum_commitment.taxes.map(({ code }: { code: string }) => code), ['vat']); // prettier-ignore
    assert.equal(plan.usage_thresholds.length, 1);
    const [disk, chairs] = plan.charges;
    assert.deepEqual([disk.properties, disk.invoice_display_name, disk.min_amount_cents], [{ amount: '1.5' }, 'Disk', 20]); // prettier-ignore
    assert.deepEqual([disk.filters.length, disk.taxes.length], [1, 1]);
    assert.deepEqual([chairs.properties, chairs.invoice_display_name, chairs.min_amount_cents], [{ amount: '7' }, 'Chairs', 50]); // prettier-ignore

    const refused = await acme.post('/subscriptions', {
      subscription: {
        external_customer_id: 'other',
        external_id: 'other',
        plan_code: 'pro',
        plan_overrides: {
          minimum_commitment: { invoice_display_name: 'x' },
          charges: [{ id: charge_id, properties: { amount: 'much' } }],
        },
      },
    });
    assert.equal(refused.status, 422);
    assert.deepEqual(refused.body.error_details, {
      amount_cents: ['value_is_mandatory'],
      properties: ['invalid_amount'],
    });
    assert.equal((await acme.get('/customers/other')).status, 404);
  });

  it('are made for a subscription that has none, and then changed in place', async () => {
    const before = await subscribe();
    const edit = (plan_overrides: object) => acme.put('/subscriptions/sub', { subscription: { plan_overrides } });
    const made = (await edit({ amount_cents: 2000 })).body.subscription;
    assert.notEqual(made.plan.lago_id, before.plan.lago_id);
    assert.deepEqual([made.plan_amount_cents, made.plan.parent_id], [2000, before.plan.lago_id]);

    const [disk] = made.plan.charges;
    const changed = (await edit({ amount_currency: 'USD', trial_period: 9, charges: [{ id: disk.lago_id, properties: { amount: '9' }, invoice_display_name: 'Own' }] })).body.subscription; // prettier-ignore
    const { plan } = changed;
    assert.deepEqual([plan.lago_id, plan.amount_cents, plan.amount_currency, plan.trial_period], [made.plan.lago_id, 2000, 'EUR', 5]); // prettier-ignore
    assert.deepEqual(plan.charges.map(({ code }: { code: string }) => code), ['storage']); // prettier-ignore
    assert.deepEqual([plan.charges[0].properties, plan.charges[0].invoice_display_name], [{ amount: '9' }, 'Own']);
    assert.equal((await parent()).charges.length, 2);
  });

  it('count by their own amounts when plans change, and are another plan than their parents', async () => {
    const first = await subscribe();
    // The same plan is the same plan, whatever is asked for besides.
    assert.equal((await subscribe({ amount_cents: 4000 })).lago_id, first.lago_id);
    const { name, interval, amount_currency, pay_in_advance } = await parent();
    await acme.post('/plans', { plan: { name, code: 'max', interval, amount_currency, pay_in_advance, amount_cents: 9000 } }); // prettier-ignore
    const upgraded = await subscribe({ amount_cents: 4000 }, 'sub', { plan_code: 'max' });
    assert.deepEqual([upgraded.plan_amount_cents, upgraded.previous_plan_code], [4000, 'pro']);
    const waiting = await subscribe({ amount_cents: 100 });
    assert.deepEqual([waiting.lago_id, waiting.next_plan_code], [upgraded.lago_id, 'pro']);
    const found = async (overridden: boolean): Promise<number> =>
      (await acme.get(`/subscriptions?overridden=${overridden}`)).body.subscriptions.length;
    assert.deepEqual([await found(true), await found(false)], [1, 0]);
    const back = await subscribe(undefined, 'sub', { plan_code: 'max' });
    assert.deepEqual([back.plan_amount_cents, back.previous_plan_code, back.plan.parent_id], [9000, 'max', null]);
  });
});
