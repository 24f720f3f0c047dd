import { localDate } from '../clock/calendar.ts';
import type { Instant, Span } from '../clock/instant.ts';
import { type Cents, roundToCents } from '../money/cents.ts';
import { Decimal } from '../money/decimal.ts';
import { type SubscriptionReason, billedDays, carriesFee, lastInstant } from './billing-spans.ts';
import { type Period, type Terms, periodAt } from './periods.ts';

export interface SubscriptionFeeFacts {
  readonly terms: Terms;
  readonly plan: {
    readonly amount_cents: Cents;
    readonly pay_in_advance: boolean;
    readonly bill_charges_monthly: boolean | null;
  };
  readonly reason: SubscriptionReason;
  /** The moment that is billed, as given to `billingSpans`. */
  readonly at: Instant;
  /** The subscription span of `billingSpans`, as the invoice keeps it. */
  readonly span: Span;
  readonly started_at: Instant;
  readonly created_at: Instant;
  /** Of `trialEnd`. */
  readonly trial_end: Instant | null;
  /** The moments that its subscription fees on other invoices billed. */
  readonly fees_at: readonly Instant[];
  /** How it took the place of another subscription, if it did. */
  readonly change: 'upgrade' | 'downgrade' | null;
  /** Whether another one took its place by an upgrade. */
  readonly is_upgraded: boolean;
}

export interface SubscriptionFee {
  /** In cents, not rounded. */
  readonly amount: Decimal;
  readonly amount_cents: Cents;
  readonly units: 1;
  readonly amount_details: { readonly plan_amount_cents: Cents };
}

/** The price of a plan for a billing period or the part of it that was subscribed to; undefined where the invoice has none. */
export function subscriptionFee(facts: SubscriptionFeeFacts): SubscriptionFee | undefined {
  const { plan, terms, reason, span } = facts;
  if (!carriesFee(facts)) return undefined;
  // What runs has been paid for already.
  if (plan.pay_in_advance && (reason === 'subscription_terminating' || isBilledToday(facts))) return undefined;

  const period = periodAt(terms, span.from);
  const days = daysToPay(facts, period);
  if (days === undefined) return undefined;
  // Divided last: 999 × 15 / 30 is 499.5 exactly, and rounds up.
  const amount = new Decimal(plan.amount_cents).times(days).div(period.days);
  return {
    amount,
    amount_cents: roundToCents(amount),
    units: 1,
    amount_details: { plan_amount_cents: plan.amount_cents },
  };
}

/** By then: a draft that is computed anew has later invoices after it. */
function feesBefore({ fees_at, at }: SubscriptionFeeFacts): Instant[] {
  return fees_at.filter((fee_at) => fee_at <= at);
}

function isBilledToday(facts: SubscriptionFeeFacts): boolean {
  const { at, terms } = facts;
  const today = localDate(at, terms.timezone);
  return feesBefore(facts).some((fee_at) => localDate(fee_at, terms.timezone) === today);
}

/** The days to pay for; undefined while the trial runs, which has no fee at all and not one of 0. */
function daysToPay(facts: SubscriptionFeeFacts, period: Period): number | undefined {
  const { span, at, trial_end, is_upgraded, terms } = facts;
  const { timezone } = terms;
  if (trial_end === null || trial_end <= span.from) {
    return isFullPeriod(facts) ? period.days : billedDays(span, period, timezone, is_upgraded);
  }
  if (trial_end > at && localDate(trial_end, timezone) !== localDate(at, timezone)) return undefined;
  if (trial_end >= lastInstant(span, period, is_upgraded)) return 0;
  return billedDays({ from: trial_end, to: span.to }, period, timezone, is_upgraded);
}

/** Whether the plan's price is due whatever was cut off the period. */
function isFullPeriod(facts: SubscriptionFeeFacts): boolean {
  const { plan, terms, reason, change } = facts;
  if (reason === 'subscription_terminating') return false;
  if (feesBefore(facts).length > 0) return true;
  // The first invoice after an upgrade pays from the day of the change on, in any mode.
  if (change === 'upgrade') return false;
  // In arrears, a backdated start before the finished period has left that one whole: its days are all counted anyway.
  return plan.pay_in_advance && (isBackdated(facts) || (terms.billing_time === 'anniversary' && change === null));
}

/** By dates in UTC, as the reference compares them. */
function isBackdated({ started_at, created_at }: SubscriptionFeeFacts): boolean {
  return started_at.slice(0, 10) < created_at.slice(0, 10);
}
