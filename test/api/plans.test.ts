import assert from 'node:assert/strict';
import { newId } from '../../db/ids.ts';
import { inOrganization, insert } from '../../db/transaction.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

const NOW = '2026-01-31T10:00:00.000Z';

describe('plans', () => {
  let api: TestApi;
  let acme: ApiClient;
  let storage: string;
  let seats: string;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: NOW });
    storage = await metric({ code: 'storage', aggregation_type: 'sum_agg', field_name: 'gb' });
    seats = await metric({ code: 'seats', aggregation_type: 'unique_count_agg', field_name: 'user' });
    await acme.post('/taxes', { tax: { name: 'VAT', code: 'vat', rate: '20' } });
    await acme.post('/taxes', { tax: { name: 'City', code: 'city', rate: '1' } });
  });

  const metric = async (fields: object): Promise<string> =>
    (await acme.post('/billable_metrics', { billable_metric: { name: 'Metric', ...fields } })).body.billable_metric
      .lago_id;

  const pro = {
    name: 'Pro',
    code: 'pro',
    interval: 'monthly',
    amount_cents: 4900,
    amount_currency: 'EUR',
    pay_in_advance: true,
  };
  const standard = (fields: object = {}) => ({
    billable_metric_id: storage,
    charge_model: 'standard',
    properties: { amount: '0.5' },
    ...fields,
  });
  const post = (fields: object = {}) => acme.post('/plans', { plan: { ...pro, ...fields } });
  const put = (fields: object) => acme.put('/plans/pro', { plan: fields });

  /** As if it had been subscribed to. */
  const subscribe = async (plan_id: string, status = 'active'): Promise<{ id: string; customer_id: string }> => {
    const external_id = newId();
    const { body } = await acme.post('/customers', { customer: { external_id } });
    const id = newId();
    const customer_id = body.customer.lago_id;
    await inOrganization(api.db, acme.organization.id, (trx) =>
      insert(trx, 'subscriptions', {
        id,
        customer_id,
        plan_id,
        external_id,
        status,
        billing_time: 'calendar',
        subscription_at: NOW,
        started_at: status === 'active' ? NOW : null,
        activated_at: status === 'active' ? NOW : null,
        created_at: NOW,
        updated_at: NOW,
      }),
    );
    return { id, customer_id };
  };
  const read = <T>(work: (trx: Parameters<Parameters<typeof inOrganization<T>>[2]>[0]) => Promise<T>) =>
    inOrganization(api.db, acme.organization.id, work);
  const rung = () => read(async (trx) => (await trx('outbox').pluck('workflow_id')) as string[]);

  it('are created with their charges and taxes', async () => {
    const { status, body } = await post({
      trial_period: 7.5,
      tax_codes: ['vat'],
      charges: [
        standard({ tax_codes: ['city'], invoice_display_name: 'Disk' }),
        standard({ billable_metric_id: seats }),
      ],
    });
    assert.equal(status, 200);
    const { lago_id, charges, taxes, ...plan } = body.plan;
    assert.deepEqual(plan, {
      ...pro,
      invoice_display_name: null,
      description: null,
      trial_period: 7.5,
      bill_charges_monthly: null,
      parent_id: null,
      metadata: null,
      pending_deletion: false,
      usage_thresholds: [],
      customers_count: 0,
      active_subscriptions_count: 0,
      draft_invoices_count: 0,
      created_at: '2026-01-31T10:00:00Z',
    });
    assert.deepEqual(
      taxes.map(({ code }: { code: string }) => code),
      ['vat'],
    );
    const [first, second] = charges;
    const { lago_id: charge_id, taxes: charge_taxes, ...charge } = first;
    assert.notEqual(charge_id, lago_id);
    assert.equal(charge_taxes[0].code, 'city');
    assert.deepEqual(charge, {
      lago_billable_metric_id: storage,
      billable_metric_code: 'storage',
      code: 'storage',
      invoice_display_name: 'Disk',
      charge_model: 'standard',
      pay_in_advance: false,
      invoiceable: true,
      regroup_paid_fees: null,
      prorated: false,
      min_amount_cents: 0,
      properties: { amount: '0.5' },
      filters: [],
      lago_parent_id: null,
      applied_pricing_unit: null,
      created_at: '2026-01-31T10:00:00Z',
    });
    assert.equal(second.code, 'seats');
    assert.deepEqual((await acme.get('/plans/pro')).body, body);
    assert.deepEqual((await acme.get('/plans')).body.plans, [body.plan]);
  });

  it('give their charges codes that are apart', async () => {
    const { body } = await post({
      charges: [standard(), standard({ code: 'storage_7' }), standard(), standard({ code: 'x' })],
    });
    assert.deepEqual(
      body.plan.charges.map(({ code }: { code: string }) => code),
      ['storage_8', 'storage_7', 'storage_9', 'x'],
    );
  });

  it('bill charges monthly only where the interval leaves a choice', async () => {
    const cases: [interval: string, sent: boolean | undefined, kept: boolean | null][] = [
      ['yearly', undefined, false],
      ['yearly', true, true],
      ['semiannual', true, true],
      ['quarterly', true, null],
      ['monthly', true, null],
    ];
    for (const [interval, bill_charges_monthly, kept] of cases) {
      const { body } = await post({ code: `${interval}${bill_charges_monthly}`, interval, bill_charges_monthly });
      assert.equal(body.plan.bill_charges_monthly, kept, interval);
    }
  });

  it('take the default properties of a model that is given none', async () => {
    const { body } = await post({
      charges: [standard({ properties: undefined }), standard({ charge_model: 'graduated', properties: {} })],
    });
    assert.deepEqual(body.plan.charges[0].properties, { amount: '0' });
    const [range] = body.plan.charges[1].properties.graduated_ranges;
    assert.deepEqual(range, { from_value: 0, to_value: null, per_unit_amount: '0', flat_amount: '0' });
  });

  describe('are refused', () => {
    const refusals: [what: string, fields: object | (() => object), details: object][] = [
      [
        'without their terms',
        {
          name: undefined,
          code: '',
          interval: undefined,
          amount_cents: undefined,
          amount_currency: null,
          pay_in_advance: undefined,
        },
        {
          name: ['value_is_mandatory'],
          code: ['value_is_mandatory'],
          interval: ['value_is_invalid'],
          amount_cents: ['value_is_mandatory'],
          amount_currency: ['value_is_mandatory'],
          pay_in_advance: ['value_is_invalid'],
        },
      ],
      ['with an unknown interval', { interval: 'daily' }, { interval: ['value_is_invalid'] }],
      ['with a negative amount', { amount_cents: -1 }, { amount_cents: ['value_is_out_of_range'] }],
      ['with half a cent', { amount_cents: 1.5 }, { amount_cents: ['value_is_invalid'] }],
      ['with an amount beyond counting', { amount_cents: 2 ** 53 }, { amount_cents: ['value_is_out_of_range'] }],
      ['with an unknown currency', { amount_currency: 'EURO' }, { amount_currency: ['value_is_invalid'] }],
      ['with a negative trial', { trial_period: -1 }, { trial_period: ['value_is_out_of_range'] }],
      ['with a trial that is no number', { trial_period: 'long' }, { trial_period: ['value_is_invalid'] }],
      ['with charges that are no list', { charges: {} }, { charges: ['value_is_invalid'] }],
      [
        'with an unknown model',
        () => ({ charges: [standard({ charge_model: 'free' })] }),
        { charge_model: ['value_is_invalid'] },
      ],
      [
        'with a price that is no text',
        () => ({ charges: [standard({ properties: { amount: 1 } })] }),
        { properties: ['invalid_amount'] },
      ],
      [
        'with wrong prices, each counted',
        () => ({ charges: [standard({ properties: { amount: 1 } }), standard({ properties: { amount: '-1' } })] }),
        { properties: ['invalid_amount', 'invalid_amount'] },
      ],
      [
        'with charges of one code',
        () => ({ charges: [standard({ code: 'a' }), standard({ code: 'a' })] }),
        { code: ['value_already_exist'] },
      ],
      [
        'with non-invoiceable charges in arrears',
        () => ({ charges: [standard({ invoiceable: false })] }),
        { invoiceable: ['must_be_true_unless_pay_in_advance'] },
      ],
      [
        'with a commitment to nothing',
        { minimum_commitment: { amount_cents: 0 } },
        { amount_cents: ['value_is_out_of_range'] },
      ],
      [
        'with a commitment without an amount',
        { minimum_commitment: { invoice_display_name: 'At least' } },
        { amount_cents: ['value_is_mandatory'] },
      ],
    ];
    for (const [what, fields, details] of refusals)
      it(what, async () => {
        const { status, body } = await post(typeof fields === 'function' ? fields() : fields);
        assert.equal(status, 422);
        assert.deepEqual(body.error_details, details);
        assert.equal((await acme.get('/plans')).body.meta.total_count, 0);
      });

    it('with what does not exist', async () => {
      const cases: [fields: object, code: string][] = [
        [{ charges: [standard({ billable_metric_id: newId() })] }, 'billable_metrics_not_found'],
        [{ charges: [standard({ billable_metric_id: 'x' })] }, 'billable_metrics_not_found'],
        [{ charges: [standard({ billable_metric_id: null })] }, 'billable_metric_not_found'],
        [{ charges: [standard({ tax_codes: ['nope'] })] }, 'tax_not_found'],
        [{ tax_codes: ['nope'] }, 'tax_not_found'],
      ];
      for (const [fields, code] of cases) {
        const { status, body } = await post(fields);
        assert.deepEqual([status, body.code], [404, code]);
      }
    });

    it('with a code that is taken', async () => {
      await post();
      await post({ code: 'other' });
      const taken = { code: ['value_already_exist'] };
      assert.deepEqual((await post()).body.error_details, taken);
      assert.deepEqual((await acme.put('/plans/other', { plan: { code: 'pro' } })).body.error_details, taken);
    });
  });

  describe('that were never subscribed to', () => {
    it('can change in everything', async () => {
      await post({ tax_codes: ['vat'] });
      const changes = {
        name: 'Max',
        interval: 'yearly',
        amount_currency: 'USD',
        pay_in_advance: false,
        trial_period: 3,
        bill_charges_monthly: true,
      };
      const { body } = await put({ ...changes, tax_codes: ['city'] });
      for (const [field, value] of Object.entries(changes)) assert.equal(body.plan[field], value, field);
      assert.equal(body.plan.taxes[0].code, 'city');
      assert.equal(
        (await put({ trial_period: null })).body.plan.bill_charges_monthly,
        null,
        'recomputed from the request alone',
      );
      assert.equal((await acme.put('/plans/pro', { plan: { code: 'max' } })).body.plan.code, 'max');
    });

    it('replace their charges by the list that is sent', async () => {
      const { body } = await post({
        charges: [
          standard({ tax_codes: ['vat'], invoice_display_name: 'Disk' }),
          standard({ billable_metric_id: seats }),
        ],
      });
      const [disk] = body.plan.charges;
      const changed = await put({
        charges: [
          { id: disk.lago_id, billable_metric_id: storage, charge_model: 'volume', code: 'disk', properties: {} },
          standard({ code: 'new' }),
        ],
      });
      const [first, second, ...rest] = changed.body.plan.charges;
      assert.equal(rest.length, 0);
      assert.deepEqual(
        [first.lago_id, first.code, first.charge_model, first.invoice_display_name],
        [disk.lago_id, 'disk', 'volume', null],
      );
      assert.equal(first.taxes[0].code, 'vat', 'taxes that are not sent stay');
      assert.equal(second.code, 'new');
      assert.deepEqual((await put({ name: 'Max' })).body.plan.charges, changed.body.plan.charges);
      assert.deepEqual((await put({ charges: [] })).body.plan.charges, []);
    });
  });

  describe('that were subscribed to', () => {
    it('keep the terms that were agreed to, and ring their subscriptions', async () => {
      const { body } = await post({ charges: [standard()] });
      const { id } = await subscribe(body.plan.lago_id);
      const [charge] = body.plan.charges;
      const sent = { code: 'x', interval: 'yearly', pay_in_advance: false, amount_currency: 'USD', trial_period: 9 };
      const changed = await put({
        ...sent,
        amount_cents: 1,
        charges: [
          {
            id: charge.lago_id,
            charge_model: 'volume',
            code: 'y',
            properties: { amount: '2' },
            billable_metric_id: seats,
          },
        ],
      });
      assert.equal(changed.status, 200);
      const { plan } = changed.body;
      assert.deepEqual({ ...plan, charges: [] }, { ...body.plan, amount_cents: 1, charges: [] });
      assert.deepEqual(plan.charges, [{ ...charge, properties: { amount: '2' } }]);
      assert.deepEqual(await rung(), [`subscription/${id}`]);
    });

    it('are seen until they are deleted, and come to an end by themselves', async () => {
      const { body } = await post({ charges: [standard()] });
      const { lago_id: id } = body.plan;
      await subscribe(id);
      const deleted = await acme.delete('/plans/pro');
      assert.deepEqual([deleted.body.plan.lago_id, deleted.body.plan.pending_deletion], [id, true]);
      assert.deepEqual(await rung(), [`plan-deletion/${id}`]);
      assert.equal((await acme.get('/plans')).body.plans[0].pending_deletion, true);
      // Asked for again, it is under way; and nobody comes to it any more.
      assert.equal((await acme.delete('/plans/pro')).status, 200);
      const subscription = { external_customer_id: 'late', external_id: 'late', plan_code: 'pro' };
      assert.equal((await acme.post('/subscriptions', { subscription })).body.code, 'plan_not_found');
    });

    it('are followed by the customer: its timezone moves them, its deletion ends them', async () => {
      const { body } = await post();
      const { id, customer_id } = await subscribe(body.plan.lago_id);
      const external_id = (
        await read(async (trx) => trx('customers').where({ id: customer_id }).pluck('external_id'))
      )[0];
      await acme.post('/customers', { customer: { external_id, name: 'No matter' } });
      assert.deepEqual(await rung(), []);
      await acme.post('/customers', { customer: { external_id, timezone: 'Asia/Tokyo' } });
      assert.deepEqual(await rung(), [`subscription/${id}`]);
      await acme.delete(`/customers/${external_id}`);
      assert.equal((await rung()).at(-1), `customer-deletion/${customer_id}`);
    });

    it('move with the timezone of the organization', async () => {
      const { body } = await post();
      const { id } = await subscribe(body.plan.lago_id);
      await acme.put('/organizations', { organization: { timezone: 'Asia/Tokyo' } });
      assert.deepEqual(await rung(), [`subscription/${id}`]);
    });
  });

  it('and customers tell the webhook endpoints of their changes', async () => {
    await acme.post('/webhook_endpoints', { webhook_endpoint: { webhook_url: 'https://a.test/' } });
    await post();
    await put({ name: 'Max' });
    await acme.delete('/plans/pro');
    await acme.post('/customers', { customer: { external_id: 'c' } });
    await acme.post('/customers', { customer: { external_id: 'c', name: 'n' } });
    const sent = await read(async (trx) => trx('webhooks').orderBy('id').select('webhook_type', 'payload'));
    assert.deepEqual(
      sent.map(({ webhook_type }) => webhook_type).filter((type) => !type.startsWith('billable')),
      ['plan.created', 'plan.updated', 'plan.deleted', 'customer.created', 'customer.updated'],
    );
    assert.equal(JSON.parse(sent[1].payload).plan.name, 'Max');
    assert.equal(JSON.parse(sent.at(-1).payload).customer.name, 'n');
  });
});
