import { type Instant, toWireSeconds } from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';
import { Decimal } from '../money/decimal.ts';
import type { UsageThresholdFields } from './usage-threshold.ts';

/** What a subscription has used in all its life, without taxes, over changes of its plan. */
export interface LifetimeUsage {
  /** Before the engine came. */
  readonly historical_cents: Cents;
  /** On the invoices of periods that are over. */
  readonly invoiced_cents: Cents;
  /** Of the period that runs. */
  readonly current_cents: Cents;
}

export function lifetimeTotal({ historical_cents, invoiced_cents, current_cents }: LifetimeUsage): Cents {
  return historical_cents + invoiced_cents + current_cents;
}

/** A threshold that an invoice was made for. */
export interface AppliedThreshold extends Pick<UsageThresholdFields, 'amount_cents' | 'recurring'> {
  /** What lifetime usage had come to. */
  readonly lifetime_usage_amount_cents: Cents;
  readonly created_at: Instant;
}

export interface ThresholdProgress {
  readonly amount_cents: Cents;
  /** From 0 to 1. */
  readonly completion_ratio: number;
  readonly reached_at: Instant | null;
}

/** How often a recurring threshold is listed: of a tiny one the latest times. */
const RECURRENCES_MAX = 1000;

/** How far usage has come with each threshold, given in their order. Source: spec "Lifetime usage". */
export function thresholdProgress(
  thresholds: readonly Pick<UsageThresholdFields, 'amount_cents' | 'recurring'>[],
  total_cents: Cents,
  applied: readonly AppliedThreshold[],
): ThresholdProgress[] {
  let previous = 0;
  const steps = thresholds
    .filter(({ recurring }) => !recurring)
    .map(({ amount_cents }) => {
      const completion_ratio = ratio(total_cents - previous, amount_cents - previous);
      previous = amount_cents;
      const reached = applied.find((one) => !one.recurring && one.amount_cents === amount_cents);
      return { amount_cents, completion_ratio, reached_at: reached?.created_at ?? null };
    });
  const recurring = thresholds.find((one) => one.recurring);
  return recurring ? [...steps, ...recurrences(recurring.amount_cents, previous, total_cents, applied)] : steps;
}

function recurrences(
  amount_cents: Cents,
  last_step_cents: Cents,
  total_cents: Cents,
  applied: readonly AppliedThreshold[],
): ThresholdProgress[] {
  const beyond = Math.max(total_cents - last_step_cents, 0);
  const completed = Math.floor(beyond / amount_cents);
  const first = Math.max(completed - RECURRENCES_MAX, 0);
  return Array.from({ length: completed - first + 1 }, (_, index) => {
    const end = last_step_cents + (first + index + 1) * amount_cents;
    const isOver = end <= total_cents;
    const reached = applied.find((one) => one.recurring && one.lifetime_usage_amount_cents >= end);
    return {
      amount_cents: end,
      completion_ratio: isOver ? 1 : ratio(beyond % amount_cents, amount_cents),
      reached_at: isOver ? (reached?.created_at ?? null) : null,
    };
  });
}

function ratio(part: Cents, whole: Cents): number {
  return Decimal.max(0, Decimal.min(1, new Decimal(part).div(whole))).toNumber();
}

export interface LifetimeUsageDocument {
  readonly id: string;
  readonly subscription: { readonly id: string; readonly external_id: string; readonly subscription_at: Instant };
  readonly usage: LifetimeUsage;
  /** Empty where no thresholds count. */
  readonly thresholds: readonly ThresholdProgress[];
}

export function lifetimeUsageWire({ id, subscription, usage, thresholds }: LifetimeUsageDocument, at: Instant) {
  return {
    lago_id: id,
    lago_subscription_id: subscription.id,
    external_subscription_id: subscription.external_id,
    external_historical_usage_amount_cents: usage.historical_cents,
    invoiced_usage_amount_cents: usage.invoiced_cents,
    current_usage_amount_cents: usage.current_cents,
    from_datetime: toWireSeconds(subscription.subscription_at),
    to_datetime: toWireSeconds(at),
    ...(thresholds.length > 0 && {
      usage_thresholds: thresholds.map(({ amount_cents, completion_ratio, reached_at }) => ({
        amount_cents,
        completion_ratio,
        reached_at: reached_at && toWireSeconds(reached_at),
      })),
    }),
  };
}
