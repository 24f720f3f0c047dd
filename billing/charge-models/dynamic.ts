import { z } from 'zod';
import { assert } from '../assert.ts';
import { centsToUnits } from '../money/cents.ts';
import { ZERO } from '../money/decimal.ts';
import { defineChargeModel } from './charge-model.ts';

/** The price comes with the events. */
export const dynamic = defineChargeModel({
  name: 'dynamic',
  properties: z.object({}),
  default_properties: {},
  aggregation_types: ['sum_agg'],
  canBePaidInAdvance: true,
  prorates: 'never',
  isPricedFromUnits: false,
  price({ units, dynamic_amount_cents, currency }) {
    assert(dynamic_amount_cents, 'dynamic: the events say what they cost');
    return { amount: units.isZero() ? ZERO : centsToUnits(dynamic_amount_cents, currency), amount_details: {} };
  },
});
