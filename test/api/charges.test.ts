import assert from 'node:assert/strict';
import { newId } from '../../db/ids.ts';
import { inOrganization } from '../../db/transaction.ts';
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
        'with too much of a breakdown',
        { properties: { amount: '1', presentation_group_keys: [{ value: 'a' }, { value: 'b' }, { value: 'c' }] } },
        { properties: ['too_many_keys'] },
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

  it('never keep a value that their metric stopped listing while they were written', async () => {
    const listed = { key: 'region', values: ['us'] };
    const metric = (list: object[]) => acme.put('/billable_metrics/storage', { billable_metric: { filters: list } });
    const [{ lago_id: id }] = await create(standard());
    const wide = { ...us, values: { region: ['us', 'eu'] } };
    for (let round = 0; round < 5; round++) {
      await metric(filters);
      await Promise.all([
        metric([listed]),
        acme.put('/plans/pro', { plan: { charges: [standard({ id, filters: [wide] })] } }),
        acme.post('/plans/pro/charges/storage/filters', { filter: wide }),
      ]);
      const { body } = await acme.get('/plans/pro');
      for (const filter of body.plan.charges[0].filters) assert.deepEqual(filter.values, { region: ['us'] });
    }
  });

  describe('on their own', () => {
    const path = '/plans/pro/charges';
    const one = `${path}/disk`;
    const post = (fields: object) => acme.post(path, { charge: fields });
    const put = (fields: object) => acme.put(one, { charge: fields });
    const webhooks = (): Promise<string[]> =>
      inOrganization(api.db, acme.organization.id, async (trx) =>
        (await trx('webhooks').orderBy('id').pluck('webhook_type')).filter((type: string) => type.startsWith('plan.')),
      );

    beforeEach(async () => {
      await acme.post('/taxes', { tax: { name: 'VAT', code: 'vat', rate: '20' } });
      await create(standard({ code: 'first' }));
    });

    it('are added to a plan, shown, listed, changed and taken off', async () => {
      const sent = standard({ code: 'disk', filters: [us], tax_codes: ['vat'], cascade_updates: true });
      const { status, body } = await post(sent);
      assert.equal(status, 200);
      assert.deepEqual([body.charge.code, body.charge.filters.length, body.charge.taxes[0].code], ['disk', 1, 'vat']);
      assert.deepEqual((await acme.get(one)).body, body);
      assert.deepEqual((await acme.get('/plans/pro')).body.plan.charges[1], body.charge);
      const list = await acme.get(`${path}?per_page=1&page=2`);
      assert.deepEqual([list.body.charges, list.body.meta.total_count], [[body.charge], 2]);

      const changed = await put({ charge_model: 'volume', invoice_display_name: 'Disk', filters: [], code: 'drive' });
      assert.equal(changed.status, 200);
      const { charge } = changed.body;
      assert.deepEqual(
        [charge.lago_id, charge.code, charge.charge_model, charge.invoice_display_name, charge.filters],
        [body.charge.lago_id, 'drive', 'volume', 'Disk', []],
      );
      assert.equal(charge.taxes[0].code, 'vat', 'absent: unchanged');
      const cleared = await acme.put(`${path}/drive`, { charge: { properties: null } });
      assert.equal(cleared.body.charge.invoice_display_name, null, 'a name that is not sent is cleared');

      const gone = await acme.delete(`${path}/drive`, { charge: { cascade_updates: false } });
      assert.deepEqual([gone.status, gone.body.charge.lago_id], [200, charge.lago_id]);
      assert.equal((await acme.get(`${path}/drive`)).body.code, 'charge_not_found');
      assert.equal((await acme.get('/plans/pro')).body.plan.charges.length, 1);
    });

    it('are refused like those of a plan', async () => {
      const taken = { code: ['value_already_exist'] };
      const cases: [fields: object, status: number, says: unknown][] = [
        [standard(), 422, { code: ['value_is_mandatory'] }],
        [standard({ code: 'first' }), 422, taken],
        [standard({ code: 'x', properties: { amount: 1 } }), 422, { properties: ['invalid_amount'] }],
        [standard({ code: 'x', billable_metric_id: newId() }), 404, 'billable_metric_not_found'],
        [standard({ code: 'x', billable_metric_id: undefined }), 404, 'billable_metric_not_found'],
        [standard({ code: 'x', tax_codes: ['nope'] }), 404, 'tax_not_found'],
      ];
      for (const [fields, status, says] of cases) {
        const answer = await post(fields);
        assert.deepEqual([answer.status, answer.body.error_details ?? answer.body.code], [status, says]);
      }
      await post(standard({ code: 'disk' }));
      assert.deepEqual((await put(standard({ code: 'first' }))).body.error_details, taken);
      assert.deepEqual((await put({ properties: { amount: 1 } })).body.error_details, {
        properties: ['invalid_amount'],
      });
      assert.equal((await put({ billable_metric_id: newId() })).body.code, 'billable_metric_not_found');
    });

    it('are not found without their plan', async () => {
      for (const call of [
        acme.get('/plans/x/charges'),
        acme.post('/plans/x/charges', { charge: standard({ code: 'y' }) }),
        acme.get('/plans/x/charges/first'),
        acme.put('/plans/x/charges/first', { charge: standard() }),
        acme.delete('/plans/x/charges/first'),
        acme.get('/plans/x/charges/first/filters'),
      ])
        assert.deepEqual([(await call).status, (await call).body.code], [404, 'plan_not_found']);
      for (const call of [put(standard()), acme.delete(one), acme.get(`${one}/filters`)])
        assert.deepEqual([(await call).status, (await call).body.code], [404, 'charge_not_found']);
    });

    it('keep the terms that were agreed to, once their plan was subscribed to', async () => {
      await acme.post('/customers', { customer: { external_id: 'cus', currency: 'EUR' } });
      const subscription = { external_customer_id: 'cus', external_id: 'sub', plan_code: 'pro' };
      const { body } = await acme.post('/subscriptions', { subscription });
      const sent = { charge_model: 'volume', code: 'second', properties: { amount: '2' }, filters: [us] };
      const { charge } = (await acme.put(`${path}/first`, { charge: sent })).body;
      assert.deepEqual(
        [charge.charge_model, charge.code, charge.properties, charge.filters.length],
        ['standard', 'first', { amount: '2' }, 1],
      );
      const rung = await inOrganization(api.db, acme.organization.id, (trx) => trx('outbox').pluck('workflow_id'));
      assert.ok((rung as string[]).includes(`subscription/${body.subscription.lago_id}`));
    });

    it('and their filters tell the webhook endpoints that the plan changed', async () => {
      await acme.post('/webhook_endpoints', { webhook_endpoint: { webhook_url: 'https://a.test/' } });
      await post(standard({ code: 'disk' }));
      await put(standard());
      const { filter } = (await acme.post(`${one}/filters`, { filter: us })).body;
      await acme.put(`${one}/filters/${filter.lago_id}`, { filter: { properties: us.properties } });
      await acme.delete(`${one}/filters/${filter.lago_id}`);
      await acme.delete(one);
      assert.deepEqual(await webhooks(), Array(6).fill('plan.updated'));
    });

    describe('with filters', () => {
      const below = `${path}/first/filters`;
      const addFilter = (fields: object) => acme.post(below, { filter: fields });

      it('that are added behind the others, changed in price and name, and taken off', async () => {
        const first = (await addFilter(us)).body.filter;
        const second = (await addFilter({ ...gold, cascade_updates: true })).body.filter;
        assert.deepEqual(second, {
          lago_id: second.lago_id,
          charge_code: 'first',
          invoice_display_name: null,
          ...gold,
        });
        const list = await acme.get(`${below}?per_page=1&page=2`);
        assert.deepEqual([list.body.filters, list.body.meta.total_count], [[second], 2]);
        assert.deepEqual((await acme.get(`${path}/first`)).body.charge.filters, [first, second]);

        const one = `${below}/${first.lago_id.toUpperCase()}`;
        assert.deepEqual((await acme.get(one)).body.filter, first);
        const priced = await acme.put(one, { filter: { properties: { amount: '7' }, values: gold.values } });
        assert.deepEqual(priced.body.filter, { ...first, properties: { amount: '7' } });
        const named = await acme.put(one, { filter: { invoice_display_name: null } });
        assert.deepEqual(named.body.filter, { ...priced.body.filter, invoice_display_name: null });
        assert.deepEqual(ids((await acme.get(below)).body.filters), [first.lago_id, second.lago_id]);

        assert.deepEqual((await acme.delete(one)).body.filter, named.body.filter);
        assert.deepEqual((await acme.get(below)).body.filters, [second]);
        const again = (await addFilter(us)).body.filter;
        assert.deepEqual(ids((await acme.get(below)).body.filters), [second.lago_id, again.lago_id]);
      });

      it('that may be alike', async () => {
        const twins = [await addFilter(us), await addFilter(us)].map(({ body }) => body.filter);
        await acme.delete(`${below}/${twins[0].lago_id}`);
        assert.deepEqual((await acme.get(below)).body.filters, [twins[1]]);
      });

      it('that are refused', async () => {
        const { filter } = (await addFilter(us)).body;
        const wrong = { properties: ['invalid_amount'] };
        assert.deepEqual((await addFilter({ properties: us.properties })).body.error_details, {
          values: ['value_is_mandatory'],
        });
        assert.deepEqual((await addFilter({ ...us, properties: { amount: 1 } })).body.error_details, wrong);
        for (const properties of [null, {}, { amount: 1 }]) {
          const { body } = await acme.put(`${below}/${filter.lago_id}`, { filter: { properties } });
          assert.deepEqual(body.error_details, wrong);
        }
        assert.deepEqual((await acme.get(below)).body.filters, [filter]);
      });

      it('that do not exist', async () => {
        for (const id of [newId(), 'x'])
          for (const call of [
            acme.get(`${below}/${id}`),
            acme.put(`${below}/${id}`, { filter: us }),
            acme.delete(`${below}/${id}`),
          ])
            assert.deepEqual([(await call).status, (await call).body.code], [404, 'charge_filter_not_found']);
      });
    });
  });
});
