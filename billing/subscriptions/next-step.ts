import { assert } from '../assert.ts';
import { addDays, localDate, startOfDay } from '../clock/calendar.ts';
import { type Instant, type LocalDate, latest } from '../clock/instant.ts';
import { isBoundaryOpen } from './billing-spans.ts';
import { type Interval, type BillingTime, type Terms, chargesTerms, nextBoundary, periodAt } from './periods.ts';
import { type PlanChange, endedBy } from './plan-change.ts';
import type { SubscriptionStatus, TerminationInvoice } from './subscription.ts';
import { trialEnd } from './trial.ts';

/** In the order in which they come when they are due at one instant. */
export const subscriptionStepKinds = [
  'start',
  'bill_start',
  'charge_usage',
  'end',
  'bill_period',
  'downgrade',
  'check_thresholds',
  'end_trial',
  'bill_end',
  'bill_upgrade',
  'send_termination_alert',
  'follow',
  'over',
] as const;
export type SubscriptionStepKind = (typeof subscriptionStepKinds)[number];

/** What no instant brings: `follow` waits for the plan before it to be billed for the last time. */
export type UndatedStepKind = 'follow' | 'over';

export type SubscriptionStep =
  | { readonly kind: Exclude<SubscriptionStepKind, UndatedStepKind>; readonly due_at: Instant }
  | { readonly kind: UndatedStepKind; readonly due_at: null };

export interface SubscriptionStepFacts {
  readonly status: SubscriptionStatus;
  readonly billing_time: BillingTime;
  readonly subscription_at: Instant;
  readonly started_at: Instant | null;
  readonly activated_at: Instant | null;
  /** Where the customer was when it became active. */
  readonly activation_timezone: string;
  readonly ending_at: Instant | null;
  readonly ending_set_at: Instant | null;
  readonly alerted_at: Instant | null;
  readonly terminated_at: Instant | null;
  readonly trial_ended_at: Instant | null;
  readonly on_termination_invoice: TerminationInvoice;
  readonly interval: Interval;
  readonly pay_in_advance: boolean;
  readonly trial_period: string | null;
  readonly bill_charges_monthly: boolean | null;
  readonly timezone: string;
  /** Of all subscriptions with this external id. */
  readonly first_started_at: Instant | null;
  readonly has_billed_start: boolean;
  readonly has_billed_end: boolean;
  /** The boundary that was billed last. */
  readonly last_periodic_at: Instant | null;
  /** When the first of the events came in that are still to be paid for. */
  readonly instant_usage_at: Instant | null;
  readonly previous_subscription_id: string | null;
  /** Whether the one whose place it takes has had its last bill. */
  readonly has_billed_previous: boolean;
  /** The one that takes its place, or waits to. */
  readonly next_status: SubscriptionStatus | null;
  readonly next_change: PlanChange | null;
  readonly next_created_at: Instant | null;
  /** When usage that has come in is held against the thresholds; null where none has, or none count. */
  readonly threshold_check_at: Instant | null;
}

/** Facts of a subscription that has been active. */
type StartedFacts = SubscriptionStepFacts & { readonly started_at: Instant; readonly activated_at: Instant };

type DatedStep = Extract<SubscriptionStep, { due_at: Instant }>;

/**
 * What happens to a subscription next, and when: possibly in the past, when the one who takes the steps was away. The earliest
 * comes first, so that what was missed is made up for in its order. A terminated one still takes the steps due before its end.
 */
export function nextStep(facts: SubscriptionStepFacts, termination_alert_days: readonly number[]): SubscriptionStep {
  if (isFollowing(facts)) return { kind: 'follow', due_at: null };
  const due = dueSteps(facts, termination_alert_days).sort((a, b) =>
    a.due_at < b.due_at ? -1 : a.due_at > b.due_at ? 1 : rank(a) - rank(b),
  );
  return due[0] ?? { kind: 'over', due_at: null };
}

function rank({ kind }: SubscriptionStep): number {
  return subscriptionStepKinds.indexOf(kind);
}

/** Bills come in the order of the plans: the one before has missed none when the one after has its first. */
function isFollowing({ status, previous_subscription_id, has_billed_previous }: SubscriptionStepFacts): boolean {
  return status !== 'canceled' && previous_subscription_id !== null && !has_billed_previous;
}

function dueSteps(facts: SubscriptionStepFacts, termination_alert_days: readonly number[]): DatedStep[] {
  const { status, started_at, activated_at, subscription_at, timezone } = facts;
  if (status === 'canceled') return [];
  if (status === 'pending')
    return [{ kind: 'start', due_at: startOfDay(localDate(subscription_at, timezone), timezone) }];
  assert(started_at !== null && activated_at !== null, 'subscription: an active one has started');
  const started: StartedFacts = { ...facts, started_at, activated_at };
  return [
    billStart(started),
    chargeUsage(started),
    end(started),
    billPeriod(started),
    checkThresholds(started),
    endTrial(started),
    billEnd(started),
    sendTerminationAlert(started, termination_alert_days),
  ].filter((step) => step !== undefined);
}

function billStart(facts: StartedFacts): DatedStep | undefined {
  return isBilledAtStart(facts) ? { kind: 'bill_start', due_at: facts.activated_at } : undefined;
}

/** In advance, on the day of the start. Not when it was backdated: then the next boundary is the first that is billed. */
export function isBilledAtStart(facts: SubscriptionStepFacts): boolean {
  const { started_at, activated_at, activation_timezone, first_started_at, trial_period } = facts;
  if (!facts.pay_in_advance || facts.has_billed_start || facts.last_periodic_at !== null) return false;
  if (started_at === null || activated_at === null) return false;
  if (localDate(started_at, activation_timezone) < localDate(activated_at, activation_timezone)) return false;
  const trial_end = trialEnd(first_started_at, trial_period);
  return trial_end === null || trial_end <= started_at;
}

/** At once, also when it is over: events may come late. */
function chargeUsage({ instant_usage_at }: StartedFacts): DatedStep | undefined {
  return instant_usage_at === null ? undefined : { kind: 'charge_usage', due_at: instant_usage_at };
}

/** Only while it runs: its last bill has everything. */
function checkThresholds({ status, threshold_check_at }: StartedFacts): DatedStep | undefined {
  if (status !== 'active' || threshold_check_at === null) return undefined;
  return { kind: 'check_thresholds', due_at: threshold_check_at };
}

/** At the first instant of the local day of `ending_at`, whatever its hour. */
function end({ status, ending_at, started_at, activated_at, timezone }: StartedFacts): DatedStep | undefined {
  if (status !== 'active' || ending_at === null) return undefined;
  const day = startOfDay(localDate(ending_at, timezone), timezone);
  return { kind: 'end', due_at: latest(day, started_at, activated_at) };
}

function billPeriod(facts: StartedFacts): DatedStep | undefined {
  const { billing_time, interval, subscription_at, timezone, started_at, activated_at, terminated_at } = facts;
  const terms: Terms = { interval, billing_time, subscription_at, timezone };
  const due = chargesTerms(terms, facts.bill_charges_monthly);
  let boundary = nextBoundary(due, latest(started_at, activated_at, facts.last_periodic_at ?? activated_at));
  if (!isBoundaryOpen(boundary, timezone, facts)) boundary = nextBoundary(due, boundary);

  // On its last day the final invoice has the finished period as well.
  if (terminated_at !== null && boundary >= startOfDay(localDate(terminated_at, timezone), timezone)) return undefined;
  return { kind: isTakenOverAt(terms, boundary, facts) ? 'downgrade' : 'bill_period', due_at: boundary };
}

/** The end of the plan's own period, and not of one of the months that its usage is billed for, ends what waits for it by then. */
function isTakenOverAt(terms: Terms, boundary: Instant, { next_status, next_created_at }: StartedFacts): boolean {
  if (next_status !== 'pending' || next_created_at === null || next_created_at >= boundary) return false;
  return periodAt(terms, boundary).from === boundary;
}

/** For plans in advance and in arrears. It may have passed long before a subscription that is backdated, or follows another. */
function endTrial(facts: StartedFacts): DatedStep | undefined {
  const trial_end = trialEnd(facts.first_started_at, facts.trial_period);
  if (trial_end === null || facts.trial_ended_at !== null) return undefined;
  const due_at = latest(trial_end, facts.activated_at);
  return facts.terminated_at !== null && due_at >= facts.terminated_at ? undefined : { kind: 'end_trial', due_at };
}

/**
 * Whether the end of the trial has an invoice: in advance it is where the fee begins, unless a start after the trial or the
 * periodic invoice of that very day has charged it.
 */
export function isBilledAtTrialEnd(facts: SubscriptionStepFacts): boolean {
  const trial_end = trialEnd(facts.first_started_at, facts.trial_period);
  if (trial_end === null || !facts.pay_in_advance || facts.has_billed_start) return false;
  if (facts.last_periodic_at === null) return true;
  return localDate(facts.last_periodic_at, facts.timezone) !== localDate(trial_end, facts.timezone);
}

function billEnd(facts: StartedFacts): DatedStep | undefined {
  const { terminated_at, has_billed_end, on_termination_invoice } = facts;
  if (terminated_at === null || has_billed_end) return undefined;
  if (endedBy(facts) === 'upgrade') return { kind: 'bill_upgrade', due_at: terminated_at };
  return on_termination_invoice === 'skip' ? undefined : { kind: 'bill_end', due_at: terminated_at };
}

/** So many days before the end, in UTC days. Not for a day that had passed when the end was set, and once a day. */
function sendTerminationAlert(
  { status, ending_at, ending_set_at, alerted_at, activated_at }: StartedFacts,
  termination_alert_days: readonly number[],
): DatedStep | undefined {
  if (status !== 'active' || ending_at === null) return undefined;
  const known_at = latest(activated_at, ending_set_at ?? activated_at);
  const [day] = termination_alert_days
    .map((days) => addDays(utcDate(ending_at), -days))
    .filter((date) => date >= utcDate(known_at) && (alerted_at === null || date > utcDate(alerted_at)))
    .sort();
  if (day === undefined) return undefined;
  return { kind: 'send_termination_alert', due_at: latest(`${day}T00:00:00.000Z`, known_at) };
}

const utcDate = (at: Instant): LocalDate => at.slice(0, 10);
