import { z } from 'zod';
import { Decimal, toWireDecimal, ZERO } from '../money/decimal.ts';
import { defineChargeModel } from './charge-model.ts';
import { decimalText, integerFrom } from './properties.ts';

const properties = z.object({
  amount: decimalText('invalid_amount'),
  free_units: integerFrom(0, 'invalid_free_units'),
  package_size: integerFrom(1, 'invalid_package_size'),
});

/** Sold in whole packages: one unit past the boundary pays for a whole further package. */
export const packageModel = defineChargeModel({
  name: 'package',
  properties,
  default_properties: { amount: '0', free_units: 0, package_size: 1 },
  canBePaidInAdvance: true,
  prorates: 'never',
  isPricedFromUnits: true,
  price({ units, properties: { amount: packagePrice, free_units, package_size } }) {
    const paid = Decimal.max(units.minus(free_units), 0);
    const amount = paid.div(package_size).ceil().times(packagePrice);

    return {
      amount,
      unit_amount: paid.isZero() ? ZERO : amount.div(paid),
      amount_details: units.isZero()
        ? { free_units: '0.0', paid_units: '0.0', per_package_size: 0, per_package_unit_amount: '0.0' }
        : {
            free_units: toWireDecimal(free_units),
            paid_units: toWireDecimal(paid),
            per_package_size: package_size,
            per_package_unit_amount: toWireDecimal(packagePrice),
          },
    };
  },
});
