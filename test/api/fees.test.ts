import assert from 'node:assert/strict';
import type { CustomerRow } from '../../db/customers.ts';
import type { FeeRow } from '../../db/fees.ts';
import { newId } from '../../db/ids.ts';
import type { PlanRow } from '../../db/plans.ts';
import type { SubscriptionRow } from '../../db/subscriptions.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-10T15:30:00.000Z';

describe('fees', () => {
  let api: TestApi;
  let acme: ApiClient;
  let build: Builders;
  let customer: CustomerRow;
  let plan: PlanRow & { charge_ids: readonly string[] };
  let metric: { id: string; code: string; name: string };
  let subscription: SubscriptionRow;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: NOW });
    build = new Builders(api.db, acme.organization.id, '2026-02-01T00:00:00.000Z');
    customer = await build.customer('cus');
    metric = await build.metric('calls');
    plan = await build.plan('pro', {}, [{ billable_metric_id: metric.id }]);
    subscription = await build.subscription(customer, plan);
  });

  const usage = () =>
    ({
      fee_type: 'charge',
      subscription_id: subscription.id,
      charge_id: plan.charge_ids[0] ?? null,
      item_type: 'BillableMetric',
      item_id: metric.id,
      item_code: metric.code,
      item_name: metric.name,
    }) as const;

  const ids = (body: { fees: { lago_id: string }[] }) => body.fees.map(({ lago_id }) => lago_id);

  it('show exact amounts in currency units, and their taxes', async () => {
    const fee = await build.fee(customer, {
      ...usage(),
      amount_cents: 1235,
      precise_amount_cents: '1234.5',
      taxes_precise_amount_cents: '246.9',
      taxes_rate: '20',
      precise_coupons_amount_cents: '100.12345',
      units: '10',
      total_aggregated_units: '10.5',
      precise_unit_amount: '1.2345',
      events_count: 4,
      grouped_by: { region: 'eu' },
      from_at: '2026-01-31T23:00:00.000Z',
      to_at: '2026-02-28T23:00:00.000Z',
      taxes: [{ amount_cents: 247 }],
    });
    const { body } = await acme.get(`/fees/${fee.id}`);
    const { applied_taxes, ...shown } = body.fee;
    assert.deepEqual(shown, {
      lago_id: fee.id,
      lago_charge_id: plan.charge_ids[0],
      lago_charge_filter_id: null,
      lago_fixed_charge_id: null,
      lago_invoice_id: null,
      lago_true_up_fee_id: null,
      lago_true_up_parent_fee_id: null,
      lago_original_fee_id: null,
      lago_subscription_id: subscription.id,
      external_subscription_id: 'sub',
      lago_customer_id: customer.id,
      external_customer_id: 'cus',
      item: {
        type: 'charge',
        code: 'calls',
        name: 'All calls',
        description: null,
        invoice_display_name: 'All calls',
        filters: null,
        filter_invoice_display_name: null,
        lago_item_id: metric.id,
        item_type: 'BillableMetric',
        grouped_by: { region: 'eu' },
      },
      pay_in_advance: false,
      invoiceable: true,
      amount_cents: 1235,
      amount_currency: 'EUR',
      precise_amount: '12.345',
      taxes_amount_cents: 247,
      taxes_precise_amount: '2.469',
      taxes_rate: 20,
      total_amount_cents: 1482,
      total_amount_currency: 'EUR',
      precise_total_amount: '14.814',
      precise_coupons_amount_cents: '100.12345',
      sub_total_excluding_taxes_amount_cents: 1135,
      sub_total_excluding_taxes_precise_amount_cents: '1134.37655',
      units: '10.0',
      total_aggregated_units: '10.5',
      presentation_breakdowns: [],
      pricing_unit_details: null,
      precise_unit_amount: '1.2345',
      events_count: 4,
      amount_details: {},
      description: null,
      from_date: '2026-01-31T23:00:00+00:00',
      to_date: '2026-02-28T22:59:59+00:00',
      event_transaction_id: null,
      payment_status: 'pending',
      self_billed: false,
      created_at: '2026-02-01T00:00:05Z',
      succeeded_at: null,
      failed_at: null,
      refunded_at: null,
    });
    assert.equal(applied_taxes.length, 1);
    assert.equal(applied_taxes[0].lago_fee_id, fee.id);
    assert.equal(applied_taxes[0].amount_cents, 247);
    assert.equal(applied_taxes[0].tax_rate, 20);
  });

  it('of currencies without cents show the same number', async () => {
    const fee = await build.fee(customer, { amount_currency: 'JPY', amount_cents: 1500 });
    assert.equal((await acme.get(`/fees/${fee.id}`)).body.fee.precise_amount, '1500.0');
  });

  const spans: [what: string, from_at: string | null, to_at: string | null, to_date: string | null][] = [
    ['end with the last second before a boundary', '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z', '2026-01-31T23:59:59+00:00'],
    ['end at the instant of a termination', '2026-01-01T00:00:00.000Z', '2026-01-09T12:34:56.790Z', '2026-01-09T12:34:56+00:00'],
    ['end at a termination on the hour', '2026-01-01T00:00:00.000Z', '2026-01-09T12:00:00.001Z', '2026-01-09T12:00:00+00:00'],
    ['end where they begin when empty', '2026-01-01T05:00:00.000Z', '2026-01-01T05:00:00.000Z', '2026-01-01T05:00:00+00:00'],
    ['are not there without a period', null, null, null],
  ]; // prettier-ignore
  for (const [what, from_at, to_at, to_date] of spans)
    it(`have dates that ${what}`, async () => {
      const fee = await build.fee(customer, { subscription_id: subscription.id, from_at, to_at });
      assert.equal((await acme.get(`/fees/${fee.id}`)).body.fee.to_date, to_date);
    });

  it('are listed oldest first, in pages', async () => {
    const made: FeeRow[] = [];
    for (let count = 0; count < 3; count++) made.push(await build.fee(customer));
    const first = (await acme.get('/fees?per_page=2')).body;
    assert.deepEqual(ids(first), [made[0]?.id, made[1]?.id]);
    assert.deepEqual(first.meta, { current_page: 1, next_page: 2, prev_page: null, total_pages: 2, total_count: 3 });
    assert.deepEqual(ids((await acme.get('/fees?per_page=2&page=2')).body), [made[2]?.id]);
    assert.deepEqual((await (await api.newOrganization()).get('/fees')).body.fees, []);
  });

  it('are filtered', async () => {
    const other = await build.customer('other');
    const charge = (await build.fee(customer, { ...usage(), event_transaction_id: 'tr_1' })).id;
    const dollars = (await build.fee(other, { amount_currency: 'USD' })).id;
    const paid = (
      await build.fee(other, {
        payment_status: 'succeeded',
        succeeded_at: '2026-02-05T00:00:00.000Z',
        item_code: 'calls',
      })
    ).id;
    const failed = (await build.fee(customer, { payment_status: 'failed', failed_at: '2026-02-06T00:00:00.000Z' })).id;
    const refunded = (
      await build.fee(customer, { payment_status: 'refunded', refunded_at: '2026-02-07T00:00:00.000Z' })
    ).id;
    const all = [charge, dollars, paid, failed, refunded];
    const created = (await acme.get(`/fees/${paid}`)).body.fee.created_at as string;
    const cases: [query: string, expected: string[]][] = [
      ['', all],
      ['external_customer_id=other', [dollars, paid]],
      ['external_customer_id=nobody', []],
      ['external_subscription_id=sub', [charge]],
      ['event_transaction_id=tr_1', [charge]],
      ['billable_metric_code=calls', [charge]],
      ['currency=usd', [dollars]],
      ['fee_type=charge', [charge]],
      ['fee_type=add_on', []],
      ['payment_status=failed', [failed]],
      [`created_at_from=${created}`, [paid, failed, refunded]],
      [`created_at_to=${created}`, [charge, dollars, paid]],
      ['succeeded_at_from=2026-02-05T00:00:00Z', [paid]],
      ['succeeded_at_to=2026-02-04T23:59:59Z', []],
      ['failed_at_from=2026-02-06', [failed]],
      ['refunded_at_to=2026-02-07T00:00:00Z', [refunded]],
      ['unknown=1', all],
    ];
    for (const [query, expected] of cases)
      assert.deepEqual(ids((await acme.get(`/fees?${query}`)).body), expected, query);
  });

  const badFilters: [query: string, details: object][] = [
    ['fee_type=unknown', { fee_type: ['value_is_invalid'] }],
    ['payment_status=paid', { payment_status: ['value_is_invalid'] }],
    ['created_at_from=soon', { created_at_from: ['invalid_date'] }],
    ['refunded_at_to=2026-13-01', { refunded_at_to: ['invalid_date'] }],
    ['currency=EUR&currency=USD', { currency: ['value_is_invalid'] }],
    ['fee_type=x&payment_status=y', { fee_type: ['value_is_invalid'], payment_status: ['value_is_invalid'] }],
  ];
  for (const [query, details] of badFilters)
    it(`refuse the filter ${query}`, async () => {
      const { status, body } = await acme.get(`/fees?${query}`);
      assert.equal(status, 422);
      assert.deepEqual(body.error_details, details);
    });

  it('on an invoice that nobody sees are not seen either', async () => {
    await build.invoice(customer, { status: 'closed' }, { fees: [{ amount_cents: 0 }] });
    assert.deepEqual((await acme.get('/fees')).body.fees, []);
  });

  it('say when they were paid, failed or refunded, and only the last of it', async () => {
    const fee = await build.fee(customer);
    const pay = async (payment_status: string) =>
      (await acme.put(`/fees/${fee.id}`, { fee: { payment_status } })).body.fee;
    const paid = await pay('succeeded');
    assert.equal(paid.payment_status, 'succeeded');
    assert.equal(paid.succeeded_at, '2026-03-10T15:30:00Z');
    const refunded = await pay('refunded');
    assert.equal(refunded.refunded_at, '2026-03-10T15:30:00Z');
    assert.equal(refunded.succeeded_at, null);
    const pending = await pay('pending');
    assert.equal(pending.refunded_at, null);
    assert.deepEqual((await acme.get(`/fees/${fee.id}`)).body.fee, pending);
  });

  it('are deleted for good', async () => {
    const fee = await build.fee(customer);
    assert.equal((await acme.delete(`/fees/${fee.id}`)).body.fee.lago_id, fee.id);
    assert.equal((await acme.get(`/fees/${fee.id}`)).body.code, 'fee_not_found');
    assert.equal((await acme.delete(`/fees/${fee.id}`)).status, 404);
    assert.deepEqual((await acme.get('/fees')).body.fees, []);
  });

  it('on an invoice are left to the invoice', async () => {
    const invoice = await build.invoice(customer, {}, { fees: [{ subscription_id: subscription.id }] });
    const [{ lago_id, lago_invoice_id }] = (await acme.get('/fees')).body.fees;
    assert.equal(lago_invoice_id, invoice.id);
    const edited = await acme.put(`/fees/${lago_id}`, { fee: { payment_status: 'nonsense' } });
    assert.equal(edited.status, 405);
    assert.equal(edited.body.code, 'invoiced_fee');
    assert.equal((await acme.delete(`/fees/${lago_id}`)).body.code, 'invoiced_fee');
  });

  it('that nobody knows are not found', async () => {
    for (const id of [newId(), 'x', '%27'])
      for (const [method, body] of [['GET'], ['PUT', { fee: { payment_status: 'failed' } }], ['DELETE']] as const) {
        const answer = await acme.call(method, `/fees/${id}`, body);
        assert.equal(answer.status, 404, `${method} ${id}`);
        assert.equal(answer.body.code, 'fee_not_found');
      }
    const fee = await build.fee(customer);
    assert.equal((await (await api.newOrganization()).get(`/fees/${fee.id}`)).status, 404, "another organization's");
  });

  const badEdits: [what: string, body: unknown, status: number, details?: object][] = [
    ['no root', {}, 400],
    ['an empty root', { fee: {} }, 400],
    ['an unknown status', { fee: { payment_status: 'paid' } }, 422, { payment_status: ['value_is_invalid'] }],
    ['no status', { fee: { other: 1 } }, 422, { payment_status: ['value_is_mandatory'] }],
    ['a number', { fee: { payment_status: 1 } }, 422, { payment_status: ['value_is_invalid'] }],
  ];
  for (const [what, body, status, details] of badEdits)
    it(`refuse to be edited with ${what}`, async () => {
      const fee = await build.fee(customer);
      const answer = await acme.put(`/fees/${fee.id}`, body);
      assert.equal(answer.status, status);
      assert.deepEqual(answer.body.error_details, details);
    });
});
