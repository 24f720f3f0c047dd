/** What of a plan the caller may ask for, as sent. */
export type PlanWishes = Readonly<Record<string, unknown>>;

/**
 * Parts of plans that are right and that the engine cannot bill yet: refused, so that nothing is accepted and then not billed.
 * The issue that builds one of them removes its line here. Those of charges are in billing/charges/not-built-yet.ts.
 */
export const plansNotBuiltYet = ['fixed_charges'] as const;

/** By field; empty when all of it can be stored. */
export function refuseNotBuilt(plan: PlanWishes): Record<string, string[]> {
  const asked = plansNotBuiltYet.filter((field) => !isEmpty(plan[field]));
  return Object.fromEntries(asked.map((field) => [field, ['feature_unavailable']]));
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'object' && Object.keys(value).length === 0);
}
