import { z } from 'zod';
import { assert } from '../assert.ts';
import { defineChargeModel } from './charge-model.ts';

/** The code that aggregates the events says what they cost as well. */
export const custom = defineChargeModel({
  name: 'custom',
  properties: z.object({}),
  default_properties: {},
  aggregation_types: ['custom_agg'],
  canBePaidInAdvance: true,
  prorates: 'never',
  isPricedFromUnits: false,
  price({ custom_amount }) {
    assert(custom_amount, 'custom: the code says what the events cost');
    return { amount: custom_amount, amount_details: {} };
  },
});
