import { z } from 'zod';
import { Decimal, sum, toWireDecimal } from '../money/decimal.ts';
import { defineChargeModel } from './charge-model.ts';
import { decimalText } from './properties.ts';
import { proratedGraduatedAmount } from './prorated-graduated.ts';
import { areTouching, enterTiers, tierList } from './tiers.ts';

const properties = z.object({
  graduated_ranges: tierList(
    'graduated_ranges',
    { per_unit_amount: decimalText('invalid_amount'), flat_amount: decimalText('invalid_amount') },
    [0, 1],
  ),
});

/** Each unit at the price of the tier it falls into, plus the flat amount of every tier entered. */
export const graduated = defineChargeModel({
  name: 'graduated',
  properties,
  default_properties: {
    graduated_ranges: [{ from_value: 0, to_value: null, per_unit_amount: '0', flat_amount: '0' }],
  },
  canBePaidInAdvance: true,
  prorates: 'in_arrears',
  isPricedFromUnits: true,
  price({ units, prorated_changes, properties: { graduated_ranges } }) {
    if (prorated_changes)
      return { amount: proratedGraduatedAmount(graduated_ranges, prorated_changes), amount_details: {} };
    const lines = enterTiers(graduated_ranges, units, areTouching(graduated_ranges)).map((entered) => {
      const forUnits = entered.units.times(entered.tier.per_unit_amount);
      return { ...entered, forUnits, total: forUnits.plus(entered.tier.flat_amount) };
    });

    return {
      amount: sum(lines.map((line) => line.total)),
      amount_details: {
        graduated_ranges: lines.map(({ tier, units: tierUnits, forUnits, total }) => ({
          from_value: tier.from_value,
          to_value: tier.to_value,
          flat_unit_amount: toWireDecimal(tier.flat_amount),
          per_unit_amount: toWireDecimal(tierUnits.isZero() ? new Decimal(0) : tier.per_unit_amount),
          units: toWireDecimal(tierUnits),
          per_unit_total_amount: toWireDecimal(forUnits),
          total_with_flat_amount: toWireDecimal(total),
        })),
      },
    };
  },
});
