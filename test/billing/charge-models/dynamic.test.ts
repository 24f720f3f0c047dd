import assert from 'node:assert/strict';
import { chargeModels } from '../../../billing/charge-models/index.ts';
import { Decimal } from '../../../billing/money/decimal.ts';
import { price } from './prices.ts';

describe('dynamic', () => {
  it('costs what the events say', () => {
    const result = price('dynamic', {}, { units: 5, dynamic_amount_cents: '1234.56' });
    assert.equal(result.amount.toFixed(), '12.3456');
    assert.equal(result.unit_amount.toFixed(), '2.46912');
    assert.deepEqual(result.amount_details, {});
  });

  it('costs nothing without units, whatever the events say', () => {
    assert.equal(price('dynamic', {}, { units: 0, dynamic_amount_cents: '500' }).amount.toFixed(), '0');
  });

  it("reads the events' amounts in the smallest unit of the currency", () => {
    const usage = {
      units: new Decimal(1),
      events_count: 1,
      dynamic_amount_cents: new Decimal('1234.5'),
      properties: {},
    };
    assert.equal(chargeModels.dynamic.price({ ...usage, currency: 'JPY' }).amount.toFixed(), '1234.5');
    assert.equal(chargeModels.dynamic.price({ ...usage, currency: 'KWD' }).amount.toFixed(), '1.2345');
  });
});
