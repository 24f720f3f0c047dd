import { Decimal, ZERO } from '../money/decimal.ts';

/** How far the usage of a period has come, and how far it has been at most: what lies between has been paid for. */
export interface HighWaterMark {
  readonly running: Decimal;
  readonly highest: Decimal;
}

export interface Passed {
  /** What the fee shows. */
  readonly units: Decimal;
  /** What is new above the mark, and paid for. */
  readonly billable: Decimal;
  readonly mark: HighWaterMark;
}

/**
 * Moves the mark by what one event adds, or takes away. Nothing is ever given back: what was removed and is added again within the period has been
 * paid for. Without a mark the event is the first of its period. Source: spec "Units and amount of one event".
 */
export function pass(mark: HighWaterMark | undefined, change: Decimal): Passed {
  const added = Decimal.max(change, 0);
  if (!mark) return { units: added, billable: added, mark: { running: change, highest: change } };
  const running = mark.running.plus(change);
  const above = running.minus(mark.highest);
  if (above.lte(0)) return { units: added, billable: ZERO, mark: { running, highest: mark.highest } };
  // The second is the greater only where a period began below zero.
  return { units: above, billable: above, mark: { running, highest: Decimal.max(running, above) } };
}
