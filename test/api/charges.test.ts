import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

const ALL = '__ALL_FILTER_VALUES__';

/** What was answered: tests look into it as they please. */
type Wire = ReturnType<typeof JSON.parse>;

describe('charges', () => {
  let api: TestApi;
  let acme: ApiClient;
  let storage: string;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
    const { body } = await acme.post('/billable_metrics', {
      billable_metric: { name: 'Storage', code: 'storage', aggregation_type: 'sum_agg', field_name: 'gb', filters },
    });
    storage = body.billable_metric.lago_id;
  });

  const filters = [
    { key: 'region', values: ['us', 'eu', 'asia'] },
    { key: 'tier', values: ['gold', 'silver'] },
  ];
  const pro = { name: 'Pro', code: 'pro', interval: 'monthly', amount_cents: 0, amount_currency: 'EUR' };
  const standard = (fields: object = {}) => ({
    billable_metric_id: storage,
    charge_model: 'standard',
    properties: { amount: '9' },
    ...fields,
  });
  const us = { invoice_display_name: 'US', properties: { amount: '1' }, values: { region: ['us'] } };
  const gold = { properties: { amount: '2' }, values: { tier: ['gold'], region: ['us', 'eu'] } };
  const anywhere = { properties: { amount: '3' }, values: { region: [ALL] } };

  const create = async (...charges: object[]): Promise<Wire> => {
    const { body, status } = await acme.post('/plans', { plan: { ...pro, pay_in_advance: false, charges } });
    assert.equal(status, 200, JSON.stringify(body));
    return body.plan.charges;
  };
  const change = async (...charges: object[]): Promise<Wire> => {
    const { body, status } = await acme.put('/plans/pro', { plan: { charges } });
    assert.equal(status, 200, JSON.stringify(body));
    return body.plan.charges;
  };
  const ids = (list: Wire): string[] => list.map(({ lago_id }: Wire) => lago_id);
  const values = (list: Wire): object[] => list.map((filter: Wire) => filter.values);

  it('keep their filters in the order of the request', async () => {
    const [charge] = await create(standard({ filters: [gold, us, anywhere] }));
    assert.deepEqual(
      charge.filters.map(({ lago_id: _, ...filter }: Wire) => filter),
      [gold, us, anywhere].map((filter) => ({ charge_code: 'storage', invoice_display_name: null, ...filter })),
    );
    assert.deepEqual((await acme.get('/plans/pro')).body.plan.charges, [charge]);
  });

  it('keep the filters that have the same values when the list is replaced', async () => {
    const [charge] = await create(standard({ filters: [us, gold, anywhere] }));
    const [usId, goldId] = ids(charge.filters);
    const again = {
      values: { region: ['us', 'eu'], tier: ['gold'] },
      properties: { amount: '5' },
      invoice_display_name: 'Gold',
    };
    const asia = { values: { region: ['asia'] }, properties: { amount: '4' } };
    const [changed] = await change(
      standard({ id: charge.lago_id, filters: [asia, again, { ...us, invoice_display_name: undefined }] }),
    );
    assert.equal(changed.lago_id, charge.lago_id);
    const [asiaId, ...rest] = ids(changed.filters);
    assert.deepEqual(rest, [goldId, usId]);
    assert.ok(!ids(charge.filters).includes(asiaId!));
    assert.deepEqual(values(changed.filters), [asia.values, gold.values, us.values]);
    assert.deepEqual(
      changed.filters.map(({ properties, invoice_display_name }: Wire) => [properties.amount, invoice_display_name]),
      [
        ['4', null],
        ['5', 'Gold'],
        ['1', null],
      ],
    );
    assert.deepEqual((await change(standard({ id: charge.lago_id })))[0].filters, changed.filters, 'absent: unchanged');
    assert.deepEqual((await change(standard({ id: charge.lago_id, filters: [] })))[0].filters, []);
    const [fresh] = await change(standard({ id: charge.lago_id, filters: [us] }));
    assert.ok(!ids(changed.filters).includes(fresh.filters[0].lago_id), 'what was removed does not come back');
  });

  it('hold the filters that stay against their new model', async () => {
    const [{ lago_id: id }] = await create(standard({ filters: [us] }));
    const percentage = { id, billable_metric_id: storage, charge_model: 'percentage', properties: { rate: '1' } };
    const { status, body } = await acme.put('/plans/pro', { plan: { charges: [percentage] } });
    assert.deepEqual([status, body.error_details], [422, { properties: ['invalid_rate'] }]);
    const [changed] = await change({ ...percentage, filters: [{ ...us, properties: { rate: '2' } }] });
    assert.deepEqual(changed.filters[0].properties, { rate: '2' });
  });

  it('group by properties of events, whatever the model', async () => {
    const grouped = { pricing_group_keys: ['cloud', 'region'] };
    const both = { ...grouped, grouped_by: grouped.pricing_group_keys };
    const charges = await create(
      standard({
        properties: { amount: '1', grouped_by: ['cloud', '', 'region'] },
        filters: [{ ...us, properties: { amount: '1', ...grouped } }],
      }),
      standard({ charge_model: 'percentage', properties: { rate: '1', ...grouped } }),
      standard({ charge_model: 'dynamic', properties: grouped }),
    );
    assert.deepEqual(
      charges.map(({ properties }: Wire) => properties),
      [{ amount: '1', ...both }, { rate: '1', ...both }, both],
    );
    assert.deepEqual(charges[0].filters[0].properties, { amount: '1', ...both });
    const [ungrouped] = await change({ ...standard(), id: charges[0].lago_id });
    assert.deepEqual(ungrouped.properties, { amount: '9' });
  });

  describe('are refused', () => {
    const cases: [what: string, fields: object, details: object][] = [
      ['with a filter on nothing', { filters: [{ ...us, values: {} }] }, { values: ['value_is_mandatory'] }],
      [
        'with a filter on an unknown value',
        { filters: [{ ...us, values: { region: ['moon'] } }] },
        { values: ['value_is_invalid'] },
      ],
      [
        'with a filter on an unknown key',
        { filters: [{ ...us, values: { cloud: ['aws'] } }] },
        { billable_metric_filter: ['relation_must_exist'], values: ['value_is_invalid'] },
      ],
      [
        'with a filter that costs nothing known',
        { filters: [{ values: us.values }] },
        { properties: ['invalid_amount'] },
      ],
      ['with filters that are no list', { filters: us }, { filters: ['value_is_invalid'] }],
      [
        'with keys that are no texts',
        { properties: { amount: '1', pricing_group_keys: [1] } },
        { properties: ['invalid_type'] },
      ],
      [
        'with a breakdown for show, for now',
        { properties: { amount: '1', presentation_group_keys: [{ value: 'cloud' }] } },
        { properties: ['feature_unavailable'] },
      ],
    ];
    for (const [what, fields, details] of cases)
      it(what, async () => {
        const { status, body } = await acme.post('/plans', {
          plan: { ...pro, pay_in_advance: false, charges: [standard(fields)] },
        });
        assert.deepEqual([status, body.error_details], [422, details]);
      });
  });

  it('follow the values that their metric lists', async () => {
    const [charge] = await create(
      standard({
        filters: [
          gold,
          anywhere,
          { properties: us.properties, values: { region: ['asia'] } },
          { properties: us.properties, values: { tier: ['silver'], region: ['asia'] } },
        ],
      }),
    );
    const put = (list: object[]) => acme.put('/billable_metrics/storage', { billable_metric: { filters: list } });
    const read = async (): Promise<Wire> => (await acme.get('/plans/pro')).body.plan.charges[0].filters;
    const [goldId, anywhereId, , silverId] = ids(charge.filters);

    await put([{ key: 'region', values: ['us'] }, filters[1]!]);
    assert.deepEqual(values(await read()), [
      { tier: ['gold'], region: ['us'] },
      { region: [ALL] },
      { tier: ['silver'] },
    ]);
    assert.deepEqual(ids(await read()), [goldId, anywhereId, silverId]);

    await put([filters[1]!]);
    assert.deepEqual(values(await read()), [{ tier: ['gold'] }, { tier: ['silver'] }]);
    await put([]);
    assert.deepEqual(await read(), []);
  });
});
