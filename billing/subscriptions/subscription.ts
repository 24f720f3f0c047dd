import type { Instant } from '../clock/instant.ts';
import type { BillingTime } from './periods.ts';
import type { PlanChange } from './plan-change.ts';

export const subscriptionStatuses = ['pending', 'active', 'terminated', 'canceled'] as const;
export type SubscriptionStatus = (typeof subscriptionStatuses)[number];

export const terminationCreditNotes = ['credit', 'refund', 'offset', 'skip'] as const;
export type TerminationCreditNote = (typeof terminationCreditNotes)[number];

export const terminationInvoices = ['generate', 'skip'] as const;
export type TerminationInvoice = (typeof terminationInvoices)[number];

export interface Subscription {
  readonly id: string;
  readonly customer_id: string;
  readonly plan_id: string;
  /** Whose place it takes, and how; a pending one waits for the end of that one's period. */
  readonly previous_subscription_id: string | null;
  readonly plan_change: PlanChange | null;
  readonly external_id: string;
  readonly name: string | null;
  readonly status: SubscriptionStatus;
  readonly billing_time: BillingTime;
  readonly subscription_at: Instant;
  readonly started_at: Instant | null;
  /** When it became active by our clock: later than `started_at` when it was backdated. Boundaries before are never billed. */
  readonly activated_at: Instant | null;
  /** Whose days its first day is one of, wherever the customer moves after. */
  readonly activation_timezone: string | null;
  readonly ending_at: Instant | null;
  /** When the end was set that it has now. */
  readonly ending_set_at: Instant | null;
  /** The last time that somebody was told of the end to come. */
  readonly alerted_at: Instant | null;
  readonly trial_ended_at: Instant | null;
  readonly terminated_at: Instant | null;
  readonly canceled_at: Instant | null;
  readonly on_termination_invoice: TerminationInvoice;
  readonly on_termination_credit_note: TerminationCreditNote | null;
  /** No thresholds count then, whoever's they are. */
  readonly progressive_billing_disabled: boolean;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}
