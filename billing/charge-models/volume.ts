import { z } from 'zod';
import { assert } from '../assert.ts';
import { toWireDecimal } from '../money/decimal.ts';
import { defineChargeModel } from './charge-model.ts';
import { decimalText } from './properties.ts';
import { tierList } from './tiers.ts';

const properties = z.object({
  volume_ranges: tierList(
    'volume_ranges',
    { per_unit_amount: decimalText('invalid_amount'), flat_amount: decimalText('invalid_amount') },
    [1, 2],
  ),
});

/** All units at the price of the one tier that the total reaches. A fraction past a tier is in the next one. */
export const volume = defineChargeModel({
  name: 'volume',
  properties,
  default_properties: { volume_ranges: [{ from_value: 0, to_value: null, per_unit_amount: '0', flat_amount: '0' }] },
  canBePaidInAdvance: false,
  prorates: 'in_arrears',
  isPricedFromUnits: true,
  price({ units, full_units = units, properties: { volume_ranges } }) {
    const tier = volume_ranges.find(({ to_value }) => to_value === null || full_units.lte(to_value));
    assert(tier, 'volume: the last tier is open');
    const forUnits = units.times(tier.per_unit_amount);

    return {
      amount: forUnits.plus(tier.flat_amount),
      amount_details: {
        flat_unit_amount: toWireDecimal(tier.flat_amount),
        per_unit_amount: toWireDecimal(full_units.isZero() ? 0 : tier.per_unit_amount),
        per_unit_total_amount: toWireDecimal(forUnits),
      },
    };
  },
});
