import { z } from 'zod';
import type { Instant } from '../../../billing/clock/instant.ts';
import { updateSubscription } from '../../../db/subscriptions.ts';
import { markForCheck } from '../../../db/threshold-checks.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { usageThresholdsInput } from '../../contracts/usage-thresholds.ts';
import { checkUsageThresholds, writeUsageThresholds } from './usage-thresholds.ts';

/** What a subscription says of it for itself. */
export const progressiveBillingFields = {
  usage_thresholds: usageThresholdsInput.meta({ description: "Instead of the plan's; empty: the plan's" }),
  progressive_billing_disabled: z.boolean().nullish().meta({ description: 'No thresholds count' }),
};

interface Input extends z.output<z.ZodObject<typeof progressiveBillingFields>> {
  readonly plan_overrides?: Readonly<Record<string, unknown>> | null | undefined;
}

/** By field, what is wrong with it. Thresholds are the subscription's or its plan's, not both in one request. */
export function checkProgressiveBilling({ usage_thresholds, plan_overrides }: Input): Record<string, string[]> {
  if (usage_thresholds && plan_overrides?.['usage_thresholds'])
    return { usage_thresholds: ['incompatible_params'], plan_overrides: ['incompatible_params'] };
  return checkUsageThresholds(usage_thresholds);
}

/** Only what was sent. Its usage is held against what counts then, and at the prices of then. The caller holds the subscription. */
export async function writeProgressiveBilling(
  trx: Transaction,
  { id }: { readonly id: string },
  { usage_thresholds, progressive_billing_disabled, plan_overrides }: Input,
  at: Instant,
): Promise<void> {
  await writeUsageThresholds(trx, { subscription_id: id }, usage_thresholds, at);
  if (progressive_billing_disabled !== undefined)
    await updateSubscription(trx, id, {
      progressive_billing_disabled: progressive_billing_disabled ?? false,
      updated_at: at,
    });
  if (usage_thresholds !== undefined || progressive_billing_disabled !== undefined || plan_overrides)
    await markForCheck(trx, { subscription_id: id }, at);
}
