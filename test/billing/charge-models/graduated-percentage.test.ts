import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sum } from '../../../billing/money/decimal.ts';
import { decimalTexts, price, someUnits, tiersOf } from './prices.ts';

const tiers = {
  graduated_percentage_ranges: [
    { from_value: 0, to_value: 10, rate: '1', flat_amount: '200' },
    { from_value: 11, to_value: 20, rate: '2', flat_amount: '300' },
    { from_value: 21, to_value: null, rate: '3', flat_amount: '400' },
  ],
};

describe('graduated percentage', () => {
  const cases = [
    { units: 0, amount: '200' },
    { units: 1, amount: '200.01' },
    { units: 10, amount: '200.1' },
    { units: 11, amount: '500.12' },
    { units: 21, amount: '900.33' }, // 200.10 + 300.20 + 400.03
  ];
  for (const { units, amount } of cases) {
    it(`takes ${amount} of ${units}`, () => {
      assert.equal(price('graduated_percentage', tiers, { units }).amount.toFixed(), amount);
    });
  }

  it('shows the tiers that were entered', () => {
    assert.deepEqual(price('graduated_percentage', tiers, { units: 11 }).amount_details, {
      graduated_percentage_ranges: [
        {
          from_value: 0,
          to_value: 10,
          flat_unit_amount: '200.0',
          rate: '1.0',
          units: '10.0',
          per_unit_total_amount: '0.1',
          total_with_flat_amount: '200.1',
        },
        {
          from_value: 11,
          to_value: 20,
          flat_unit_amount: '300.0',
          rate: '2.0',
          units: '1.0',
          per_unit_total_amount: '0.02',
          total_with_flat_amount: '300.02',
        },
      ],
    });
  });

  it('counts a unit twice where tiers touch', () => {
    const touching = {
      graduated_percentage_ranges: [
        { from_value: 0, to_value: 10, rate: '1', flat_amount: '0' },
        { from_value: 10, to_value: null, rate: '1', flat_amount: '0' },
      ],
    };
    assert.equal(price('graduated_percentage', touching, { units: 20 }).amount.toFixed(), '0.21'); // (10 + 11) × 1 %
  });

  const anyTiers = tiersOf(1, fc.record({ rate: decimalTexts(), flat_amount: decimalTexts() }));

  it('puts every unit into exactly one tier', () => {
    fc.assert(
      fc.property(anyTiers, someUnits, (graduated_percentage_ranges, units) => {
        const { amount_details } = price('graduated_percentage', { graduated_percentage_ranges }, { units });
        const lines = amount_details.graduated_percentage_ranges as { units: string }[];
        assert.equal(sum(lines.map((line) => line.units)).toFixed(), units.toFixed());
      }),
    );
  });

  it('never costs less for more', () => {
    fc.assert(
      fc.property(anyTiers, someUnits, someUnits, (graduated_percentage_ranges, units, more) => {
        const properties = { graduated_percentage_ranges };
        const less = price('graduated_percentage', properties, { units }).amount;
        assert.ok(price('graduated_percentage', properties, { units: units.plus(more) }).amount.gte(less));
      }),
    );
  });
});
