import assert from 'node:assert/strict';
import { isChargeFeeStored, priceCharge } from '../../../billing/charge-models/price-charge.ts';
import { Decimal } from '../../../billing/money/decimal.ts';

const openTier = { from_value: 0, to_value: null };

describe('the fee of a charge', () => {
  it('keeps the exact amount and rounds it to cents once', () => {
    const fee = priceCharge({
      charge_model: 'standard',
      properties: { amount: '0.335' },
      units: '3',
      events_count: 3,
      currency: 'EUR',
    });
    assert.deepEqual(fee, {
      amount_cents: 101, // 3 × 0.335 = 1.005
      precise_amount_cents: '100.5',
      precise_unit_amount: '0.335',
      units: '3',
      total_aggregated_units: '3',
      unrounded_units: '3',
      events_count: 3,
      amount_details: {},
    });
  });

  const currencies = [
    { currency: 'EUR', amount: '1.005', amount_cents: 101 },
    { currency: 'JPY', amount: '1.5', amount_cents: 2 },
    { currency: 'JPY', amount: '1.49', amount_cents: 1 },
    { currency: 'KWD', amount: '1.0005', amount_cents: 1001 },
    { currency: 'EUR', amount: '0.0042', amount_cents: 0 },
  ];
  for (const { currency, amount, amount_cents } of currencies) {
    it(`of ${amount} ${currency} is ${amount_cents} in its smallest unit`, () => {
      const usage = { units: '1', events_count: 1, currency } as const;
      assert.equal(
        priceCharge({ ...usage, charge_model: 'standard', properties: { amount } }).amount_cents,
        amount_cents,
      );
    });
  }

  it('keeps 15 digits of what has no end', () => {
    const properties = { amount: '10', package_size: 3, free_units: 0 };
    const fee = priceCharge({ charge_model: 'package', properties, units: '3', events_count: 1, currency: 'EUR' });
    assert.equal(fee.precise_unit_amount, '3.333333333333333');
  });

  it('is nothing for units below 0, flat amounts included', () => {
    const properties = { graduated_ranges: [{ ...openTier, per_unit_amount: '1', flat_amount: '5' }] };
    const usage = { charge_model: 'graduated', properties, events_count: 2, currency: 'EUR' } as const;
    assert.deepEqual(priceCharge({ ...usage, units: '-3' }), {
      amount_cents: 0,
      precise_amount_cents: '0',
      precise_unit_amount: '0',
      units: '0',
      total_aggregated_units: '0',
      unrounded_units: '0',
      events_count: 2,
      amount_details: {},
    });
    assert.equal(priceCharge({ ...usage, units: '0' }).amount_cents, 500);
  });

  it('is nothing when more was given back than is left, even if the days of use are worth something', () => {
    const usage = { charge_model: 'standard', properties: { amount: '1' }, events_count: 2, currency: 'EUR' } as const;
    assert.deepEqual(priceCharge({ ...usage, units: '3.5', full_units: '-5' }).amount_cents, 0);
  });

  it('is nothing for an amount below 0', () => {
    const events = { dynamic_amount_cents: new Decimal(-500) };
    const usage = { charge_model: 'dynamic', properties: {}, units: '3', events_count: 1, currency: 'EUR' } as const;
    const fee = priceCharge({ ...usage, events });
    assert.deepEqual([fee.amount_cents, fee.units, fee.precise_amount_cents], [0, '0', '0']);
  });

  it('rounds the units as its metric says before pricing them', () => {
    const usage = { charge_model: 'standard', properties: { amount: '1' }, events_count: 1, currency: 'EUR' } as const;
    const rounding = { rounding_function: 'ceil', rounding_precision: 1 } as const;
    const fee = priceCharge({ ...usage, units: '1.21', rounding });
    assert.deepEqual([fee.units, fee.amount_cents], ['1.3', 130]);
  });

  it('shows the full units of a prorated charge', () => {
    const fee = priceCharge({
      charge_model: 'standard',
      properties: { amount: '30' },
      units: '3.5',
      full_units: '5',
      events_count: 5,
      currency: 'EUR',
    });
    assert.deepEqual([fee.units, fee.amount_cents, fee.precise_unit_amount], ['5', 10500, '21']);
  });

  it('shows what a weighted sum has added up beside its units', () => {
    const usage = { charge_model: 'standard', properties: { amount: '1' }, events_count: 7, currency: 'EUR' } as const;
    const fee = priceCharge({ ...usage, units: '0.02218', total_aggregated_units: '12' });
    assert.deepEqual([fee.units, fee.total_aggregated_units], ['0.02218', '12']);
  });

  it('stays exact for large and small numbers', () => {
    const usage = { charge_model: 'standard', events_count: 1, currency: 'EUR' } as const;
    const properties = { amount: '0.000000000000001' };
    assert.equal(
      priceCharge({ ...usage, properties, units: '123456789012345678' }).precise_amount_cents,
      '12345.6789012345678',
    );
  });
});

describe('a fee is stored', () => {
  const cases = [
    { units: '0', amount_cents: 0, events_count: 0, isStored: false },
    { units: '0.000', amount_cents: 0, events_count: 0, isStored: false },
    { units: '0', amount_cents: 200, events_count: 0, isStored: true }, // a flat amount without usage
    { units: '0', amount_cents: 0, events_count: 5, isStored: true }, // events that sum to 0
    { units: '3', amount_cents: 0, events_count: 0, isStored: true },
  ];
  for (const { isStored, ...fee } of cases) {
    it(`${isStored ? '' : 'not '}with ${fee.units} units, ${fee.amount_cents} cents, ${fee.events_count} events`, () => {
      assert.equal(isChargeFeeStored(fee), isStored);
    });
  }
});
