import assert from 'node:assert/strict';
import { newId } from '../../db/ids.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-10T15:30:00.000Z';

describe('an invoice in place of a voided one', () => {
  let api: TestApi;
  let acme: ApiClient;
  let build: Builders;
  let calls: string;
  let subscription_id: string;
  let voided: Body;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());

  /** January, finalized and voided: 30.00 for the plan, a charge topped up to its minimum of 10.00, 20 % tax. */
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: NOW });
    await acme.put('/organizations', { organization: { document_number_prefix: 'ACM' } });
    await acme.post('/taxes', { tax: { name: 'VAT', code: 'vat', rate: '20', applied_to_organization: true } });
    build = new Builders(api.db, acme.organization.id, '2026-01-01T00:00:00.000Z');
    const metric = { name: 'Calls', code: 'calls', aggregation_type: 'count_agg' };
    const { lago_id } = (await acme.post('/billable_metrics', { billable_metric: metric })).body.billable_metric;
    const charge = { billable_metric_id: lago_id, charge_model: 'standard', properties: { amount: '5' }, code: 'calls', min_amount_cents: 1000 }; // prettier-ignore
    const plan = { name: 'Pro', code: 'pro', interval: 'monthly', amount_cents: 3000, amount_currency: 'EUR', pay_in_advance: false, charges: [charge] }; // prettier-ignore
    const made = (await acme.post('/plans', { plan })).body.plan;
    calls = made.charges[0].lago_id;
    const customer = await build.customer('cus', { invoice_grace_period: 60 });
    const started = { subscription_at: '2025-12-05T00:00:00.000Z' };
    subscription_id = (await build.subscription(customer, { id: made.lago_id }, started)).id;
    const periods = [{ subscription_id, plan_id: made.lago_id as string }];
    const fields = { status: 'draft', billing_at: '2026-02-01T00:00:00.000Z', finalized_at: null } as const;
    const draft = await build.invoice(customer, fields, { periods });
    await acme.put(`/invoices/${draft.id}/finalize`);
    voided = (await acme.post(`/invoices/${draft.id}/void`)).body.invoice;
  });

  const regenerate = (body?: object, id: string = voided.lago_id) => acme.post(`/invoices/${id}/regenerate`, body);
  const feeOf = (type: string): Body => voided.fees.find(({ item }: Body) => item.type === type);
  const trueUp = (): Body => voided.fees.find((fee: Body) => fee.lago_true_up_parent_fee_id !== null);
  const lines = ({ fees }: Body): string[] =>
    fees.map(
      ({ item, units, amount_cents }: Body) => `${item.invoice_display_name} ${Number(units)} = ${amount_cents}`,
    );

  it('has its lines and its spans, a new number, and the date and the taxes of today', async () => {
    await acme.put('/taxes/vat', { tax: { rate: '25' } });
    const { status, body } = await regenerate();
    assert.equal(status, 200, JSON.stringify(body));
    const { invoice } = body;
    assert.deepEqual(
      [invoice.status, invoice.number, invoice.issuing_date, invoice.voided_invoice_id, invoice.payment_status],
      ['finalized', 'ACM-001-002', '2026-03-10', voided.lago_id, 'pending'],
    );
    assert.deepEqual(invoice.billing_periods, voided.billing_periods);
    assert.deepEqual(lines(invoice), lines(voided));
    assert.deepEqual(lines(invoice), ['Pro 1 = 3000', 'Calls 0 = 0', 'Calls 1 = 1000']);
    assert.deepEqual(
      [voided.taxes_amount_cents, invoice.taxes_amount_cents, invoice.total_amount_cents],
      [800, 1000, 5000],
    );
    const [, parent, made_up] = invoice.fees;
    assert.equal(made_up.lago_true_up_parent_fee_id, parent.lago_id);
    assert.equal((await acme.get(`/invoices/${voided.lago_id}`)).body.invoice.status, 'voided');
  });

  it('has its lines as they are wanted: changed, left out, and others', async () => {
    const fees = [
      { fee_id: feeOf('subscription').lago_id, units: '1', unit_precise_amount: '12.345', invoice_display_name: 'Rent' },
      { subscription_id, charge_id: calls, units: '3' },
      { subscription_id, charge_id: calls, units: '2', unit_precise_amount: '0.5', grouped_by: {} },
    ]; // prettier-ignore
    const twice = await regenerate({ invoice: { fees } });
    // A charge has one line for each of its groups.
    assert.equal(twice.status, 422);
    const { body } = await regenerate({ invoice: { fees: fees.slice(0, 2) } });
    assert.deepEqual(lines(body.invoice), ['Rent 1 = 1235', 'Calls 3 = 1500']);
    assert.equal(body.invoice.total_amount_cents, 3282);
  });

  it('keeps a line that made up for a minimum without the one that it made up for', async () => {
    const { body } = await regenerate({ invoice: { fees: [{ fee_id: trueUp().lago_id }] } });
    assert.deepEqual(lines(body.invoice), ['Calls 1 = 1000']);
    assert.equal(body.invoice.fees[0].lago_true_up_parent_fee_id, null);
  });

  it('uses coupons as any new one, and gives them back when it is voided itself', async () => {
    await acme.post('/coupons', { coupon: { name: 'Off', code: 'off', coupon_type: 'fixed_amount', amount_cents: 500, amount_currency: 'EUR', frequency: 'once', expiration: 'no_expiration' } }); // prettier-ignore
    await acme.post('/applied_coupons', { applied_coupon: { external_customer_id: 'cus', coupon_code: 'off' } });
    const { invoice } = (await regenerate()).body;
    assert.deepEqual([invoice.coupons_amount_cents, invoice.total_amount_cents], [500, 4200]);
    await acme.post(`/invoices/${invoice.lago_id}/void`);
    const { body } = await regenerate({}, invoice.lago_id);
    assert.equal(body.invoice.coupons_amount_cents, 500);
    assert.equal(body.invoice.voided_invoice_id, invoice.lago_id);
  });

  it('is one, however often it is asked for', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => regenerate()));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 405, 405]);
    assert.equal(answers.find(({ status }) => status === 405)?.body.code, 'already_regenerated');
    assert.equal((await acme.get('/invoices')).body.invoices.length, 2);
  });

  it('of nothing is left out where that is wanted', async () => {
    await acme.post('/customers', { customer: { external_id: 'cus', finalize_zero_amount_invoice: 'skip' } });
    const { status, body } = await regenerate({ invoice: { fees: [] } });
    assert.deepEqual([status, body], [200, '']);
  });

  it('may be one-off: with its add-ons at their taxes, and others', async () => {
    await acme.post('/taxes', { tax: { name: 'Low', code: 'low', rate: '5' } });
    for (const [code, amount_cents] of [
      ['setup', 1000],
      ['support', 200],
    ] as const)
      // prettier-ignore
      await acme.post('/add_ons', { add_on: { name: code, code, amount_cents, amount_currency: 'EUR' } });
    const fees = [{ add_on_code: 'setup', units: 2, tax_codes: ['low'] }];
    const sold = (await acme.post('/invoices', { invoice: { external_customer_id: 'cus', currency: 'EUR', fees } })).body.invoice; // prettier-ignore
    await acme.post(`/invoices/${sold.lago_id}/void`);
    const wanted = [
      { fee_id: sold.fees[0].lago_id, units: 3 },
      { add_on_code: 'support', units: 1 },
      { add_on_code: 'support', units: 4, unit_precise_amount: '0.255' },
    ];
    const { status, body } = await regenerate({ invoice: { fees: wanted } }, sold.lago_id);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(lines(body.invoice), ['setup 3 = 3000', 'support 1 = 200', 'support 4 = 102']);
    assert.equal(body.invoice.taxes_amount_cents, 210); // 5 % of 30.00, 20 % of 3.02.
  });

  const refusals: [what: string, fee: () => object, status: number, said: object | string][] = [
    ['an unknown line', () => ({ fee_id: newId() }), 404, 'fee_not_found'],
    ['a new line without units', () => ({ subscription_id, charge_id: calls }), 422, { units: ['value_is_mandatory'] }],
    ['a line of an unknown subscription', () => ({ subscription_id: newId(), charge_id: calls, units: 1 }), 404, 'subscription_not_found'],
    ['a line of an unknown charge', () => ({ subscription_id, charge_id: newId(), units: 1 }), 404, 'charge_not_found'],
    ['an add-on where nothing is sold', () => ({ add_on_code: 'setup', units: 1 }), 404, 'subscription_not_found'],
    ['units of what made up for a minimum', () => ({ fee_id: trueUp().lago_id, units: 1 }), 422, { units: ['value_is_invalid'] }],
    ['fewer than no units', () => ({ fee_id: feeOf('subscription').lago_id, units: -1 }), 422, { units: ['value_is_out_of_range'] }],
    ['more than anybody pays', () => ({ fee_id: feeOf('subscription').lago_id, units: '99999999999999' }), 422, { units: ['value_is_out_of_range'] }],
  ]; // prettier-ignore
  for (const [what, fee, status, said] of refusals)
    it(`is refused with ${what}`, async () => {
      const answer = await regenerate({ invoice: { fees: [fee()] } });
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.deepEqual(status === 404 ? answer.body.code : answer.body.error_details, said);
      assert.equal((await acme.get('/invoices')).body.invoices.length, 1);
    });

  it('is refused with the same line twice', async () => {
    const { lago_id: fee_id } = feeOf('subscription');
    const { status, body } = await regenerate({ invoice: { fees: [{ fee_id }, { fee_id }] } });
    assert.deepEqual([status, body.error_details], [422, { fees: ['value_already_exist'] }]);
  });

  it('is refused in place of one that is not voided, of prepaid credits, or unknown', async () => {
    const final = await build.invoice(await build.customer('other'));
    const [open, unknown] = [await regenerate({}, final.id), await regenerate({}, newId())];
    assert.deepEqual([open.status, open.body.code], [405, 'invalid_status']);
    assert.equal(unknown.status, 404);
    const bought = await build.invoice(await build.customer('other'), { status: 'voided', invoice_type: 'credit' });
    assert.equal((await regenerate({}, bought.id)).status, 403);
  });
});

type Body = ReturnType<typeof JSON.parse>;
