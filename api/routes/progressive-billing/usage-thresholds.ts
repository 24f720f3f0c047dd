import type { Instant } from '../../../billing/clock/instant.ts';
import { thresholdProblems } from '../../../billing/progressive-billing/usage-threshold.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { replaceUsageThresholds, type ThresholdOwner } from '../../../db/usage-thresholds.ts';
import type { UsageThresholdsInput } from '../../contracts/usage-thresholds.ts';

/** By field, what is wrong with a list that was sent. */
export function checkUsageThresholds(input: UsageThresholdsInput): Record<string, string[]> {
  const usage_thresholds = thresholdProblems(input ?? []);
  return usage_thresholds.length > 0 ? { usage_thresholds } : {};
}

/** Absent: untouched. Empty or null: none any more. */
export async function writeUsageThresholds(
  trx: Transaction,
  owner: ThresholdOwner,
  input: UsageThresholdsInput,
  at: Instant,
): Promise<void> {
  if (input === undefined) return;
  const wanted = (input ?? []).map(({ amount_cents, threshold_display_name, recurring }) => ({
    amount_cents: amount_cents!,
    threshold_display_name: threshold_display_name ?? null,
    recurring: recurring ?? false,
  }));
  await replaceUsageThresholds(trx, owner, wanted, at);
}
