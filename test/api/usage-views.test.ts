import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';
import { newId } from '../../db/ids.ts';

const NOW = '2026-03-10T12:00:00.000Z';

describe('views of usage', () => {
  let api: TestApi;
  let client: ApiClient;
  let build: Builders;
  let charge_id = '';

  before(async () => {
    api = await startApi();
    client = await api.newOrganization({ clock: NOW });
    build = new Builders(api.db, client.organization.id, '2026-01-01T00:00:00.000Z');
    await post('/customers', { customer: { external_id: 'cus', currency: 'EUR' } });
    await post('/pricing_units', { pricing_unit: { name: 'Credits', code: 'credits', short_name: 'CR' } });
    const { billable_metric } = await post('/billable_metrics', {
      billable_metric: { name: 'Storage', code: 'storage', aggregation_type: 'sum_agg', field_name: 'gb' },
    });
    const { plan } = await post('/plans', {
      plan: {
        ...PLAN,
        charges: [
          {
            billable_metric_id: billable_metric.lago_id,
            charge_model: 'standard',
            properties: {
              amount: '0.335',
              pricing_group_keys: ['cloud'],
              presentation_group_keys: [{ value: 'team', options: { display_in_invoice: true } }],
            },
            applied_pricing_unit: { code: 'credits', conversion_rate: '2.5' },
          },
        ],
      },
    });
    charge_id = plan.charges[0].lago_id;
    await post('/subscriptions', {
      subscription: {
        external_customer_id: 'cus',
        external_id: 'sub',
        plan_code: 'pro',
        subscription_at: '2026-02-01T00:00:00Z',
      },
    });
    // No worker runs here.
    await build.write((trx) =>
      trx('subscriptions').update({ status: 'active', started_at: '2026-02-01T00:00:00Z', activated_at: NOW }),
    );
    await post('/events/batch', {
      events: [
        ['2026-02-10T00:00:00Z', { gb: 100, cloud: 'aws' }],
        ['2026-03-02T00:00:00Z', { gb: 1, cloud: 'aws', team: 'red' }],
        ['2026-03-03T00:00:00Z', { gb: 2, cloud: 'aws', team: 'blue' }],
        ['2026-03-04T00:00:00Z', { gb: 4, cloud: 'gcp', team: 'red' }],
        ['2026-03-05T00:00:00Z', { gb: 8 }],
      ].map(([at, properties]) => ({
        transaction_id: newId(),
        external_subscription_id: 'sub',
        code: 'storage',
        timestamp: Date.parse(at as string) / 1000,
        properties,
      })),
    });
  });
  after(() => api.stop());

  async function post(path: string, body: object) {
    const answer = await client.post(path, body);
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  }

  const current = async (query = '') =>
    (await client.get(`/customers/cus/current_usage?external_subscription_id=sub${query}`)).body;
  const onlyCharge = async (query = '') => (await current(query)).customer_usage.charges_usage[0];

  it('show units by what is only shown, for the whole and for each group', async () => {
    const usage = await onlyCharge();
    assert.deepEqual(usage.presentation_breakdowns, [
      { presentation_by: { team: 'blue' }, units: '2.0' },
      { presentation_by: { team: 'red' }, units: '5.0' },
      { presentation_by: { team: null }, units: '8.0' },
    ]);
    const aws =
      usage.grouped_usage.find((one: { grouped_by: object }) => 'aws' in Object.values(one.grouped_by)) ??
      usage.grouped_usage[0];
    assert.deepEqual([aws.grouped_by, aws.units, aws.presentation_breakdowns.length], [{ cloud: 'aws' }, '3.0', 2]);
  });

  it('show only the breakdowns that are asked for', async () => {
    const one = await onlyCharge('&filter_by_presentation[]=red&filter_by_presentation[]=green');
    assert.deepEqual(one.presentation_breakdowns, [{ presentation_by: { team: 'red' }, units: '5.0' }]);
    assert.deepEqual((await onlyCharge('&filter_by_presentation=')).presentation_breakdowns, []);
  });

  it('show what was priced in a pricing unit, and what that comes to', async () => {
    const usage = await onlyCharge();
    // 1.005, 1.34 and 2.68 credits, each rounded, at 2.50 each: 2.53 + 3.35 + 6.70.
    assert.deepEqual([usage.units, usage.amount_cents, usage.pricing_unit_details], [
      '15.0',
      1258,
      { amount_cents: 503, short_name: 'CR', conversion_rate: '2.5' },
    ]); // prettier-ignore
  });

  it('can leave the grouping out', async () => {
    const usage = await onlyCharge('&skip_grouping=true');
    // 15 × 0.335 = 5.025 → 5.03 credits.
    assert.deepEqual([usage.units, usage.grouped_usage, usage.amount_cents], ['15.0', [], 1258]);
  });

  it('can be of one group, which is then not grouped by', async () => {
    for (const query of [
      '&group[cloud]=aws',
      '&filter_by_group[cloud]=aws',
      `&group=${encodeURIComponent('{"cloud":"aws"}')}`,
    ]) {
      const usage = await onlyCharge(query);
      assert.deepEqual([usage.units, usage.events_count, usage.grouped_usage], ['3.0', 2, []], query);
    }
    assert.equal((await onlyCharge('&group[cloud]=')).units, '8.0');
    assert.equal((await onlyCharge('&group[team]=red')).grouped_usage.length, 2);
    const wrong = await client.get('/customers/cus/current_usage?external_subscription_id=sub&group=x');
    assert.deepEqual([wrong.status, wrong.body.error_details], [422, { group: ['value_is_invalid'] }]);
  });

  it('can be since the start, for one charge or group', async () => {
    const { customer_usage } = await current(`&full_usage=true&charge_id=${charge_id}`);
    assert.deepEqual(
      [customer_usage.from_datetime, customer_usage.charges_usage[0].units],
      ['2026-02-01T00:00:00Z', '115.0'],
    );
    assert.equal((await onlyCharge('&full_usage=true&group[cloud]=aws')).units, '103.0');
    assert.deepEqual((await current('&full_usage=true')).code, 'full_usage_not_allowed');
  });

  it('tell what the period will come to', async () => {
    const { status, body } = await client.get('/customers/cus/projected_usage?external_subscription_id=sub');
    assert.equal(status, 200);
    const { charges_usage, projected_amount_cents } = body.customer_projected_usage;
    const [usage] = charges_usage;
    // 10 of 31 days: 9.3, 12.4 and 24.8 GB; 3.1155, 4.154 and 8.308 credits.
    assert.deepEqual(
      [usage.projected_units, usage.projected_amount_cents, usage.pricing_unit_details.projected_amount_cents],
      ['46.5', 780 + 1038 + 2078, 312 + 415 + 831],
    );
    assert.equal(projected_amount_cents, usage.projected_amount_cents);
    assert.equal('total_aggregated_units' in usage || 'code' in usage.charge, false);
  });

  it('read what was billed from the invoices', async () => {
    const rows: { id: string; customer_id: string; plan_id: string }[] = await build.write((trx) =>
      trx('subscriptions').select('id', 'customer_id', 'plan_id'),
    );
    const [subscription] = rows;
    const metric = (await client.get('/billable_metrics/storage')).body.billable_metric;
    const [subscription_id, plan_id] = [subscription!.id, subscription!.plan_id];
    const line = {
      subscription_id,
      charge_id,
      fee_type: 'charge',
      item_type: 'BillableMetric',
      item_id: metric.lago_id,
      item_code: 'storage',
      item_name: 'Storage',
      events_count: 1,
    } as const;
    const bill = (month: string, next: string) =>
      build.invoice(
        { id: subscription!.customer_id },
        { issuing_date: `${next}-01`, occasion: month },
        {
          fees: [
            { subscription_id, amount_cents: 1000 },
            { ...line, amount_cents: 200, units: '100', grouped_by: { cloud: 'aws' }, taxes: [{ amount_cents: 40 }] },
            { ...line, amount_cents: 100, units: '50', grouped_by: { cloud: null } },
          ],
          periods: [
            {
              subscription_id,
              plan_id,
              charges_from: `${month}-01T00:00:00.000Z`,
              charges_to: `${next}-01T00:00:00.000Z`,
              billing_at: `${next}-01T00:00:00.000Z`,
            },
          ],
        },
      );
    const older = await bill('2026-01', '2026-02');
    const newer = await bill('2026-02', '2026-03');

    const past = (query: string) => client.get(`/customers/cus/past_usage?${query}`);
    const { body } = await past('external_subscription_id=sub');
    assert.deepEqual(
      body.usage_periods.map((one: { lago_invoice_id: string }) => one.lago_invoice_id),
      [newer.id, older.id],
    );
    const [period] = body.usage_periods;
    assert.deepEqual(
      [period.from_datetime, period.to_datetime, period.amount_cents, period.taxes_amount_cents, period.total_amount_cents],
      ['2026-02-01T00:00:00Z', '2026-02-28T23:59:59Z', 1300, 40, 1340],
    ); // prettier-ignore
    const [usage] = period.charges_usage;
    assert.deepEqual(
      [usage.units, usage.events_count, usage.amount_cents, usage.grouped_usage.length],
      ['150.0', 2, 300, 2],
    );

    const one = await past('external_subscription_id=sub&periods_count=1&billable_metric_code=storage');
    assert.deepEqual([one.body.usage_periods.length, one.body.meta.total_pages], [1, 2]);
    assert.deepEqual((await past('external_subscription_id=nobody')).body.usage_periods, []);
    assert.deepEqual((await past('')).body.error_details, { external_subscription_id: ['value_is_mandatory'] });
    const unknown = await past('external_subscription_id=sub&billable_metric_code=x');
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'billable_metric_not_found']);
  });
});

const PLAN = {
  name: 'Pro',
  code: 'pro',
  interval: 'monthly',
  amount_cents: 0,
  amount_currency: 'EUR',
  pay_in_advance: false,
};

describe('pricing units', () => {
  let api: TestApi;
  let client: ApiClient;
  before(async () => {
    api = await startApi();
    client = await api.newOrganization({ clock: NOW });
  });
  after(() => api.stop());

  it('are made, listed, changed, and known by their codes', async () => {
    const unit = { name: 'Tokens', code: 'tokens', short_name: 'TK', description: null };
    const made = await client.post('/pricing_units', { pricing_unit: unit });
    assert.equal(made.status, 200);
    const again = await client.post('/pricing_units', { pricing_unit: unit });
    assert.deepEqual(again.body.error_details, { code: ['value_already_exist'] });
    const long = await client.post('/pricing_units', { pricing_unit: { ...unit, code: 'b', short_name: 'LONG' } });
    assert.deepEqual(long.body.error_details, { short_name: ['value_is_too_long'] });
    await client.put('/pricing_units/tokens', { pricing_unit: { short_name: 'T' } });
    const { body } = await client.get('/pricing_units/tokens');
    assert.deepEqual([body.pricing_unit.name, body.pricing_unit.short_name], ['Tokens', 'T']);
    assert.equal((await client.get('/pricing_units')).body.pricing_units.length, 1);
    assert.equal((await client.get('/pricing_units/x')).body.code, 'pricing_unit_not_found');
  });

  it('are applied to charges at a rate, which can change', async () => {
    const { body: made } = await client.post('/billable_metrics', {
      billable_metric: { name: 'Calls', code: 'calls', aggregation_type: 'count_agg' },
    });
    const charge = {
      billable_metric_id: made.billable_metric.lago_id,
      charge_model: 'standard',
      properties: { amount: '1' },
    };
    const send = (applied_pricing_unit: unknown) =>
      client.post('/plans', { plan: { ...PLAN, charges: [{ ...charge, applied_pricing_unit }] } });
    assert.equal((await send({ code: 'x', conversion_rate: '1' })).body.code, 'pricing_unit_not_found');
    assert.deepEqual((await send({ code: 'tokens' })).body.error_details, { conversion_rate: ['value_is_mandatory'] });
    const { body } = await send({ code: 'tokens', conversion_rate: '0.5' });
    assert.deepEqual(body.plan.charges[0].applied_pricing_unit, { code: 'tokens', conversion_rate: '0.5' });

    const change = async (fields: object) =>
      (
        await client.put('/plans/pro/charges/calls', {
          charge: { charge_model: 'standard', properties: { amount: '1' }, ...fields },
        })
      ).body.charge.applied_pricing_unit;
    assert.deepEqual(await change({}), { code: 'tokens', conversion_rate: '0.5' });
    assert.deepEqual(await change({ applied_pricing_unit: { conversion_rate: '3' } }), {
      code: 'tokens',
      conversion_rate: '3.0',
    });
    assert.equal(await change({ applied_pricing_unit: null }), null);
  });
});
