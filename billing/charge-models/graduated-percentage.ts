import { z } from 'zod';
import { sum, toWireDecimal } from '../money/decimal.ts';
import { defineChargeModel } from './charge-model.ts';
import { decimalText } from './properties.ts';
import { enterTiers, tierList } from './tiers.ts';

const properties = z.object({
  graduated_percentage_ranges: tierList(
    'graduated_percentage_ranges',
    { rate: decimalText('invalid_rate'), flat_amount: decimalText('invalid_amount') },
    [0, 1],
  ),
});

/** As graduated, with a percentage of the units in place of a price. Tiers are always read as 0–10, 11–20. */
export const graduatedPercentage = defineChargeModel({
  name: 'graduated_percentage',
  properties,
  default_properties: {
    graduated_percentage_ranges: [{ from_value: 0, to_value: null, rate: '0', flat_amount: '0' }],
  },
  unpriceable_aggregation_types: ['latest_agg'],
  canBePaidInAdvance: true,
  prorates: 'never',
  isPricedFromUnits: true,
  price({ units, properties: { graduated_percentage_ranges } }) {
    const lines = enterTiers(graduated_percentage_ranges, units, false).map((entered) => {
      const forUnits = entered.units.times(entered.tier.rate).div(100);
      return { ...entered, forUnits, total: forUnits.plus(entered.tier.flat_amount) };
    });

    return {
      amount: sum(lines.map((line) => line.total)),
      amount_details: {
        graduated_percentage_ranges: lines.map(({ tier, units: tierUnits, forUnits, total }) => ({
          from_value: tier.from_value,
          to_value: tier.to_value,
          flat_unit_amount: toWireDecimal(tier.flat_amount),
          rate: toWireDecimal(tier.rate),
          units: toWireDecimal(tierUnits),
          per_unit_total_amount: toWireDecimal(forUnits),
          total_with_flat_amount: toWireDecimal(total),
        })),
      },
    };
  },
});
