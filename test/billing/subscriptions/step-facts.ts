import type { SubscriptionStepFacts } from '../../../billing/subscriptions/next-step.ts';
import { instant } from './stories.ts';

/** A monthly plan in arrears, from 5 March 2024, 12:12, that has yet to start. */
export const pending: SubscriptionStepFacts = {
  status: 'pending',
  billing_time: 'calendar',
  subscription_at: instant('2024-03-05T12:12'),
  started_at: null,
  activated_at: null,
  activation_timezone: 'UTC',
  ending_at: null,
  ending_set_at: null,
  alerted_at: null,
  terminated_at: null,
  trial_ended_at: null,
  on_termination_invoice: 'generate',
  interval: 'monthly',
  pay_in_advance: false,
  trial_period: null,
  bill_charges_monthly: null,
  timezone: 'UTC',
  first_started_at: null,
  has_billed_start: false,
  has_billed_end: false,
  last_periodic_at: null,
  instant_usage_at: null,
  threshold_check_at: null,
  previous_subscription_id: null,
  has_billed_previous: false,
  next_status: null,
  next_change: null,
  next_created_at: null,
};

export const active: SubscriptionStepFacts = {
  ...pending,
  status: 'active',
  started_at: pending.subscription_at,
  activated_at: pending.subscription_at,
  first_started_at: pending.subscription_at,
};
