import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

const NOW = '2026-03-10T15:30:00.000Z';

describe('changes of a plan that others were made of', () => {
  let api: TestApi;
  let acme: ApiClient;
  let metric: string;
  let charge: { lago_id: string; filters: { lago_id: string }[] };

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: NOW });
    const billable_metric = { name: 'storage', code: 'storage', aggregation_type: 'count_agg', filters: [{ key: 'region', values: ['us', 'eu', 'asia'] }] }; // prettier-ignore
    metric = (await acme.post('/billable_metrics', { billable_metric })).body.billable_metric.lago_id;
    const us = { values: { region: ['us'] }, properties: { amount: '10' }, invoice_display_name: 'US' };
    const disk = {
      billable_metric_id: metric,
      code: 'disk',
      charge_model: 'standard',
      properties: { amount: '2' },
      filters: [us],
    };
    const plan = { name: 'Pro', code: 'pro', interval: 'monthly', amount_cents: 3000, amount_currency: 'EUR', pay_in_advance: false, charges: [disk] }; // prettier-ignore
    charge = (await acme.post('/plans', { plan })).body.plan.charges[0];
  });

  const ok = async (call: Promise<{ status: number; body: unknown }>): Promise<never> => {
    const { status, body } = await call;
    assert.equal(status, 200, JSON.stringify(body));
    return body as never;
  };
  const subscribe = (external_id: string, plan_overrides?: object) =>
    ok(acme.post('/subscriptions', { subscription: { external_customer_id: 'cus', external_id, plan_code: 'pro', plan_overrides } })); // prettier-ignore
  const plan = async (external_id: string) =>
    (await acme.get(`/subscriptions/${external_id}`)).body.subscription.plan as {
      lago_id: string;
      parent_id: string | null;
      amount_cents: number;
      name: string;
      charges: {
        lago_id: string;
        code: string;
        lago_parent_id: string;
        properties: object;
        filters: { properties: { amount: string }; invoice_display_name: string }[];
      }[];
    };
  const put = (fields: object) => ok(acme.put('/plans/pro', { plan: { cascade_updates: true, ...fields } }));
  const disk = (fields: object = {}) => ({
    id: charge.lago_id,
    charge_model: 'standard',
    properties: { amount: '2' },
    ...fields,
  });

  it('give their amount to those that still have it', async () => {
    await subscribe('same', {});
    await subscribe('own', { amount_cents: 2500 });
    await put({ amount_cents: 3500, name: 'Pro 2', cascade_updates: false });
    assert.equal((await plan('same')).amount_cents, 3000);
    await put({ amount_cents: 4000, name: 'Pro 3' });
    assert.deepEqual([(await plan('same')).amount_cents, (await plan('same')).name], [3000, 'Pro']);
    await put({ amount_cents: 3000 });
    await put({ amount_cents: 4000 });
    assert.deepEqual([(await plan('same')).amount_cents, (await plan('own')).amount_cents], [4000, 2500]);
  });

  it('give their charges, new prices and removals to those that follow', async () => {
    await subscribe('same', {});
    await subscribe('own', { charges: [{ id: charge.lago_id, properties: { amount: '9' }, filters: [] }] });
    const extra = {
      billable_metric_id: metric,
      charge_model: 'package',
      properties: { amount: '1', package_size: 10, free_units: 0 },
    };
    await put({ charges: [disk({ properties: { amount: '3' } }), extra] });
    const prices = async (external_id: string) =>
      (await plan(external_id)).charges.map(({ code, properties }) => [code, (properties as { amount: string }).amount]); // prettier-ignore
    assert.deepEqual(await prices('same'), [['disk', '3'], ['storage', '1']]); // prettier-ignore
    assert.deepEqual(await prices('own'), [['disk', '9'], ['storage', '1']]); // prettier-ignore

    const { charges } = (await acme.get('/plans/pro')).body.plan;
    assert.equal((await plan('own')).charges[1]?.lago_parent_id, charges[1].lago_id);
    const { lago_id: id, charge_model, properties } = charges[1];
    await put({ charges: [disk({ properties: { amount: '3' } }), { id, charge_model, properties }] });
    assert.equal((await plan('own')).charges.length, 2);
    await put({ charges: [{ id, charge_model, properties }] });
    assert.deepEqual(await prices('own'), [['storage', '1']]);
  });

  it('reach filters by the endpoints of charges and filters as well', async () => {
    await subscribe('same', {});
    await subscribe('none');
    await subscribe('own', {});
    const [us] = charge.filters;
    await ok(acme.put(`/subscriptions/own/charges/disk/filters/${us!.lago_id}`, { filter: { properties: { amount: '99' } } })); // prettier-ignore
    await ok(acme.put(`/plans/pro/charges/disk/filters/${us!.lago_id}`, { filter: { properties: { amount: '15' }, invoice_display_name: 'America', cascade_updates: true } })); // prettier-ignore
    const eu = { values: { region: ['eu'] }, properties: { amount: '20' }, cascade_updates: true };
    const added = (await ok(acme.post('/plans/pro/charges/disk/filters', { filter: eu }))) as {
      filter: { lago_id: string };
    };
    const filters = async (external_id: string) =>
      (await plan(external_id)).charges[0]?.filters.map((one) => [one.invoice_display_name, one.properties.amount]);
    assert.deepEqual(await filters('same'), [['America', '15'], [null, '20']]); // prettier-ignore
    assert.deepEqual(await filters('own'), [['US', '99'], [null, '20']]); // prettier-ignore
    await ok(acme.delete(`/plans/pro/charges/disk/filters/${added.filter.lago_id}`, { filter: { cascade_updates: true } })); // prettier-ignore
    assert.deepEqual(await filters('own'), [['US', '99']]);
    await ok(acme.delete('/plans/pro/charges/disk', { charge: { cascade_updates: true } }));
    assert.deepEqual([(await plan('same')).charges, (await plan('own')).charges], [[], []]);
  });

  it('are not made by what is written to the charges of one subscription', async () => {
    await subscribe('sub');
    const before = (await acme.get('/plans/pro')).body;
    const path = '/subscriptions/sub/charges/disk';
    const shown = (await ok(acme.get(path))) as { charge: { lago_id: string } };
    assert.equal(shown.charge.lago_id, charge.lago_id);

    const changed = (await ok(acme.put(path, { charge: { invoice_display_name: 'Own', min_amount_cents: 7 } }))) as {
      charge: Record<string, unknown>;
    };
    assert.deepEqual([changed.charge['lago_parent_id'], changed.charge['invoice_display_name'], changed.charge['properties'], changed.charge['min_amount_cents']], [charge.lago_id, 'Own', { amount: '2' }, 7]); // prettier-ignore
    const { filter } = (await ok(acme.post(`${path}/filters`, { filter: { values: { region: ['asia'] }, properties: { amount: '5' } } }))) as { filter: { lago_id: string } }; // prettier-ignore
    const list = (await ok(acme.get(`${path}/filters?per_page=1`))) as { filters: object[]; meta: object };
    assert.deepEqual([list.filters.length, (list.meta as { total_count: number }).total_count], [1, 2]);
    await ok(acme.delete(`${path}/filters/${filter.lago_id}`));
    const all = (await ok(acme.get('/subscriptions/sub/charges'))) as { charges: { filters: object[] }[] };
    assert.deepEqual([all.charges.length, all.charges[0]?.filters.length], [1, 1]);
    assert.deepEqual((await acme.get('/plans/pro')).body, before);

    for (const [call, status, code] of [
      [acme.get('/subscriptions/nobody/charges'), 404, 'subscription_not_found'],
      [acme.get('/subscriptions/sub/charges/nothing'), 404, 'charge_not_found'],
      [acme.put('/subscriptions/sub/charges/nothing', { charge: { min_amount_cents: 1 } }), 404, 'charge_not_found'],
      [acme.delete(`${path}/filters/${filter.lago_id}`), 404, 'charge_filter_not_found'],
      [acme.get(`${path}?subscription_status=pending`), 404, 'subscription_not_found'],
      [acme.put(path, { charge: { properties: { amount: 'x' } } }), 422, 'validation_errors'],
    ] as const) {
      const { status: actual, body } = await call;
      assert.deepEqual([actual, body.code], [status, code]);
    }
  });

  it('can be noted in its metadata', async () => {
    const path = '/plans/pro/metadata';
    const calls: [method: string, path: string, body: object | undefined, metadata: object | null][] = [
      ['POST', path, { metadata: { a: '1', b: null } }, { a: '1', b: null }],
      ['PATCH', path, { metadata: { b: '2' } }, { a: '1', b: '2' }],
      ['DELETE', `${path}/a`, undefined, { b: '2' }],
      ['DELETE', path, undefined, null],
      ['PATCH', path, { metadata: { c: '3' } }, { c: '3' }],
    ];
    for (const [method, at, body, metadata] of calls)
      assert.deepEqual((await acme.call(method, at, body)).body, { metadata });
    assert.deepEqual((await acme.get('/plans/pro')).body.plan.metadata, { c: '3' });
    assert.equal((await acme.call('POST', path, { metadata: { ['k'.repeat(101)]: 'v' } })).status, 422);
    assert.equal((await acme.call('DELETE', `${path}/nothing`)).status, 404);
  });
});
