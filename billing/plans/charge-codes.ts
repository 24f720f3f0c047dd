export interface CodeWish {
  /** Absent, null or blank: one is made from the metric's. */
  readonly code?: string | null | undefined;
  readonly metric_code: string;
}

/**
 * The codes of new charges beside those that the plan has: `seats`, then `seats_2`, and always one more than the highest in use.
 * Undefined for a wish whose own code is taken.
 */
export function chooseChargeCodes(wishes: readonly CodeWish[], taken: readonly string[]): (string | undefined)[] {
  const used = new Set(taken);
  const chosen = wishes.map(({ code }) => {
    if (!code?.trim()) return null;
    if (used.has(code)) return undefined;
    used.add(code);
    return code;
  });
  return chosen.map((code, index) => {
    if (code !== null) return code;
    const made = nextCode((wishes[index] as CodeWish).metric_code, used);
    used.add(made);
    return made;
  });
}

function nextCode(metric_code: string, used: ReadonlySet<string>): string {
  const prefix = `${metric_code}_`;
  const suffixes = [...used]
    .filter((code) => code.startsWith(prefix))
    .map((code) => code.slice(prefix.length))
    .filter((suffix) => /^[1-9]\d{0,8}$/.test(suffix))
    .map(Number);
  const highest = Math.max(0, ...suffixes);
  if (highest === 0 && !used.has(metric_code)) return metric_code;
  return `${prefix}${Math.max(highest, 1) + 1}`;
}
