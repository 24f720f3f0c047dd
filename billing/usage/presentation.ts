import { Decimal, sum, toWireDecimal } from '../money/decimal.ts';

/** How much of the units has these values of the properties that a charge is shown by. */
export interface PresentationBreakdown {
  readonly presentation_by: Readonly<Record<string, string | null>>;
  /** Decimal text. */
  readonly units: string;
}

/** Of several fees or buckets together. */
export function mergeBreakdowns(lists: readonly (readonly PresentationBreakdown[])[]): PresentationBreakdown[] {
  const byValues = Map.groupBy(lists.flat(), ({ presentation_by }) => JSON.stringify(Object.entries(presentation_by)));
  return [...byValues]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, [first, ...others]]) => ({
      presentation_by: first!.presentation_by,
      units: sum([first!, ...others].map(({ units }) => units)).toFixed(),
    }));
}

/** Those that have one of these values, whichever property it is of. */
export function narrowBreakdowns(
  breakdowns: readonly PresentationBreakdown[],
  values: readonly string[] | undefined,
): readonly PresentationBreakdown[] {
  if (values === undefined) return breakdowns;
  return breakdowns.filter(({ presentation_by }) =>
    Object.values(presentation_by).some((value) => value !== null && values.includes(value)),
  );
}

/** What each will come to: its share of what all of them will. */
export function projectBreakdowns(
  breakdowns: readonly PresentationBreakdown[],
  units: string,
  projected: { readonly units: string },
): PresentationBreakdown[] {
  const all = new Decimal(units);
  return breakdowns.map(({ presentation_by, units: own }) => ({
    presentation_by,
    units: all.isZero() ? '0' : new Decimal(own).times(projected.units).div(all).toDecimalPlaces(2).toFixed(),
  }));
}

export function breakdownsWire(breakdowns: readonly PresentationBreakdown[]) {
  return breakdowns.map(({ presentation_by, units }) => ({
    presentation_by: presentation_by as Record<string, string | null>,
    units: toWireDecimal(units),
  }));
}
