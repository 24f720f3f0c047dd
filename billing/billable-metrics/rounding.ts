import { Decimal } from '../money/decimal.ts';

export const roundingFunctions = ['round', 'ceil', 'floor'] as const;
export type RoundingFunction = (typeof roundingFunctions)[number];

export interface Rounding {
  readonly rounding_function: RoundingFunction | null;
  /** Decimal digits; negative for tens, hundreds. Null is 0. */
  readonly rounding_precision: number | null;
}

const modes = { round: Decimal.ROUND_HALF_UP, ceil: Decimal.ROUND_CEIL, floor: Decimal.ROUND_FLOOR } as const;

/** What a metric does to its aggregated units before they are priced. */
export function roundUnits(units: Decimal, { rounding_function, rounding_precision }: Rounding): Decimal {
  if (rounding_function === null) return units;
  const digits = rounding_precision ?? 0;
  const mode = modes[rounding_function];
  return digits >= 0 ? units.toDecimalPlaces(digits, mode) : units.toNearest(new Decimal(10).pow(-digits), mode);
}
