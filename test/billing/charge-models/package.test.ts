import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decimalTexts, price, someUnits } from './prices.ts';

describe('package', () => {
  const cases = [
    { units: 121, free_units: 0, amount: '1300', unit_amount: '10.74' },
    { units: 121, free_units: 10, amount: '1200', unit_amount: '10.81' },
    { units: 121, free_units: 200, amount: '0', unit_amount: '0' },
    { units: 121, free_units: 121, amount: '0', unit_amount: '0' },
    { units: 0, free_units: 0, amount: '0', unit_amount: '0' },
    { units: '0.1', free_units: 0, amount: '100', unit_amount: '1000' },
    { units: 10, free_units: 0, amount: '100', unit_amount: '10' },
    { units: '10.001', free_units: 0, amount: '200', unit_amount: '20' },
  ];
  for (const { units, free_units, amount, unit_amount } of cases) {
    it(`sells ${units} units, ${free_units} of them free, for ${amount}`, () => {
      const result = price('package', { amount: '100', package_size: 10, free_units }, { units });
      assert.equal(result.amount.toFixed(), amount);
      assert.equal(result.unit_amount.toDecimalPlaces(2).toFixed(), unit_amount);
    });
  }

  it('shows what was free and what was paid', () => {
    const properties = { amount: '100', package_size: 10, free_units: 10 };
    const configured = { free_units: '10.0', per_package_size: 10, per_package_unit_amount: '100.0' };
    assert.deepEqual(price('package', properties, { units: 121 }).amount_details, {
      ...configured,
      paid_units: '111.0',
    });
    assert.deepEqual(price('package', properties, { units: 5 }).amount_details, { ...configured, paid_units: '0.0' });
    assert.deepEqual(price('package', properties, { units: 0 }).amount_details, {
      free_units: '0.0',
      paid_units: '0.0',
      per_package_size: 0,
      per_package_unit_amount: '0.0',
    });
  });

  const anyPackage = fc.record({
    amount: decimalTexts(),
    package_size: fc.integer({ min: 1, max: 50 }),
    free_units: fc.integer({ min: 0, max: 50 }),
  });

  it('never costs less for more, nor more than one package beyond the share of units', () => {
    fc.assert(
      fc.property(anyPackage, someUnits, someUnits, (properties, units, more) => {
        const { amount } = price('package', properties, { units });
        assert.ok(price('package', properties, { units: units.plus(more) }).amount.gte(amount));
        assert.ok(amount.lte(units.div(properties.package_size).plus(1).times(properties.amount)));
      }),
    );
  });
});
