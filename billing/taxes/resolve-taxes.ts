/** A tax as it is applied. Documents keep a copy of it. */
export interface Tax {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  readonly description: string | null;
  /** Percent, decimal text. */
  readonly rate: string;
}

/** Where taxes can be attached, nearest to the fee first. `fee` are those named on a one-off fee itself. */
const levels = ['fee', 'charge', 'commitment', 'add_on', 'plan', 'customer', 'organization'] as const;

/** The levels that a fee has: a subscription fee gives no charge, a one-off fee no plan, prepaid credits, taxed when they are used, none at all. */
export type TaxLevels = { readonly [Level in (typeof levels)[number]]?: readonly Tax[] };

/** The taxes of the nearest level that has any. Levels are never mixed; a tax of 0 % is a tax. */
export function resolveTaxes(taxes: TaxLevels): readonly Tax[] {
  const nearest = levels.find((level) => (taxes[level] ?? []).length > 0);
  return nearest === undefined ? [] : (taxes[nearest] ?? []);
}
