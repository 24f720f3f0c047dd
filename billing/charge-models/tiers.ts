import { z } from 'zod';
import { Decimal, ZERO } from '../money/decimal.ts';

/** A range of units. Bounds are JSON numbers; `to_value` null is open. */
export interface Tier {
  readonly from_value: number;
  readonly to_value: number | null;
}

// Only the list can tell whether a bound is right: it knows the neighbours.
const bounds = {
  from_value: z.custom<number>(() => true).default(NaN),
  to_value: z.custom<number | null>(() => true).default(null),
};

/** At least one tier, each beginning where one before ended plus one of `steps`, the last one open. */
export function tierList<Fields extends z.ZodRawShape>(
  name: string,
  fields: Fields,
  steps: readonly number[],
): z.ZodArray<z.ZodObject<Fields & typeof bounds>> {
  const missing = `missing_${name}`;
  const wrong = `invalid_${name}`;
  return z
    .array(z.object({ ...bounds, ...fields }, { error: wrong }), { error: missing })
    .superRefine((list, context) => {
      const tiers = list as unknown as readonly Tier[];
      if (tiers.length === 0) context.addIssue({ code: 'custom', message: missing });
      tiers.forEach((tier, index) => {
        if (!isInPlace(tier, tiers, index, steps)) context.addIssue({ code: 'custom', message: wrong });
      });
    });
}

function isInPlace(tier: Tier, tiers: readonly Tier[], index: number, steps: readonly number[]): boolean {
  const { from_value, to_value } = tier;
  if (!Number.isFinite(from_value)) return false;

  const previous_to = tiers[index - 1]?.to_value;
  const before = typeof previous_to === 'number' ? previous_to : NaN;
  const starts = index === 0 ? [0, 1] : steps.map((step) => new Decimal(before).plus(step).toNumber());
  if (!starts.includes(from_value)) return false;

  if (index === tiers.length - 1) return to_value === null;
  return Number.isFinite(to_value) && to_value !== null && to_value > from_value;
}

/** Whether every tier begins at the very value where the one before ends (0–10, 10–20) rather than one unit later (0–10, 11–20). */
export function areTouching(tiers: readonly Tier[]): boolean {
  return (
    tiers.length > 1 && tiers.every((tier, index) => index === 0 || tier.from_value === tiers[index - 1]!.to_value)
  );
}

/** The tiers that so many units enter, in order, with the units that fall into each. Zero units enter the first. */
export function enterTiers<T extends Tier>(
  tiers: readonly T[],
  units: Decimal,
  isTouching: boolean,
): { readonly tier: T; readonly units: Decimal }[] {
  const entered = [];
  for (const tier of tiers) {
    const { from_value, to_value } = tier;
    const isFilled = to_value !== null && units.gte(to_value);
    const upTo = isFilled ? new Decimal(to_value) : units;
    entered.push({ tier, units: from_value === 0 ? upTo : upTo.minus(from_value).plus(isTouching ? ZERO : 1) });
    if (to_value === null || units.lte(to_value)) break;
  }
  return entered;
}
