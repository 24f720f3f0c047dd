import { BILLING_ENTITY_CODE } from '../organizations/billing-entity.ts';
import {
  type Instant,
  type LocalDate,
  type Span,
  addMilliseconds,
  earliest,
  latest,
  toWireSeconds,
} from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { type Interval, chargesTerms, periodAt } from './periods.ts';
import type { Subscription } from './subscription.ts';

/** What of its plan decides about a subscription's periods and its wire. */
export interface SubscribedPlan {
  readonly id: string;
  readonly code: string;
  readonly interval: Interval;
  readonly amount_cents: Cents;
  readonly amount_currency: Currency;
  readonly bill_charges_monthly: boolean | null;
}

export interface SubscriptionDocument {
  readonly subscription: Subscription;
  readonly plan: SubscribedPlan;
  readonly customer: { readonly id: string; readonly external_id: string };
  /** The customer's applicable one. */
  readonly timezone: string;
  /** Of the one whose place it takes. */
  readonly previous_plan_code: string | null;
  /** The one that takes its place, or waits to. */
  readonly next: { readonly plan_code: string; readonly is_waiting: boolean } | null;
}

/**
 * The end of a half-open span as documents show it: the last second of its last day, or the very instant of the termination that cut it
 * short (such a span ends a millisecond later). An empty span has equal ends.
 */
export function toWireEnd({ from, to }: Span): string {
  return toWireSeconds(to <= from ? to : addMilliseconds(to, -1));
}

/** The charges span of the period that runs at `at`, or that ran last; undefined before the start. */
function currentSpan({ subscription, plan, timezone }: SubscriptionDocument, at: Instant): Span | undefined {
  const { billing_time, subscription_at, started_at, terminated_at } = subscription;
  if (started_at === null) return undefined;
  const terms = { interval: plan.interval, billing_time, subscription_at, timezone };
  // A termination at a boundary ends the period before it.
  const inside = latest(started_at, terminated_at === null ? at : addMilliseconds(terminated_at, -1));
  const period = periodAt(chargesTerms(terms, plan.bill_charges_monthly), inside);
  const to = terminated_at === null ? period.to : earliest(period.to, addMilliseconds(terminated_at, 1));
  return { from: latest(period.from, started_at), to };
}

/** The first day of the plan that waits for the running period to end. */
function downgradeDate({ subscription, plan, timezone, next }: SubscriptionDocument, at: Instant): LocalDate | null {
  if (!next?.is_waiting || subscription.status !== 'active') return null;
  const { billing_time, subscription_at } = subscription;
  return periodAt({ interval: plan.interval, billing_time, subscription_at, timezone }, at).to_date;
}

const toWireOrNull = (at: Instant | null): string | null => (at === null ? null : toWireSeconds(at));

/** The subscription without its plan and customer: whoever needs them adds them. `at` decides which period is the current one. */
export function subscriptionWire(document: SubscriptionDocument, at: Instant) {
  const { subscription, plan, customer } = document;
  const span = currentSpan(document, at);
  return {
    lago_id: subscription.id,
    billing_entity_code: BILLING_ENTITY_CODE,
    external_id: subscription.external_id,
    lago_customer_id: customer.id,
    external_customer_id: customer.external_id,
    name: subscription.name,
    plan_code: plan.code,
    plan_amount_cents: plan.amount_cents,
    plan_amount_currency: plan.amount_currency,
    status: subscription.status,
    billing_time: subscription.billing_time,
    subscription_at: toWireSeconds(subscription.subscription_at),
    // To the millisecond, as the reference has it.
    started_at: subscription.started_at,
    activated_at: toWireOrNull(subscription.activated_at),
    trial_ended_at: toWireOrNull(subscription.trial_ended_at),
    ending_at: toWireOrNull(subscription.ending_at),
    terminated_at: toWireOrNull(subscription.terminated_at),
    canceled_at: toWireOrNull(subscription.canceled_at),
    created_at: toWireSeconds(subscription.created_at),
    previous_plan_code: document.previous_plan_code,
    next_plan_code: document.next?.plan_code ?? null,
    downgrade_plan_date: downgradeDate(document, at),
    current_billing_period_started_at: span === undefined ? null : toWireSeconds(span.from),
    current_billing_period_ending_at: span === undefined ? null : toWireEnd(span),
    on_termination_credit_note: subscription.on_termination_credit_note,
    on_termination_invoice: subscription.on_termination_invoice,
    progressive_billing_disabled: subscription.progressive_billing_disabled,
  };
}

export type SubscriptionWire = ReturnType<typeof subscriptionWire>;
