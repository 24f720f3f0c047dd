import { modelsPricedFromUnits } from '../charge-models/index.ts';
import type { ChargeTerms } from './validate.ts';

interface Refusal {
  readonly field: string;
  readonly code: string;
  isAskedFor(charge: ChargeTerms): boolean;
}

const GROUPING_KEYS = ['pricing_group_keys', 'grouped_by', 'presentation_group_keys'];

/**
 * Charges that are right and that the engine cannot bill yet: refused, so that nothing is accepted and then billed as something else.
 * The issue that builds one of them removes its line here.
 */
export const notBuiltYet: readonly Refusal[] = [
  {
    field: 'charge_model',
    code: 'feature_unavailable',
    isAskedFor: ({ charge_model }) => !modelsPricedFromUnits.some((name) => name === charge_model),
  },
  {
    field: 'properties',
    code: 'invalid_type',
    isAskedFor: ({ properties }) =>
      GROUPING_KEYS.some((key) => !isEmpty((properties as Record<string, unknown> | null)?.[key])),
  },
  { field: 'filters', code: 'feature_unavailable', isAskedFor: ({ filters }) => !isEmpty(filters) },
  { field: 'pay_in_advance', code: 'feature_unavailable', isAskedFor: ({ pay_in_advance }) => pay_in_advance },
  {
    field: 'applied_pricing_unit',
    code: 'feature_unavailable',
    isAskedFor: ({ applied_pricing_unit }) => !isEmpty(applied_pricing_unit),
  },
  {
    field: 'accepts_target_wallet',
    code: 'feature_unavailable',
    isAskedFor: ({ accepts_target_wallet }) => accepts_target_wallet === true,
  },
];

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0);
}
