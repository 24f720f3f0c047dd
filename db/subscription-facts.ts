import type { Instant } from '../billing/clock/instant.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { Currency } from '../billing/money/currency.ts';
import type { PlanChange } from '../billing/subscriptions/plan-change.ts';
import type { Subscription, SubscriptionStatus } from '../billing/subscriptions/subscription.ts';
import type { Transaction } from './transaction.ts';
import { HAS_THRESHOLDS } from './usage-thresholds.ts';

/** All that decides what happens to a subscription next, and what its fee is. */
export interface SubscriptionFacts extends Subscription {
  readonly plan_code: string;
  readonly plan_name: string;
  readonly plan_invoice_display_name: string | null;
  readonly plan_description: string | null;
  readonly interval: 'weekly' | 'monthly' | 'quarterly' | 'semiannual' | 'yearly';
  readonly plan_amount_cents: Cents;
  readonly currency: Currency;
  readonly pay_in_advance: boolean;
  /** Days, decimal text; null without a trial. */
  readonly trial_period: string | null;
  readonly bill_charges_monthly: boolean | null;
  /** The customer's, else the organization's. */
  readonly timezone: string;
  readonly activation_timezone: string;
  /** Of all subscriptions of the customer with this external id: a trial is counted once for all of them. */
  readonly first_started_at: Instant | null;
  readonly has_billed_start: boolean;
  readonly has_billed_end: boolean;
  readonly last_periodic_at: Instant | null;
  readonly last_charges_to: Instant | null;
  /** When the first of the events came in that are still to be paid for. */
  readonly instant_usage_at: Instant | null;
  /** When usage that has come in is held against the thresholds that count: once a minute at most, in a sandbox at once. */
  readonly threshold_check_at: Instant | null;
  /** The instants for which a subscription fee was billed, whatever its amount. */
  readonly subscription_fees_at: readonly Instant[];
  /** Whether the one whose place it takes has had its last bill. */
  readonly has_billed_previous: boolean;
  /** The one that takes its place, or waits to. */
  readonly next_id: string | null;
  readonly next_status: SubscriptionStatus | null;
  readonly next_change: PlanChange | null;
  readonly next_plan_id: string | null;
  readonly next_created_at: Instant | null;
}

const FACTS = `
  select s.*,
    p.code as plan_code, p.name as plan_name, p.invoice_display_name as plan_invoice_display_name, p.description as plan_description,
    p.interval, p.amount_cents as plan_amount_cents, p.amount_currency as currency, p.pay_in_advance, p.trial_period, p.bill_charges_monthly,
    coalesce(c.timezone, o.timezone) as timezone, coalesce(s.activation_timezone, c.timezone, o.timezone) as activation_timezone,
    (select min(f.started_at) from subscriptions f
      where f.organization_id = s.organization_id and f.external_id = s.external_id and f.customer_id = s.customer_id) as first_started_at,
    coalesce(b.has_billed_start, false) as has_billed_start, coalesce(b.has_billed_end, false) as has_billed_end,
    b.last_periodic_at, b.last_charges_to,
    array(select to_char(i.billing_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') from fees f join invoices i on i.id = f.invoice_id
      where f.organization_id = s.organization_id and f.subscription_id = s.id and f.fee_type = 'subscription'
        and f.deleted_at is null and i.id is distinct from :apart_from) as subscription_fees_at,
    (select u.received_at from instant_usage u where u.organization_id = s.organization_id and u.subscription_id = s.id
      order by u.timestamp, u.received_at, u.event_id limit 1) as instant_usage_at,
    (select case when o.sandbox then k.marked_at else greatest(k.marked_at, k.checked_at + interval '1 minute') end
      from threshold_checks k where k.subscription_id = s.id and k.marks_count > k.checked_count and ${HAS_THRESHOLDS}) as threshold_check_at,
    exists (select from billing_periods e where e.organization_id = s.organization_id and e.subscription_id = s.previous_subscription_id
      and e.invoicing_reason = 'subscription_terminating') as has_billed_previous,
    n.id as next_id, n.status as next_status, n.plan_change as next_change, n.plan_id as next_plan_id, n.created_at as next_created_at
  from subscriptions s
  join plans p on p.id = s.plan_id
  join customers c on c.id = s.customer_id
  join organizations o on o.id = s.organization_id
  left join lateral (
    select bool_or(invoicing_reason = 'subscription_starting') as has_billed_start,
      bool_or(invoicing_reason = 'subscription_terminating') as has_billed_end,
      max(billing_at) filter (where invoicing_reason = 'subscription_periodic') as last_periodic_at,
      max(charges_to) filter (where charges_to > charges_from and invoicing_reason not like 'in_advance_charge%' and invoicing_reason <> 'progressive_billing') as last_charges_to
    from billing_periods where subscription_id = s.id and organization_id = s.organization_id and invoice_id is distinct from :apart_from
  ) b on true
  left join lateral (
    select * from subscriptions n
    where n.organization_id = s.organization_id and n.previous_subscription_id = s.id and n.status <> 'canceled'
    order by n.created_at desc, n.id desc limit 1
  ) n on true
  where s.organization_id = :organization_id`;

/**
 * One statement for any number of subscriptions, in the order of their creation. `apart_from` leaves one invoice out of what was billed:
 * a draft that is computed anew must not take itself for an earlier bill.
 */
export async function readSubscriptionFacts(
  trx: Transaction,
  ids: readonly string[],
  apart_from: string | null = null,
): Promise<SubscriptionFacts[]> {
  const { rows } = await trx.raw<{ rows: SubscriptionFacts[] }>(
    `${FACTS} and s.id = any(:ids) order by s.created_at, s.id`,
    {
      organization_id: trx.organization_id,
      ids: [...ids],
      apart_from,
    },
  );
  return rows;
}

/** The ids of a customer's subscriptions that may be due for periodic billing. */
export async function activeSubscriptionIds(trx: Transaction, customer_id: string): Promise<string[]> {
  return trx('subscriptions')
    .where({ organization_id: trx.organization_id, customer_id, status: 'active' })
    .pluck('id');
}
