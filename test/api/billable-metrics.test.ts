import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

describe('billable metrics', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
  });

  const storage = { name: 'Storage', code: 'storage', aggregation_type: 'sum_agg', field_name: 'gb' };
  const region = { key: 'region', values: ['us', 'eu'] };
  const post = (fields: object) => acme.post('/billable_metrics', { billable_metric: fields });
  const put = (fields: object) => acme.put('/billable_metrics/storage', { billable_metric: fields });

  it('are created, read, changed and deleted by code', async () => {
    const { body } = await post({ ...storage, rounding_function: 'ceil', rounding_precision: -2 });
    const { lago_id, ...metric } = body.billable_metric;
    assert.match(lago_id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(metric, {
      ...storage,
      description: null,
      recurring: false,
      weighted_interval: null,
      rounding_function: 'ceil',
      rounding_precision: -2,
      custom_aggregator: null,
      expression: null,
      filters: [],
      active_subscriptions_count: 0,
      draft_invoices_count: 0,
      plans_count: 0,
      created_at: '2026-01-31T10:00:00Z',
    });
    const changed = await acme.put('/billable_metrics/storage', {
      billable_metric: { name: 'Disk', code: 'disk', aggregation_type: 'count_agg', rounding_function: null },
    });
    assert.equal(changed.body.billable_metric.field_name, null, 'nothing to aggregate in a count');
    assert.deepEqual((await acme.get('/billable_metrics/disk')).body, changed.body);
    assert.equal((await acme.delete('/billable_metrics/disk')).status, 200);
    assert.equal((await acme.get('/billable_metrics/disk')).body.code, 'billable_metric_not_found');
    assert.equal((await post({ ...storage, code: 'disk' })).status, 200);
  });

  const refusals: [what: string, fields: object, details: object][] = [
    [
      'blanks',
      { ...storage, name: '', code: ' ', field_name: '' },
      { name: ['value_is_mandatory'], code: ['value_is_mandatory'], field_name: ['value_is_mandatory'] },
    ],
    ['an unknown aggregation', { ...storage, aggregation_type: 'avg_agg' }, { aggregation_type: ['value_is_invalid'] }],
    [
      'an unknown aggregation and no field',
      { ...storage, aggregation_type: 'avg_agg', field_name: null },
      { aggregation_type: ['value_is_invalid'], field_name: ['value_is_mandatory'] },
    ],
    [
      'a weighted sum without an interval',
      { ...storage, aggregation_type: 'weighted_sum_agg' },
      { weighted_interval: ['value_is_invalid'] },
    ],
    ['an unknown rounding', { ...storage, rounding_function: 'trunc' }, { rounding_function: ['value_is_invalid'] }],
    ['half a digit', { ...storage, rounding_precision: 1.5 }, { rounding_precision: ['value_is_invalid'] }],
    ['an unknown interval', { ...storage, weighted_interval: 'hours' }, { weighted_interval: ['value_is_invalid'] }],
    [
      'a recurring count',
      { name: 'n', code: 'c', aggregation_type: 'count_agg', recurring: true },
      { recurring: ['not_compatible_with_aggregation_type'] },
    ],
    ['an expression that is none', { ...storage, expression: '1 +' }, { expression: ['invalid_expression'] }],
    [
      'a filter without values',
      { ...storage, filters: [{ key: 'region', values: [] }] },
      { values: ['value_is_mandatory'] },
    ],
    ['a filter on nothing', { ...storage, filters: [{ key: ' ', values: ['us'] }] }, { key: ['value_is_mandatory'] }],
    [
      'filters on one key',
      { ...storage, filters: [region, { key: 'region', values: ['eu'] }] },
      { key: ['value_is_duplicated'] },
    ],
    [
      'a value that stands for all',
      { ...storage, filters: [{ key: 'region', values: ['__ALL_FILTER_VALUES__'] }] },
      { values: ['value_is_invalid'] },
    ],
    [
      'values that are no texts',
      { ...storage, filters: [{ key: 'region', values: [1] }] },
      { values: ['value_is_invalid'] },
    ],
  ];
  for (const [what, fields, details] of refusals)
    it(`are refused with ${what}`, async () => {
      const { status, body } = await post(fields);
      assert.equal(status, 422);
      assert.deepEqual(body.error_details, details);
    });

  it('of custom code hold the code, which can be read and defines what is called', async () => {
    const custom = { ...storage, code: 'custom', aggregation_type: 'custom_agg' };
    const refused = [
      [undefined, 'value_is_mandatory'],
      ['const x = 1;', 'value_is_invalid'],
      ['function aggregate( {', 'value_is_invalid'],
      ['for (;;);', 'value_is_invalid'],
    ];
    for (const [custom_aggregator, code] of refused) {
      const { status, body } = await post({ ...custom, custom_aggregator });
      assert.deepEqual([status, body.error_details], [422, { custom_aggregator: [code] }]);
    }
    const custom_aggregator = 'function aggregate() { return { total_units: 1, amount: 1 }; }';
    const { status, body } = await post({ ...custom, custom_aggregator });
    assert.deepEqual([status, body.billable_metric?.custom_aggregator], [200, custom_aggregator]);
  });

  it('can be carried over from period to period', async () => {
    assert.equal((await post({ ...storage, recurring: true })).body.billable_metric.recurring, true);
    const weighted = {
      ...storage,
      code: 'weighted',
      aggregation_type: 'weighted_sum_agg',
      weighted_interval: 'seconds',
    };
    const { body } = await post({ ...weighted, recurring: true });
    assert.equal(body.billable_metric.weighted_interval, 'seconds');
  });

  it('list the values of their filters once each, by key', async () => {
    const tier = { key: 'tier', values: ['gold', 'silver'] };
    const { body } = await post({
      ...storage,
      filters: [{ ...tier, values: ['gold', 'silver', 'gold'] }, region, { key: 'Zone', values: ['b', 'a'] }],
    });
    assert.deepEqual(body.billable_metric.filters, [{ key: 'Zone', values: ['b', 'a'] }, region, tier]);
    assert.deepEqual((await acme.get('/billable_metrics/storage')).body, body);
    assert.deepEqual((await acme.get('/billable_metrics')).body.billable_metrics, [body.billable_metric]);

    assert.deepEqual((await put({ name: 'Disk' })).body.billable_metric.filters.length, 3, 'absent: they stay');
    const replaced = [
      { key: 'cloud', values: ['aws'] },
      { ...region, values: ['eu', 'asia'] },
    ];
    assert.deepEqual((await put({ filters: replaced })).body.billable_metric.filters, replaced);
    assert.deepEqual((await put({ filters: [] })).body.billable_metric.filters, []);
  });

  it('keep their codes apart', async () => {
    await post(storage);
    await post({ ...storage, code: 'other' });
    const taken = { code: ['value_already_exist'] };
    assert.deepEqual((await post(storage)).body.error_details, taken);
    const renamed = await acme.put('/billable_metrics/other', { billable_metric: { code: 'storage' } });
    assert.deepEqual(renamed.body.error_details, taken);
  });

  it('change only in name and description once a plan charges for them', async () => {
    const { lago_id: billable_metric_id } = (await post(storage)).body.billable_metric;
    const charge = { billable_metric_id, charge_model: 'standard', properties: { amount: '1' } };
    const plan = {
      name: 'Pro',
      code: 'pro',
      interval: 'monthly',
      amount_cents: 0,
      amount_currency: 'EUR',
      pay_in_advance: false,
    };
    await acme.post('/plans', { plan: { ...plan, charges: [charge] } });
    const changes = {
      name: 'Disk',
      description: 'd',
      code: 'x',
      aggregation_type: 'count_agg',
      field_name: 'y',
      rounding_function: 'ceil',
    };
    const { body } = await acme.put('/billable_metrics/storage', { billable_metric: changes });
    const { name, description, ...kept } = body.billable_metric;
    assert.deepEqual([name, description], ['Disk', 'd']);
    assert.deepEqual(
      [kept.code, kept.aggregation_type, kept.field_name, kept.rounding_function],
      ['storage', 'sum_agg', 'gb', null],
    );

    await acme.delete('/billable_metrics/storage');
    assert.deepEqual((await acme.get('/plans/pro')).body.plan.charges, [], 'its charges go with it');
  });
});
