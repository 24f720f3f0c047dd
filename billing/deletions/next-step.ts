import { type Instant, addMilliseconds } from '../clock/instant.ts';

export type DeletionStepKind = 'end_subscriptions' | 'finalize_drafts' | 'delete_plan' | 'over';

export type DeletionStep =
  | { readonly kind: Exclude<DeletionStepKind, 'over'>; readonly due_at: Instant }
  | { readonly kind: 'over'; readonly due_at: null };

/** A plan or a customer that is deleted, and what of it has not come to an end yet. */
export interface DeletionFacts {
  readonly of: 'plan' | 'customer';
  readonly asked_at: Instant;
  /** Subscriptions that are active or pending, or coupons that are applied. */
  readonly hasLive: boolean;
  readonly hasDrafts: boolean;
}

/** Until a deleted customer's last bills are final. */
const DRAFTS_KEPT_MS = 5 * 60 * 1000;

/** First everything ends and has its last bill; then the bills become final; then a plan goes. A customer is gone from the beginning. */
export function nextDeletionStep(facts: DeletionFacts | undefined): DeletionStep {
  if (!facts) return { kind: 'over', due_at: null };
  const { of, asked_at, hasLive, hasDrafts } = facts;
  if (hasLive) return { kind: 'end_subscriptions', due_at: asked_at };
  const final_at = of === 'customer' ? addMilliseconds(asked_at, DRAFTS_KEPT_MS) : asked_at;
  if (hasDrafts) return { kind: 'finalize_drafts', due_at: final_at };
  return of === 'plan' ? { kind: 'delete_plan', due_at: asked_at } : { kind: 'over', due_at: null };
}
