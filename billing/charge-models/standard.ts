import { z } from 'zod';
import { defineChargeModel } from './charge-model.ts';
import { decimalText } from './properties.ts';

/** Every unit at the same price. */
export const standard = defineChargeModel({
  name: 'standard',
  properties: z.object({ amount: decimalText('invalid_amount') }),
  default_properties: { amount: '0' },
  canBePaidInAdvance: true,
  prorates: 'always',
  isPricedFromUnits: true,
  price: ({ units, properties }) => ({ amount: units.times(properties.amount), amount_details: {} }),
});
