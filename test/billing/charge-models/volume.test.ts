import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decimalTexts, price, someUnits, tiersOf } from './prices.ts';

const tiers = {
  volume_ranges: [
    { from_value: 0, to_value: 100, per_unit_amount: '2', flat_amount: '10' },
    { from_value: 101, to_value: 200, per_unit_amount: '1', flat_amount: '0' },
    { from_value: 201, to_value: null, per_unit_amount: '0.5', flat_amount: '50' },
  ],
};

describe('volume', () => {
  const cases = [
    { units: 0, amount: '10' },
    { units: 1, amount: '12' },
    { units: 100, amount: '210' },
    { units: '100.5', amount: '100.5' }, // past the first tier, so in the second
    { units: 101, amount: '101' },
    { units: 200, amount: '200' },
    { units: 300, amount: '200' },
  ];
  for (const { units, amount } of cases) {
    it(`sells ${units} units for ${amount}`, () => {
      assert.equal(price('volume', tiers, { units }).amount.toFixed(), amount);
    });
  }

  it('shows the one tier that applies', () => {
    assert.deepEqual(price('volume', tiers, { units: 100 }).amount_details, {
      flat_unit_amount: '10.0',
      per_unit_amount: '2.0',
      per_unit_total_amount: '200.0',
    });
    assert.deepEqual(price('volume', tiers, { units: 0 }).amount_details, {
      flat_unit_amount: '10.0',
      per_unit_amount: '0.0',
      per_unit_total_amount: '0.0',
    });
  });

  it('chooses the tier by the full units and prices the prorated ones', () => {
    const result = price('volume', tiers, { units: 60, full_units: 120 });
    assert.equal(result.amount.toFixed(), '60');
    assert.equal(result.unit_amount.toFixed(), '0.5');
  });

  it('prices units between two tiers with a gap as of the next one', () => {
    const gap = {
      volume_ranges: [
        { from_value: 0, to_value: 10, per_unit_amount: '2', flat_amount: '0' },
        { from_value: 12, to_value: null, per_unit_amount: '1', flat_amount: '0' },
      ],
    };
    assert.equal(price('volume', gap, { units: 11 }).amount.toFixed(), '11');
  });

  it('costs what the standard model costs when all tiers have one price', () => {
    fc.assert(
      fc.property(tiersOf(1, fc.constant({ flat_amount: '0' })), someUnits, decimalTexts(), (ranges, units, amount) => {
        const volume_ranges = ranges.map((range) => ({ ...range, per_unit_amount: amount }));
        const standard = price('standard', { amount }, { units });
        assert.equal(price('volume', { volume_ranges }, { units }).amount.toFixed(), standard.amount.toFixed());
      }),
    );
  });
});
