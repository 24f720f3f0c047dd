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
    field: 'accepts_target_wallet',
    code: 'feature_unavailable',
    isAskedFor: ({ accepts_target_wallet }) => accepts_target_wallet === true,
  },
];
