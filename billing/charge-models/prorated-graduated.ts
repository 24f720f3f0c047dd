import { Decimal, sum, ZERO } from '../money/decimal.ts';
import type { Tier } from './tiers.ts';

export interface PricedTier extends Tier {
  readonly per_unit_amount: string;
  readonly flat_amount: string;
}

/** How many units came or went, and how many of them for the days that they were there. */
export interface ProratedChange {
  readonly units: Decimal;
  readonly prorated: Decimal;
}

/**
 * Replays the changes: each is split over the tiers that the running total passes through, and its prorated units in proportion. What lies below
 * zero belongs to the first tier. A tier's flat amount is due when the running total has ever entered it. Source: spec "Graduated, prorated".
 */
export function proratedGraduatedAmount(tiers: readonly PricedTier[], changes: readonly ProratedChange[]): Decimal {
  // `0–5, 6–∞` and `0–5, 5–∞` both split at 5.
  const bounds = tiers.map((tier) => tier.to_value);
  const prorated = tiers.map(() => ZERO);
  let total = ZERO;
  let highest = ZERO;
  for (const change of changes) {
    const next = total.plus(change.units);
    if (!change.units.isZero()) {
      const perUnit = change.prorated.div(change.units);
      tiers.forEach((_, index) => {
        const passed = within(next, bounds, index).minus(within(total, bounds, index));
        prorated[index] = (prorated[index] as Decimal).plus(passed.times(perUnit));
      });
    }
    total = next;
    highest = Decimal.max(highest, total);
  }
  const first = tiers[0];
  if (sum(changes.map((change) => change.prorated)).isZero()) return new Decimal(first?.flat_amount ?? 0);
  if (total.lt(0)) return ZERO;
  const forUnits = sum(tiers.map((tier, index) => (prorated[index] as Decimal).times(tier.per_unit_amount)));
  const entered = tiers.filter((_, index) => index === 0 || highest.gt(bounds[index - 1] ?? Infinity));
  return Decimal.max(forUnits, 0).plus(sum(entered.map((tier) => tier.flat_amount)));
}

/** How much of the line from zero to `total` lies in a tier; below zero it is the first one's. */
function within(total: Decimal, bounds: readonly (number | null)[], index: number): Decimal {
  const lower = index === 0 ? null : (bounds[index - 1] ?? null);
  const upper = bounds[index] ?? null;
  const capped = upper === null ? total : Decimal.min(total, upper);
  return lower === null ? capped : Decimal.max(capped.minus(lower), 0);
}
