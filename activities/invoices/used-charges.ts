import type { ChargeModelName } from '../../billing/charge-models/index.ts';
import { spanDays } from '../../billing/clock/calendar.ts';
import type { BilledSubscription, UsedCharge } from '../../billing/invoices/compute-invoice.ts';
import type { BillingPeriod } from '../../billing/invoices/invoice.ts';
import { chargesTerms, periodAt } from '../../billing/subscriptions/periods.ts';
import type { Bucket } from '../../billing/usage/measure.ts';
import type { MeasuredSpan } from '../../billing/usage/time-weighted.ts';
import { readChargeUsage } from '../../db/charge-usage.ts';
import type { ChargeFacts } from '../../db/pricing-facts.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import type { Billed } from './commitments.ts';

export type Uses = ReadonlyMap<string, readonly UsedCharge[]>;

/** By subscription: its charges that are billed in arrears, each with what was used of it. */
export async function readUses(
  trx: Transaction,
  billed: readonly Billed[],
  charges: readonly ChargeFacts[],
  timezone: string,
): Promise<Uses> {
  const wanted = billed.flatMap(({ facts: subscription, period }) => {
    const span = measuredSpan(subscription, period, timezone);
    if (span.to <= span.from) return [];
    return charges
      .filter((charge) => charge.plan_id === subscription.plan_id && !charge.pay_in_advance)
      .map((charge) => ({ subscription, charge, span }));
  });
  const usage = await readChargeUsage(
    trx,
    wanted.map(({ subscription, ...window }) => ({ ...window, external_subscription_id: subscription.external_id })),
  );
  const uses = new Map<string, UsedCharge[]>(billed.map(({ facts }) => [facts.id, []]));
  for (const [index, { subscription, charge }] of wanted.entries())
    uses.get(subscription.id)?.push(usedCharge(charge, usage[index] ?? []));
  return uses;
}

/** The charges span, with the days of the whole period that it is cut from. */
export function measuredSpan(facts: SubscriptionFacts, period: BillingPeriod, timezone: string): MeasuredSpan {
  const { interval, billing_time, subscription_at, bill_charges_monthly, first_started_at } = facts;
  const terms = chargesTerms({ interval, billing_time, subscription_at, timezone }, bill_charges_monthly);
  const { charges_from: from, charges_to: to } = period;
  return {
    from,
    to,
    timezone,
    period_days: periodAt(terms, from).days,
    started_at: first_started_at ?? from,
    is_ended_by_upgrade: false,
  };
}

export function chargesDays({ from, to, timezone, period_days }: MeasuredSpan): BilledSubscription['charges_days'] {
  return { billed: to > from ? spanDays({ from, to }, timezone) : 0, period: period_days };
}

export function usedCharge(charge: ChargeFacts, buckets: readonly Bucket[]): UsedCharge {
  return {
    id: charge.id,
    charge_model: charge.charge_model as ChargeModelName,
    properties: charge.properties,
    invoice_display_name: charge.invoice_display_name,
    invoiceable: charge.invoiceable,
    min_amount_cents: charge.min_amount_cents,
    taxes: charge.taxes,
    metric: {
      id: charge.billable_metric_id,
      code: charge.metric_code,
      name: charge.metric_name,
      description: charge.metric_description,
      filters: charge.metric_filters,
      rounding: { rounding_function: charge.rounding_function, rounding_precision: charge.rounding_precision },
    },
    buckets,
  };
}
