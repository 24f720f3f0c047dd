import assert from 'node:assert/strict';
import { setSandboxClock } from '../../db/sandbox-clocks.ts';
import { inOrganization } from '../../db/transaction.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

describe('coupons', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
    await acme.post('/customers', { customer: { external_id: 'cus' } });
    const metric = { name: 'Calls', code: 'calls', aggregation_type: 'count_agg' };
    const { body } = await acme.post('/billable_metrics', { billable_metric: metric });
    for (const [code, charges] of [
      ['plan', []],
      [
        'other',
        [{ billable_metric_id: body.billable_metric.lago_id, charge_model: 'standard', properties: { amount: '1' } }],
      ],
    ] as const)
      await acme.post('/plans', {
        plan: {
          name: code,
          code,
          interval: 'monthly',
          amount_cents: 100,
          amount_currency: 'EUR',
          pay_in_advance: false,
          charges,
        },
      });
  });

  const coupon = {
    name: 'Ten off',
    code: 'ten',
    coupon_type: 'fixed_amount',
    amount_cents: 1000,
    amount_currency: 'EUR',
    frequency: 'once',
    expiration: 'no_expiration',
  };
  const create = (fields: object = {}) => acme.post('/coupons', { coupon: { ...coupon, ...fields } });
  const apply = (fields: object = {}) =>
    acme.post('/applied_coupons', {
      applied_coupon: { external_customer_id: 'cus', coupon_code: 'ten', ...fields },
    });

  const moveClock = (now_at: string) =>
    inOrganization(api.db, acme.organization.id, (trx) => setSandboxClock(trx, { now_at }));

  it('are created, read, changed and deleted by code', async () => {
    const created = await create({ description: 'Welcome', applies_to: { plan_codes: ['plan'] } });
    assert.equal(created.status, 200);
    const { lago_id, ...shown } = created.body.coupon;
    assert.match(lago_id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(shown, {
      name: 'Ten off',
      code: 'ten',
      description: 'Welcome',
      coupon_type: 'fixed_amount',
      amount_cents: 1000,
      amount_currency: 'EUR',
      percentage_rate: null,
      frequency: 'once',
      frequency_duration: null,
      reusable: true,
      limited_plans: true,
      limited_billable_metrics: false,
      plan_codes: ['plan'],
      billable_metric_codes: [],
      expiration: 'no_expiration',
      expiration_at: null,
      created_at: '2026-01-31T10:00:00Z',
      terminated_at: null,
    });
    const switched = await acme.put('/coupons/ten', {
      coupon: { amount_cents: 5, applies_to: { billable_metric_codes: ['calls'] } },
    });
    assert.equal(switched.body.coupon.amount_cents, 5);
    assert.deepEqual(
      [switched.body.coupon.limited_plans, switched.body.coupon.limited_billable_metrics],
      [false, true],
    );
    assert.equal(switched.body.coupon.description, 'Welcome');
    assert.deepEqual((await acme.get('/coupons/ten')).body, switched.body);
    assert.equal((await acme.delete('/coupons/ten')).status, 200);
    assert.equal((await acme.get('/coupons/ten')).body.code, 'coupon_not_found');
    assert.equal((await create()).status, 200, 'the code is free again');
  });

  const refused: [string, object, number, string, object | undefined][] = [
    ['no type', { coupon_type: undefined }, 422, 'validation_errors', { coupon_type: ['value_is_invalid'] }],
    ['an unknown frequency', { frequency: 'daily' }, 422, 'validation_errors', { frequency: ['value_is_invalid'] }],
    ['no amount', { amount_cents: null }, 422, 'validation_errors', { amount_cents: ['value_is_mandatory'] }],
    ['an amount of 0', { amount_cents: 0 }, 422, 'validation_errors', { amount_cents: ['value_is_out_of_range'] }],
    ['no currency', { amount_currency: null }, 422, 'validation_errors', { amount_currency: ['value_is_mandatory'] }],
    ['no rate', { coupon_type: 'percentage' }, 422, 'validation_errors', { percentage_rate: ['value_is_mandatory'] }],
    [
      'no duration',
      { frequency: 'recurring' },
      422,
      'validation_errors',
      { frequency_duration: ['value_is_mandatory'] },
    ],
    [
      'an end that has passed',
      { expiration: 'time_limit', expiration_at: '2026-01-01T00:00:00Z' },
      422,
      'validation_errors',
      { expiration_at: ['invalid_date'] },
    ],
    [
      'an end that has passed, even if it has none',
      { expiration_at: '2026-01-31T10:00:00Z' },
      422,
      'validation_errors',
      { expiration_at: ['invalid_date'] },
    ],
    [
      'an end that is missing',
      { expiration: 'time_limit' },
      422,
      'validation_errors',
      { expiration_at: ['invalid_date'] },
    ],
    [
      'several mistakes, which are all told',
      { name: '', code: undefined, amount_cents: 'x', amount_currency: null, frequency: 'recurring', expiration: '' },
      422,
      'validation_errors',
      {
        name: ['value_is_mandatory'],
        code: ['value_is_mandatory'],
        amount_cents: ['value_is_invalid'],
        amount_currency: ['value_is_mandatory'],
        frequency_duration: ['value_is_mandatory'],
        expiration: ['value_is_invalid'],
      },
    ],
    [
      'two kinds of limits',
      { applies_to: { plan_codes: ['plan'], billable_metric_codes: ['calls'] } },
      405,
      'only_one_limitation_type_per_coupon_allowed',
      undefined,
    ],
    ['an unknown plan', { applies_to: { plan_codes: ['plan', 'no'] } }, 404, 'plans_not_found', undefined],
    [
      'an unknown metric',
      { applies_to: { billable_metric_codes: ['no'] } },
      404,
      'billable_metrics_not_found',
      undefined,
    ],
  ];
  for (const [what, fields, status, code, details] of refused)
    it(`are refused with ${what}, and nothing is stored`, async () => {
      const { body, ...answer } = await create(fields);
      assert.deepEqual([answer.status, body.code, body.error_details], [status, code, details]);
      assert.equal((await acme.get('/coupons')).body.meta.total_count, 0);
    });

  it('have codes of their own', async () => {
    await create();
    const { body } = await create({ amount_cents: 0 });
    assert.deepEqual(body.error_details, { code: ['value_already_exist'], amount_cents: ['value_is_out_of_range'] });
    await create({ code: 'other' });
    const renamed = await acme.put('/coupons/other', { coupon: { code: 'ten' } });
    assert.deepEqual(renamed.body.error_details, { code: ['value_already_exist'] });
    assert.equal((await acme.put('/coupons/other', { coupon: { code: 'other', name: 'Other' } })).status, 200);
  });

  it('keep five digits of a rate', async () => {
    const { body } = await create({ coupon_type: 'percentage', percentage_rate: '12.3456789' });
    assert.equal(body.coupon.percentage_rate, '12.34568');
    assert.deepEqual([body.coupon.amount_cents, body.coupon.amount_currency], [null, null]);
  });

  const limits: [what: string, applies_to: object | undefined, plans: string[], metrics: string[]][] = [
    ['stay when nothing is said of them', undefined, ['plan'], []],
    ['stay when neither is named', {}, ['plan'], []],
    ['are lifted by an empty list', { plan_codes: [] }, [], []],
    ['are replaced', { plan_codes: ['other'] }, ['other'], []],
    ['switch to the other kind', { billable_metric_codes: ['calls'] }, [], ['calls']],
  ];
  for (const [what, applies_to, plans, metrics] of limits)
    it(`have limits that ${what}`, async () => {
      await create({ applies_to: { plan_codes: ['plan'] } });
      const { coupon: after } = (await acme.put('/coupons/ten', { coupon: { name: 'New', applies_to } })).body;
      assert.deepEqual([after.plan_codes, after.billable_metric_codes], [plans, metrics]);
      assert.deepEqual([after.limited_plans, after.limited_billable_metrics], [plans.length > 0, metrics.length > 0]);
    });

  it('whose end has passed can still be renamed, and be given another end', async () => {
    await create({ expiration: 'time_limit', expiration_at: '2026-02-01T00:00:00Z' });
    await apply();
    await moveClock('2026-02-02T00:00:00.000Z');
    assert.equal((await acme.put('/coupons/ten', { coupon: { name: 'Past' } })).body.coupon.name, 'Past');
    const sent = await acme.put('/coupons/ten', { coupon: { expiration_at: '2026-02-01T00:00:00Z' } });
    assert.deepEqual(sent.body.error_details, { expiration_at: ['invalid_date'] });
    const extended = await acme.put('/coupons/ten', { coupon: { expiration_at: '2026-03-01T00:00:00Z' } });
    assert.equal(extended.body.coupon.expiration_at, '2026-03-01T00:00:00Z');
  });

  it('are listed: those that can be applied first, then those that end soonest', async () => {
    for (const [code, expiration_at] of [
      ['late', '2026-03-01T00:00:00Z'],
      ['soon', '2026-02-01T00:00:00Z'],
      ['never', null],
    ])
      await create({ code, ...(expiration_at && { expiration: 'time_limit', expiration_at }) });
    const codes = async () => (await acme.get('/coupons')).body.coupons.map((one: { code: string }) => one.code);
    assert.deepEqual(await codes(), ['never', 'soon', 'late']);
  });

  it('can hardly be changed once they were applied', async () => {
    await create();
    await apply();
    const { body } = await acme.put('/coupons/ten', {
      coupon: { name: 'New', amount_cents: 1, code: 'x', reusable: false },
    });
    assert.deepEqual(
      [body.coupon.name, body.coupon.amount_cents, body.coupon.code, body.coupon.reusable],
      ['New', 1000, 'ten', true],
    );
  });

  describe('applied to a customer', () => {
    it('have the coupon’s terms, or those that are given', async () => {
      await create();
      const { body } = await apply({ amount_cents: 300, frequency: 'recurring', frequency_duration: 3 });
      assert.equal(body.applied_coupon.amount_cents, 300);
      assert.equal(body.applied_coupon.frequency_duration_remaining, 3);
      assert.equal(body.applied_coupon.amount_cents_remaining, null);
      assert.equal((await acme.get('/customers/cus')).body.customer.currency, 'EUR');
      const again = await apply();
      assert.equal(again.status, 200, 'a reusable one may be had several times');
      assert.equal(again.body.applied_coupon.amount_cents_remaining, 1000);
      const { applied_coupons } = (await acme.get('/applied_coupons?external_customer_id=cus')).body;
      assert.equal(applied_coupons.length, 2);
      assert.deepEqual(applied_coupons[0].credits, []);
    });

    it('are refused with terms that do not hold', async () => {
      await create();
      const wrong: [fields: object, details: object][] = [
        [{ amount_cents: 0 }, { amount_cents: ['value_is_out_of_range'] }],
        [{ amount_currency: 'EURO' }, { amount_currency: ['value_is_invalid'] }],
        [{ frequency: 'recurring' }, { frequency_duration: ['value_is_mandatory'] }],
        [{ frequency: 'recurring', frequency_duration: 0 }, { frequency_duration: ['value_is_out_of_range'] }],
        [{ frequency: 'daily' }, { frequency: ['value_is_invalid'] }],
      ];
      for (const [fields, details] of wrong) assert.deepEqual((await apply(fields)).body.error_details, details);
      assert.equal((await acme.get('/applied_coupons')).body.meta.total_count, 0);
    });

    it('are listed by customer, status and code, without those of customers that are not there', async () => {
      await acme.post('/customers', { customer: { external_id: 'two' } });
      await create();
      await create({ code: 'five', amount_cents: 500 });
      for (const fields of [{}, { coupon_code: 'five' }, { external_customer_id: 'two' }]) await apply(fields);
      const listed = async (query: string) =>
        (await acme.get(`/applied_coupons?${query}`)).body.applied_coupons.map(
          (one: { external_customer_id: string; coupon_code: string }) =>
            `${one.external_customer_id} ${one.coupon_code}`,
        );
      assert.deepEqual(await listed(''), ['two ten', 'cus five', 'cus ten'], 'the newest first');
      assert.deepEqual(await listed('external_customer_id=cus'), ['cus five', 'cus ten']);
      assert.deepEqual(await listed('external_customer_id=no'), []);
      assert.deepEqual(await listed('coupon_code[]=five&coupon_code[]=no'), ['cus five']);
      assert.deepEqual(await listed('status=terminated'), []);
      assert.equal((await acme.get('/customers/no/applied_coupons')).body.code, 'customer_not_found');
    });

    it('are refused in the order in which things are looked at', async () => {
      assert.equal((await apply({ external_customer_id: 'no' })).body.code, 'customer_not_found');
      assert.equal((await apply()).body.code, 'coupon_not_found');
      await create({ reusable: false });
      assert.equal((await apply()).status, 200);
      assert.deepEqual((await apply()).body.error_details, { coupon: ['coupon_is_not_reusable'] });
      const [{ lago_id }] = (await acme.get('/applied_coupons')).body.applied_coupons;
      await acme.delete(`/customers/cus/applied_coupons/${lago_id}`);
      assert.deepEqual((await apply()).body.error_details, { coupon: ['coupon_is_not_reusable'] });
      await acme.delete('/coupons/ten');
      assert.equal((await apply()).body.code, 'coupon_not_found');
    });

    it('must not be limited to what another one is limited to', async () => {
      await create({ applies_to: { plan_codes: ['other'] } });
      await create({ code: 'calls', applies_to: { billable_metric_codes: ['calls'] } });
      await create({ code: 'plan', applies_to: { plan_codes: ['plan'] } });
      await create({ code: 'all' });
      assert.equal((await apply()).status, 200);
      assert.equal((await apply()).body.code, 'plan_overlapping');
      assert.equal(
        (await apply({ coupon_code: 'calls' })).body.code,
        'plan_overlapping',
        'the plan has a charge on it',
      );
      assert.equal((await apply({ coupon_code: 'plan' })).status, 200);
      assert.equal((await apply({ coupon_code: 'all' })).status, 200);
    });

    it('end when they are taken away, and when the coupon is deleted', async () => {
      await create();
      const { applied_coupon } = (await apply()).body;
      await apply();
      const path = `/customers/cus/applied_coupons/${applied_coupon.lago_id}`;
      assert.equal((await acme.delete(path)).body.applied_coupon.status, 'terminated');
      assert.equal((await acme.delete(path)).status, 200, 'also twice');
      assert.equal((await acme.delete('/customers/cus/applied_coupons/no')).body.code, 'applied_coupon_not_found');
      const active = async () => (await acme.get('/customers/cus/applied_coupons?status=active')).body.meta.total_count;
      assert.equal(await active(), 1);
      await acme.delete('/coupons/ten');
      assert.equal(await active(), 0);
      assert.equal((await acme.get('/applied_coupons?status=unknown')).body.meta.total_count, 2);
    });

    it('of an expired coupon go on, while it cannot be applied any more', async () => {
      await create({ expiration: 'time_limit', expiration_at: '2026-02-01T00:00:00Z' });
      await apply();
      await moveClock('2026-02-02T00:00:00.000Z');
      assert.equal((await apply()).body.code, 'coupon_not_found');
      assert.equal((await acme.get('/coupons/ten')).body.coupon.terminated_at, '2026-02-01T00:00:00Z');
      const [applied] = (await acme.get('/applied_coupons')).body.applied_coupons;
      assert.deepEqual([applied.status, applied.coupon_status], ['active', 'terminated']);
    });
  });
});
