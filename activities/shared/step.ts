import type { Instant } from '../../billing/clock/instant.ts';

/** What a long-lived workflow does next, when, and how it is shown. Ids and instants only: histories are readable by operators. */
export interface Step<Kind extends string = string> {
  readonly kind: Kind;
  /** On the organization's clock. Null for `over`. */
  readonly due_at: Instant | null;
  /** The organization's time when this was planned: a sandbox's workflow knows its clock by it. */
  readonly planned_at: Instant;
  /** For the Temporal UI: `waits for the period end 2026-12-01T00:00Z`. */
  readonly summary: string;
  readonly attributes: StepAttributes;
}

/** Search attributes of the workflow. */
export interface StepAttributes {
  readonly organization_id: string;
  readonly customer_id: string | null;
  readonly plan_code: string | null;
  readonly subscription_status: string | null;
}

export const NO_ATTRIBUTES: Omit<StepAttributes, 'organization_id'> = {
  customer_id: null,
  plan_code: null,
  subscription_status: null,
};

/** Instants in summaries: to the minute, UTC. */
export function toMinute(at: Instant): string {
  return `${at.slice(0, 16)}Z`;
}
