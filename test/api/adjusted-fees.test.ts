import assert from 'node:assert/strict';
import { newId } from '../../db/ids.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-10T15:30:00.000Z';
const JANUARY_15 = Date.parse('2026-01-15T00:00:00Z') / 1000;

describe('adjusted fees', () => {
  let api: TestApi;
  let acme: ApiClient;
  let build: Builders;
  let charges: Record<string, string>;
  let subscription_id: string;
  let draft: string;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());

  /** The draft of January: 30.00 for the plan, 4 calls at 5.00. */
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: NOW });
    build = new Builders(api.db, acme.organization.id, '2026-01-01T00:00:00.000Z');
    const metric = async (code: string, fields: object = {}): Promise<string> => {
      const billable_metric = { name: code, code, aggregation_type: 'count_agg', ...fields };
      return (await acme.post('/billable_metrics', { billable_metric })).body.billable_metric.lago_id;
    };
    const sum = { aggregation_type: 'sum_agg', field_name: 'value', recurring: true };
    const plan = {
      name: 'Pro',
      code: 'pro',
      interval: 'monthly',
      amount_cents: 3000,
      amount_currency: 'EUR',
      pay_in_advance: false,
      charges: [
        { billable_metric_id: await metric('calls'), charge_model: 'standard', properties: { amount: '5', pricing_group_keys: ['region'] }, code: 'calls' },
        { billable_metric_id: await metric('other'), charge_model: 'standard', properties: { amount: '1' }, code: 'other' },
        { billable_metric_id: await metric('share'), charge_model: 'percentage', properties: { rate: '1' }, code: 'share' },
        { billable_metric_id: await metric('seats', sum), charge_model: 'graduated', prorated: true, properties: GRADUATED, code: 'seats' },
        { billable_metric_id: await metric('instant'), charge_model: 'standard', pay_in_advance: true, properties: { amount: '1' }, code: 'instant' },
      ],
    }; // prettier-ignore
    const made = (await acme.post('/plans', { plan })).body.plan;
    charges = Object.fromEntries(made.charges.map((one: Body) => [one.code, one.lago_id]));
    const customer = await build.customer('cus', { invoice_grace_period: 60 });
    const started = { subscription_at: '2025-12-05T00:00:00.000Z' };
    const subscription = await build.subscription(customer, { id: made.lago_id }, started);
    subscription_id = subscription.id;
    for (const transaction_id of ['1', '2', '3', '4'])
      await acme.post('/events', {
        event: {
          transaction_id,
          code: 'calls',
          external_subscription_id: 'sub',
          timestamp: JANUARY_15,
          properties: { region: 'eu' },
        },
      });
    const periods = [{ subscription_id, plan_id: made.lago_id as string }];
    draft = (await build.invoice(customer, { status: 'draft', finalized_at: null }, { periods })).id;
    assert.equal((await acme.put(`/invoices/${draft}/refresh`)).body.invoice.fees_amount_cents, 5000);
  });

  const adjust = (adjusted_fee: object) => acme.post(`/invoices/${draft}/adjusted_fees`, { adjusted_fee });
  const invoice = async (): Promise<Body> => (await acme.get(`/invoices/${draft}`)).body.invoice;
  const feeOf = async (code: string): Promise<Body> =>
    (await invoice()).fees.find(({ item }: Body) => item.code === code || item.type === code);
  const lines = async (): Promise<string[]> =>
    (await invoice()).fees.map(({ item, units, amount_cents }: Body) => `${item.invoice_display_name} ${Number(units)} = ${amount_cents}`); // prettier-ignore

  it('take the place of what was computed, with new totals', async () => {
    const { lago_id: fee_id } = await feeOf('calls');
    const { status, body } = await adjust({ fee_id, units: '3', unit_precise_amount: '150.00' });
    assert.equal(status, 200, JSON.stringify(body));
    const { fee, lago_id: _, created_at, ...rest } = body.adjusted_fee;
    assert.deepEqual(rest, {
      lago_invoice_id: draft,
      lago_subscription_id: subscription_id,
      fee_type: 'charge',
      lago_charge_id: charges['calls'],
      lago_charge_filter_id: null,
      grouped_by: { region: 'eu' },
      units: '3.0',
      unit_precise_amount: '150.0',
      invoice_display_name: null,
    });
    assert.equal(created_at, '2026-03-10T15:30:00Z');
    assert.deepEqual([fee.amount_cents, fee.events_count, fee.amount_details], [45_000, 0, {}]);
    assert.deepEqual(await lines(), ['Pro 1 = 3000', 'calls 3 = 45000']);
    assert.equal((await invoice()).total_amount_cents, 48_000);
    const explained = (await acme.get(`/fees/${fee.lago_id}/explain`)).body.fee_explanation.steps;
    assert.deepEqual(explained[0], { step: 'sale', units: '3.0', unit_amount: '150.0', amount: '450.0' });
  });

  it('outlast later usage, refreshes, new prices and the finalization', async () => {
    await adjust({ fee_id: (await feeOf('calls')).lago_id, units: '3' });
    await adjust({ fee_id: (await feeOf('subscription')).lago_id, units: '2', invoice_display_name: 'Rent' });
    await acme.post('/events', { event: { transaction_id: '5', code: 'calls', external_subscription_id: 'sub', timestamp: JANUARY_15, properties: { region: 'eu' } } }); // prettier-ignore
    await acme.put('/plans/pro', { plan: { amount_cents: 4000 } });
    await acme.put(`/invoices/${draft}/refresh`);
    assert.deepEqual(await lines(), ['Rent 2 = 8000', 'calls 3 = 1500']);
    await acme.put(`/invoices/${draft}/finalize`);
    assert.deepEqual(await lines(), ['Rent 2 = 8000', 'calls 3 = 1500']);
    assert.equal((await invoice()).status, 'finalized');
  });

  it('are added for a charge that was not used, and for another group of one that was', async () => {
    const other = await adjust({ subscription_id, charge_id: charges['other'], units: '7' });
    assert.equal(other.body.adjusted_fee.fee.amount_cents, 700);
    await adjust({ subscription_id, charge_id: charges['calls'], grouped_by: { region: 'us' }, units: '1' });
    await adjust({ subscription_id, charge_id: charges['calls'], units: '2', unit_precise_amount: '1' });
    assert.deepEqual((await lines()).sort(), ['Pro 1 = 3000', 'calls 1 = 500', 'calls 2 = 200', 'calls 4 = 2000', 'other 7 = 700']); // prettier-ignore
    const listed = (await acme.get(`/invoices/${draft}/adjusted_fees`)).body.adjusted_fees;
    assert.deepEqual(
      listed.map(({ grouped_by }: Body) => grouped_by),
      [{}, { region: 'us' }, { region: null }],
    );
  });

  it('that are taken back leave what is computed', async () => {
    const { lago_id } = (await adjust({ fee_id: (await feeOf('calls')).lago_id, units: '3' })).body.adjusted_fee;
    const { status, body } = await acme.delete(`/invoices/${draft}/adjusted_fees/${lago_id}`);
    assert.equal(status, 200);
    assert.equal(body.adjusted_fee.fee.amount_cents, 2000);
    assert.deepEqual(await lines(), ['Pro 1 = 3000', 'calls 4 = 2000']);
    assert.equal((await acme.delete(`/invoices/${draft}/adjusted_fees/${lago_id}`)).status, 404);
    assert.equal((await adjust({ fee_id: (await feeOf('calls')).lago_id, units: '1' })).status, 200);
  });

  it('are one for each line, also when two people are at it', async () => {
    const { lago_id: fee_id } = await feeOf('calls');
    const answers = await Promise.all([1, 2, 3].map((units) => adjust({ fee_id, units })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 404, 404]);
    const again = await adjust({ fee_id: (await feeOf('calls')).lago_id, units: 5 });
    assert.deepEqual([again.status, again.body.error_details], [422, { adjusted_fee: ['already_exists'] }]);
  });

  const refusals: [what: string, input: () => Promise<object> | object, status: number, said: object | string][] = [
    ['no units', async () => ({ fee_id: (await feeOf('calls')).lago_id }), 422, { units: ['value_is_mandatory'] }],
    ['a price without units', async () => ({ fee_id: (await feeOf('calls')).lago_id, unit_precise_amount: '1' }), 422, { units: ['value_is_mandatory'] }],
    ['only a name where nothing was used', () => ({ subscription_id, charge_id: charges['other'], invoice_display_name: 'X' }), 422, { units: ['value_is_mandatory'] }],
    ['fewer than no units', async () => ({ fee_id: (await feeOf('calls')).lago_id, units: '-1' }), 422, { units: ['value_is_out_of_range'] }],
    ['a price below nothing', async () => ({ fee_id: (await feeOf('calls')).lago_id, units: 1, unit_precise_amount: '-0.01' }), 422, { unit_precise_amount: ['value_is_out_of_range'] }],
    ['units that are no number', async () => ({ fee_id: (await feeOf('calls')).lago_id, units: 'many' }), 422, { units: ['value_is_invalid'] }],
    ['more than anybody pays', async () => ({ fee_id: (await feeOf('calls')).lago_id, units: '99999999999999' }), 422, { units: ['value_is_out_of_range'] }],
    ['a price beyond all measure', async () => ({ fee_id: (await feeOf('calls')).lago_id, units: '1', unit_precise_amount: '99999999999999' }), 422, { units: ['value_is_out_of_range'] }],
    ['too many subscriptions', async () => ({ fee_id: (await feeOf('subscription')).lago_id, units: '99999999999' }), 422, { units: ['value_is_out_of_range'] }],
    ['units alone for a percentage charge', () => ({ subscription_id, charge_id: charges['share'], units: '1' }), 422, { charge: ['invalid_charge_model'] }],
    ['units alone for a prorated graduated charge', () => ({ subscription_id, charge_id: charges['seats'], units: '1' }), 422, { charge: ['invalid_charge_model'] }],
    ['a group that the charge does not have', () => ({ subscription_id, charge_id: charges['other'], units: '1', grouped_by: { region: 'eu' } }), 422, { grouped_by: ['value_is_invalid'] }],
    ['an unknown fee', () => ({ fee_id: newId(), units: 1 }), 404, 'fee_not_found'],
    ['a fee id that is none', () => ({ fee_id: 'nonsense', units: 1 }), 404, 'fee_not_found'],
    ['an unknown subscription', () => ({ subscription_id: newId(), charge_id: charges['other'], units: 1 }), 404, 'subscription_not_found'],
    ['no subscription', () => ({ charge_id: charges['other'], units: 1 }), 404, 'subscription_not_found'],
    ['an unknown charge', () => ({ subscription_id, charge_id: newId(), units: 1 }), 404, 'charge_not_found'],
    ['a charge in advance, which has been billed', () => ({ subscription_id, charge_id: charges['instant'], units: 1 }), 404, 'charge_not_found'],
    ['an unknown filter', () => ({ subscription_id, charge_id: charges['other'], charge_filter_id: newId(), units: 1 }), 404, 'charge_filter_not_found'],
  ]; // prettier-ignore
  for (const [what, input, status, said] of refusals)
    it(`are refused with ${what}`, async () => {
      const answer = await adjust(await input());
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.deepEqual(status === 404 ? answer.body.code : answer.body.error_details, said);
      assert.deepEqual(await lines(), ['Pro 1 = 3000', 'calls 4 = 2000']);
      assert.deepEqual((await acme.get(`/invoices/${draft}/adjusted_fees`)).body.adjusted_fees, []);
    });

  it('with a price may be of any charge in arrears', async () => {
    for (const code of ['share', 'seats'])
      assert.equal((await adjust({ subscription_id, charge_id: charges[code], units: '2', unit_precise_amount: '0.5' })).status, 200); // prettier-ignore
    assert.deepEqual((await lines()).sort(), ['Pro 1 = 3000', 'calls 4 = 2000', 'seats 2 = 100', 'share 2 = 100']);
  });

  it('are for drafts only', async () => {
    const { lago_id: fee_id } = await feeOf('calls');
    const { lago_id } = (await adjust({ fee_id, units: '3' })).body.adjusted_fee;
    await acme.put(`/invoices/${draft}/finalize`);
    const answers = [
      await adjust({ fee_id: (await feeOf('calls')).lago_id, units: '1' }),
      await acme.delete(`/invoices/${draft}/adjusted_fees/${lago_id}`),
    ];
    for (const { status, body } of answers) assert.deepEqual([status, body.code], [403, 'feature_unavailable']);
    assert.equal((await acme.get(`/invoices/${draft}/adjusted_fees`)).body.adjusted_fees.length, 1);
    assert.equal((await acme.get(`/invoices/${newId()}/adjusted_fees`)).status, 404);
  });
});

type Body = ReturnType<typeof JSON.parse>;

const GRADUATED = { graduated_ranges: [{ from_value: 0, to_value: null, per_unit_amount: '1', flat_amount: '0' }] };
