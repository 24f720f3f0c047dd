import type { ChargeTerms } from './validate.ts';

interface Refusal {
  readonly field: string;
  readonly code: string;
  isAskedFor(charge: ChargeTerms): boolean;
}

/**
 * Charges that are right and that the engine cannot bill yet: refused, so that nothing is accepted and then billed as something else.
 * The issue that builds one of them removes its line here.
 */
export const notBuiltYet: readonly Refusal[] = [
  {
    field: 'properties',
    code: 'feature_unavailable',
    isAskedFor: ({ properties }) =>
      !isEmpty((properties as Record<string, unknown> | null | undefined)?.['presentation_group_keys']),
  },
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
