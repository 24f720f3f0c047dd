import assert from 'node:assert/strict';
import fc from 'fast-check';
import { roundUnits } from '../../../billing/billable-metrics/rounding.ts';
import { Decimal } from '../../../billing/money/decimal.ts';

describe('rounding units', () => {
  const cases = [
    { how: 'round', precision: 2, units: '123.456', expected: '123.46' },
    { how: 'round', precision: null, units: '123.456', expected: '123' },
    { how: 'round', precision: -2, units: '123.456', expected: '100' },
    { how: 'ceil', precision: -2, units: '123.456', expected: '200' },
    { how: 'ceil', precision: null, units: '123.456', expected: '124' },
    { how: 'floor', precision: 2, units: '123.456', expected: '123.45' },
    { how: 'round', precision: 0, units: '0.5', expected: '1' },
    { how: 'round', precision: 0, units: '-0.5', expected: '-1' },
    { how: 'ceil', precision: 0, units: '-0.5', expected: '0' },
    { how: 'floor', precision: 0, units: '-0.5', expected: '-1' },
    { how: 'floor', precision: -3, units: '999', expected: '0' },
    { how: null, precision: 2, units: '123.456', expected: '123.456' },
  ] as const;
  for (const { how, precision, units, expected } of cases) {
    it(`${how ?? 'not at all'} at ${precision ?? 'no'} digits takes ${units} to ${expected}`, () => {
      const rounding = { rounding_function: how, rounding_precision: precision };
      assert.ok(roundUnits(new Decimal(units), rounding).eq(expected));
    });
  }

  it('goes down with floor, up with ceil, and to the nearer one with round', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: -4, max: 4 }), (thousandths, rounding_precision) => {
        const units = new Decimal(thousandths).div(1000);
        const at = (rounding_function: 'round' | 'ceil' | 'floor'): Decimal =>
          roundUnits(units, { rounding_function, rounding_precision });
        assert.ok(at('floor').lte(units) && at('ceil').gte(units));
        const nearest = Decimal.min(units.minus(at('floor')), at('ceil').minus(units));
        assert.ok(at('round').minus(units).abs().eq(nearest));
      }),
    );
  });
});
