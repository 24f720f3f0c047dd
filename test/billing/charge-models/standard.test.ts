import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decimalTexts, price, someUnits } from './prices.ts';

describe('standard', () => {
  const cases = [
    { units: '3.5', amount: '0.0012', expected: '0.0042' },
    { units: 3, amount: '0.335', expected: '1.005' },
    { units: 0, amount: '12', expected: '0' },
    { units: 7, amount: '0', expected: '0' },
    { units: '1000000000', amount: '0.000000001', expected: '1' },
  ];
  for (const { units, amount, expected } of cases) {
    it(`sells ${units} units at ${amount} for ${expected}`, () => {
      const result = price('standard', { amount }, { units });
      assert.equal(result.amount.toFixed(), expected);
      assert.deepEqual(result.amount_details, {});
    });
  }

  it('shows the price of a unit, and none without units', () => {
    assert.equal(price('standard', { amount: '0.335' }, { units: 3 }).unit_amount.toFixed(), '0.335');
    assert.equal(price('standard', { amount: '0.335' }, { units: 0 }).unit_amount.toFixed(), '0');
  });

  it('divides the price of prorated units by the full units', () => {
    const result = price('standard', { amount: '30' }, { units: '2.5', full_units: 5 });
    assert.equal(result.amount.toFixed(), '75');
    assert.equal(result.unit_amount.toFixed(), '15');
  });

  it('costs the same whether usage is counted at once or in parts', () => {
    fc.assert(
      fc.property(decimalTexts(), someUnits, someUnits, (amount, a, b) => {
        const parts = price('standard', { amount }, { units: a }).amount.plus(
          price('standard', { amount }, { units: b }).amount,
        );
        assert.equal(price('standard', { amount }, { units: a.plus(b) }).amount.toFixed(), parts.toFixed());
      }),
    );
  });
});
