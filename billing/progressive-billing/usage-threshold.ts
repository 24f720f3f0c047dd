import { type Instant, toWireSeconds } from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';

export interface UsageThresholdFields {
  readonly amount_cents: Cents;
  readonly threshold_display_name: string | null;
  /** Reached again and again, each time so much more was used. */
  readonly recurring: boolean;
}

/** An amount of lifetime usage at which what was used is invoiced, and not only when its period ends. */
export interface UsageThreshold extends UsageThresholdFields {
  readonly id: string;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

/** As somebody wants them. */
export interface ThresholdWish {
  readonly amount_cents?: Cents | null | undefined;
  readonly threshold_display_name?: string | null | undefined;
  readonly recurring?: boolean | null | undefined;
}

/** The codes of what is wrong with a list of thresholds. */
export function thresholdProblems(wishes: readonly ThresholdWish[]): string[] {
  if (wishes.some(({ amount_cents }) => amount_cents == null)) return ['missing_amount_cents'];
  const recurring = wishes.filter((wish) => wish.recurring);
  const kinds = new Set(wishes.map((wish) => `${wish.amount_cents} ${wish.recurring ?? false}`));
  return [
    ...(kinds.size < wishes.length ? ['duplicated_values'] : []),
    ...(recurring.length > 1 ? ['multiple_recurring_thresholds'] : []),
  ];
}

export function usageThresholdWire(threshold: UsageThreshold) {
  return {
    lago_id: threshold.id,
    ...applicableThresholdWire(threshold),
    created_at: toWireSeconds(threshold.created_at),
    updated_at: toWireSeconds(threshold.updated_at),
  };
}

/** As a subscription shows it, wherever it comes from. */
export function applicableThresholdWire({ threshold_display_name, amount_cents, recurring }: UsageThresholdFields) {
  return { threshold_display_name, amount_cents, recurring };
}
