import assert from 'node:assert/strict';
import fc from 'fast-check';
import { sum } from '../../../billing/money/decimal.ts';
import { decimalTexts, price, someUnits, tiersOf } from './prices.ts';

const tiers = {
  graduated_ranges: [
    { from_value: 0, to_value: 10, per_unit_amount: '10', flat_amount: '2' },
    { from_value: 11, to_value: 20, per_unit_amount: '5', flat_amount: '3' },
    { from_value: 21, to_value: null, per_unit_amount: '5', flat_amount: '3' },
  ],
};

interface Line {
  readonly units: string;
  readonly total_with_flat_amount: string;
}

describe('graduated', () => {
  const cases = [
    { units: 0, amount: '2', unit_amount: '0' }, // nothing used: the flat amount of the first tier
    { units: 1, amount: '12', unit_amount: '12' },
    { units: 10, amount: '102', unit_amount: '10.2' },
    { units: '10.5', amount: '107.5', unit_amount: '10.2380952381' }, // 102 + 0.5 × 5 + 3
    { units: 11, amount: '110', unit_amount: '10' },
    { units: 12, amount: '115', unit_amount: '9.5833333333' },
    { units: 20, amount: '155', unit_amount: '7.75' },
    { units: 21, amount: '163', unit_amount: '7.7619047619' },
  ];
  for (const { units, amount, unit_amount } of cases) {
    it(`sells ${units} units for ${amount}`, () => {
      const result = price('graduated', tiers, { units });
      assert.equal(result.amount.toFixed(), amount);
      assert.equal(result.unit_amount.toDecimalPlaces(10).toFixed(), unit_amount);
    });
  }

  it('shows the tiers that were entered', () => {
    assert.deepEqual(price('graduated', tiers, { units: '10.5' }).amount_details, {
      graduated_ranges: [
        {
          from_value: 0,
          to_value: 10,
          flat_unit_amount: '2.0',
          per_unit_amount: '10.0',
          units: '10.0',
          per_unit_total_amount: '100.0',
          total_with_flat_amount: '102.0',
        },
        {
          from_value: 11,
          to_value: 20,
          flat_unit_amount: '3.0',
          per_unit_amount: '5.0',
          units: '0.5',
          per_unit_total_amount: '2.5',
          total_with_flat_amount: '5.5',
        },
      ],
    });
  });

  it('shows no price per unit for a tier without units', () => {
    assert.deepEqual(price('graduated', tiers, { units: 0 }).amount_details, {
      graduated_ranges: [
        {
          from_value: 0,
          to_value: 10,
          flat_unit_amount: '2.0',
          per_unit_amount: '0.0',
          units: '0.0',
          per_unit_total_amount: '0.0',
          total_with_flat_amount: '2.0',
        },
      ],
    });
  });

  it('splits at the bound that touching tiers share', () => {
    const touching = {
      graduated_ranges: [
        { from_value: 0, to_value: 10, per_unit_amount: '10', flat_amount: '0' },
        { from_value: 10, to_value: null, per_unit_amount: '1', flat_amount: '0' },
      ],
    };
    assert.equal(price('graduated', touching, { units: 10 }).amount.toFixed(), '100');
    assert.equal(price('graduated', touching, { units: '10.25' }).amount.toFixed(), '100.25');
    assert.equal(price('graduated', touching, { units: 13 }).amount.toFixed(), '103');
  });

  it('reads tiers that begin at 1', () => {
    const fromOne = {
      graduated_ranges: [
        { from_value: 1, to_value: 10, per_unit_amount: '10', flat_amount: '2' },
        { from_value: 11, to_value: null, per_unit_amount: '1', flat_amount: '0' },
      ],
    };
    assert.equal(price('graduated', fromOne, { units: 0 }).amount.toFixed(), '2');
    assert.equal(price('graduated', fromOne, { units: 11 }).amount.toFixed(), '103'); // 10 × 10 + 2 + 1
    const single = { graduated_ranges: [{ from_value: 1, to_value: null, per_unit_amount: '10', flat_amount: '0' }] };
    assert.equal(price('graduated', single, { units: 3 }).amount.toFixed(), '30');
  });

  const anyTiers = fc
    .constantFrom<0 | 1>(0, 1)
    .chain((step) => tiersOf(step, fc.record({ per_unit_amount: decimalTexts(), flat_amount: decimalTexts() })));

  it('puts every unit into exactly one tier', () => {
    fc.assert(
      fc.property(anyTiers, someUnits, (graduated_ranges, units) => {
        const result = price('graduated', { graduated_ranges }, { units });
        const lines = result.amount_details.graduated_ranges as Line[];
        assert.equal(sum(lines.map((line) => line.units)).toFixed(), units.toFixed());
        assert.equal(sum(lines.map((line) => line.total_with_flat_amount)).toFixed(), result.amount.toFixed());
      }),
    );
  });

  it('costs what the standard model costs when all tiers have one price', () => {
    fc.assert(
      fc.property(anyTiers, someUnits, decimalTexts(), (ranges, units, amount) => {
        const graduated_ranges = ranges.map((range) => ({ ...range, per_unit_amount: amount, flat_amount: '0' }));
        const standard = price('standard', { amount }, { units });
        assert.equal(price('graduated', { graduated_ranges }, { units }).amount.toFixed(), standard.amount.toFixed());
      }),
    );
  });

  it('never costs less for more', () => {
    fc.assert(
      fc.property(anyTiers, someUnits, someUnits, (graduated_ranges, units, more) => {
        const less = price('graduated', { graduated_ranges }, { units }).amount;
        assert.ok(price('graduated', { graduated_ranges }, { units: units.plus(more) }).amount.gte(less));
      }),
    );
  });
});
