import type { Cents } from '../money/cents.ts';
import type { UsageThresholdFields } from './usage-threshold.ts';

/** What a subscription has used, without taxes. */
export interface UsageToCheck {
  /** What no threshold will ever invoice: of before the engine, of periods that were invoiced, and what is paid in advance. */
  readonly before_cents: Cents;
  /** What thresholds have invoiced of the running period. */
  readonly progressive_cents: Cents;
  /** What they could invoice of the running period in all. */
  readonly current_cents: Cents;
}

type Threshold = Pick<UsageThresholdFields, 'amount_cents' | 'recurring'>;

/** The thresholds that usage has reached since it was invoiced last, in their order. Source: spec "Progressive billing". */
export function reachedThresholds<T extends Threshold>(thresholds: readonly T[], usage: UsageToCheck): T[] {
  const invoiced = usage.before_cents + usage.progressive_cents;
  const fresh = usage.current_cents - usage.progressive_cents;
  // Usage was corrected downwards: what was invoiced too much is given back at the end of the period.
  if (fresh < 0) return [];
  const total = invoiced + fresh;
  const steps = thresholds.filter(({ recurring }) => !recurring);
  const last = Math.max(0, ...steps.map(({ amount_cents }) => amount_cents));
  const isReached = ({ amount_cents, recurring }: Threshold): boolean => {
    if (invoiced >= last) return recurring && fresh + (invoiced % amount_cents) >= amount_cents;
    return recurring ? total - last >= amount_cents : invoiced < amount_cents && amount_cents <= total;
  };
  return thresholds.filter(isReached);
}
