import assert from 'node:assert/strict';
import { priceCharge } from '../../billing/charge-models/price-charge.ts';
import { priceInstantUsage } from '../../billing/usage/in-advance.ts';
import { Decimal } from '../../billing/money/decimal.ts';

const credits = { id: 'unit', code: 'credits', short_name: 'CR', conversion_rate: '2.5' };
const standard = { charge_model: 'standard', properties: { amount: '0.335' } } as const;

describe('a charge that is priced in a pricing unit', () => {
  it('is rounded to the cents of the unit, and then to those of the currency', () => {
    const numbers = priceCharge({ ...standard, currency: 'EUR', units: '3', events_count: 1, pricing_unit: credits });
    // 3 × 0.335 = 1.005 → 1.01 credits × 2.5 = 2.525 → 2.53
    assert.deepEqual(
      [numbers.amount_cents, numbers.precise_amount_cents, numbers.precise_unit_amount],
      [253, '252.5', '0.8375'],
    );
    assert.deepEqual(numbers.pricing_unit, {
      pricing_unit_id: 'unit',
      code: 'credits',
      short_name: 'CR',
      conversion_rate: '2.5',
      amount_cents: 101,
      precise_amount_cents: '100.5',
      unit_amount_cents: 34,
      precise_unit_amount: '0.335',
    });
  });

  it('has cents of its own, whatever those of the currency', () => {
    const yen = priceCharge({ ...standard, currency: 'JPY', units: '3', events_count: 1, pricing_unit: credits });
    assert.deepEqual([yen.amount_cents, yen.precise_amount_cents], [3, '2.525']);
  });

  it('converts what is paid event by event as well', () => {
    const one = new Decimal(1);
    const numbers = priceInstantUsage({
      ...standard,
      currency: 'EUR',
      pricing_unit: credits,
      aggregation_type: 'count_agg',
      units: one,
      billable: one,
      total: one,
      events_count: 1,
      event_values: [],
      period_values: [],
      dynamic_amount_cents: null,
    });
    // 0.335 → 0.34 × 2.5
    assert.deepEqual([numbers.amount_cents, numbers.pricing_unit?.amount_cents], [85, 34]);
  });
});
