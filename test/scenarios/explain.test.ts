import assert from 'node:assert/strict';
import { addsUp, explainFee, type ExplanationStep } from '../../billing/explanations/explain-fee.ts';
import { readFeeOrigin } from '../../db/fee-origins.ts';
import { listFees } from '../../db/fees.ts';
import { inOrganization } from '../../db/transaction.ts';
import { type Sandbox, sandbox, standard, stories, storySystem } from '../support/sandbox.ts';

stories('explained fees', () => {
  /** Every fee of the organization, by the code of its item and its type. */
  async function explainAll({ organization_id }: Sandbox): Promise<Map<string, ExplanationStep[]>> {
    const { db } = await storySystem();
    return inOrganization(db, organization_id, async (trx) => {
      const explained = new Map<string, ExplanationStep[]>();
      for (const fee of await listFees(trx, {})) {
        const steps = explainFee(await readFeeOrigin(trx, fee));
        assert(addsUp(steps, fee), `${fee.item_code} ${fee.fee_type}: ${JSON.stringify(steps)}`);
        explained.set(`${fee.fee_type} ${fee.item_code}${fee.true_up_parent_fee_id ? ' true-up' : ''}`, steps);
      }
      return explained;
    });
  }
  const step = (steps: ExplanationStep[] | undefined, name: ExplanationStep['step']) =>
    steps?.find((one) => one.step === name);

  it('add up to the cent for every charge model, with proration, minimums, coupons and taxes', async () => {
    const acme = await sandbox({ at: '2026-01-10T08:00:00.000Z' });
    await acme.tax('vat', '20', { applied_to_organization: true });
    await acme.tax('city', '1.5', { applied_to_organization: true });
    const sum = { aggregation_type: 'sum_agg', field_name: 'units' };
    const metric = (code: string, fields: object = {}) => acme.metric(code, { ...sum, ...fields });
    const tiers = [
      { from_value: 0, to_value: 10, per_unit_amount: '1.005', flat_amount: '2' },
      { from_value: 11, to_value: null, per_unit_amount: '0.333', flat_amount: '1' },
    ];
    const charges = [
      standard(await metric('standard', { rounding_function: 'ceil', rounding_precision: 0 }), '0.777'),
      { ...standard(await metric('minimum'), '1'), min_amount_cents: 5000 },
      {
        billable_metric_id: await metric('graduated'),
        charge_model: 'graduated',
        properties: { graduated_ranges: tiers },
      },
      { billable_metric_id: await metric('volume'), charge_model: 'volume', properties: { volume_ranges: tiers } },
      {
        billable_metric_id: await metric('package'),
        charge_model: 'package',
        properties: { amount: '3', free_units: 2, package_size: 5 },
      },
      {
        billable_metric_id: await metric('percentage'),
        charge_model: 'percentage',
        properties: { rate: '1.3', fixed_amount: '0.5', free_units_per_events: 1 },
      },
      { ...standard(await metric('prorated', { recurring: true }), '3.1'), prorated: true },
      {
        billable_metric_id: await metric('advance'),
        charge_model: 'graduated',
        pay_in_advance: true,
        properties: { graduated_ranges: tiers },
      },
    ];
    const plan = { code: 'p', charges, minimum_commitment: { amount_cents: 100_000 } };
    await acme.subscribe({ plan });
    const coupon = { name: 'Off', code: 'off', coupon_type: 'percentage', percentage_rate: '7', frequency: 'forever' };
    await acme.post('/coupons', { coupon: { ...coupon, expiration: 'no_expiration' } });
    await acme.post('/applied_coupons', { applied_coupon: { external_customer_id: 'cus', coupon_code: 'off' } });
    for (const code of ['standard', 'minimum', 'graduated', 'volume', 'package', 'percentage', 'prorated', 'advance'])
      await acme.use(code, { units: '6.4' }, { units: '7.13' });
    await acme.clock.moveTo('2026-02-02T00:00:00.000Z');

    const explained = await explainAll(acme);
    assert.deepEqual(step(explained.get('charge standard'), 'units'), {
      step: 'units',
      aggregated: '13.53',
      rounded: '14.0',
    });
    assert.deepEqual(step(explained.get('charge standard'), 'price'), {
      step: 'price',
      charge_model: 'standard',
      lines: [{ text: '14 × 0.777', amount: '10.878' }],
      amount: '10.878',
    });
    assert.deepEqual(step(explained.get('subscription p'), 'proration'), {
      step: 'proration',
      plan_amount_cents: 3000,
      days: '22.0',
      days_in_period: 31,
      amount: '21.29032258064516129',
    });
    const minimum = step(explained.get('charge minimum true-up'), 'minimum');
    assert(minimum?.step === 'minimum' && minimum.reached === '13.53', JSON.stringify(minimum));
    const commitment = step(explained.get('commitment p'), 'minimum');
    assert(commitment?.step === 'minimum');
    assert.equal(commitment.prorated_minimum, '709.68', '1000 × 22 / 31');
    assert.equal(step(explained.get('charge volume'), 'discounts')?.step, 'discounts');
    assert(explained.size >= 11, [...explained.keys()].join());
  });

  it('are told through the API', async () => {
    const acme = await sandbox({ at: '2026-01-01T00:00:00.000Z' });
    await acme.customer();
    await acme.post('/add_ons', {
      add_on: { name: 'Setup', code: 'setup', amount_cents: 1000, amount_currency: 'EUR' },
    });
    const { invoice } = await acme.post('/invoices', {
      invoice: { external_customer_id: 'cus', fees: [{ add_on_code: 'setup', units: '1.5' }] },
    });
    const { fee_explanation } = await acme.get(`/fees/${invoice.fees[0].lago_id}/explain`);
    assert.deepEqual(fee_explanation.steps, [
      { step: 'sale', units: '1.5', unit_amount: '10.0', amount: '15.0' },
      { step: 'rounding', amount: '15.0', amount_cents: 1500 },
      { step: 'taxes', taxable_cents: '1500.0', lines: [], taxes_amount_cents: 0 },
      { step: 'total', amount_cents: 1500, taxes_amount_cents: 0, total_amount_cents: 1500 },
    ]);
    assert.equal((await acme.call('GET', '/fees/no/explain')).body.code, 'fee_not_found');
  });
});
