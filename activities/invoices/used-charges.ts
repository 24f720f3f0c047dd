import type { ChargeModelName } from '../../billing/charge-models/index.ts';
import { addMilliseconds, latest } from '../../billing/clock/instant.ts';
import type { BilledSubscription, RenewedPeriod, UsedCharge } from '../../billing/invoices/compute-invoice.ts';
import type { BillingPeriod } from '../../billing/invoices/invoice.ts';
import { chargesTerms, periodAt, type Terms } from '../../billing/subscriptions/periods.ts';
import { endedBy, totalSince } from '../../billing/subscriptions/plan-change.ts';
import type { Bucket } from '../../billing/usage/measure.ts';
import { billedDays, type MeasuredSpan } from '../../billing/usage/time-weighted.ts';
import { readChargeUsage, type UsageOptions } from '../usage/read-charge-usage.ts';
import type { ChargeFacts } from '../../db/pricing-facts.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { cutByUpgrade } from './billing-occasion.ts';
import type { Billed } from './commitments.ts';

export type Uses = ReadonlyMap<string, readonly UsedCharge[]>;

interface Use {
  readonly subscription: SubscriptionFacts;
  readonly charge: ChargeFacts;
  readonly span: MeasuredSpan;
  readonly renewed_for?: RenewedPeriod;
}

/**
 * By subscription: its charges in arrears, each with what was used of it, and those that are renewed for the next period. `charges` are those of
 * their plans, and of the plans that came after.
 */
export async function readUses(
  trx: Transaction,
  billed: readonly Billed[],
  charges: readonly ChargeFacts[],
  timezone: string,
): Promise<Uses> {
  const wanted = billed.flatMap(({ facts: subscription, period }): Use[] => {
    const own = charges.filter((charge) => charge.plan_id === subscription.plan_id);
    const span = measuredSpan(subscription, period, timezone);
    const left = span.is_ended_by_upgrade ? metricsOf(charges, subscription.next_plan_id) : new Set<string>();
    const used = own.filter(
      (charge) => !charge.pay_in_advance && !(isStanding(charge) && left.has(charge.billable_metric_id)),
    );
    const renewals = isRenewing(subscription, period) ? renewalsOf(subscription, own, period, timezone) : [];
    return [
      ...(span.to > span.from ? used.map((charge) => ({ subscription, charge, span })) : []),
      ...renewals.filter(({ charge }) => charge.invoiceable),
    ];
  });
  const usage = await readUsageOf(trx, wanted);
  const uses = new Map<string, UsedCharge[]>(billed.map(({ facts }) => [facts.id, []]));
  for (const [index, { subscription, charge, renewed_for }] of wanted.entries())
    uses.get(subscription.id)?.push({ ...usedCharge(charge, usage[index] ?? []), renewed_for });
  return uses;
}

/** Due whole at the end of a period, whoever has it then: the plan after an upgrade, if it asks for the same. */
function isStanding({ recurring, prorated }: ChargeFacts): boolean {
  return recurring && !prorated;
}

function metricsOf(charges: readonly ChargeFacts[], plan_id: string | null): Set<string> {
  return new Set(charges.filter((charge) => charge.plan_id === plan_id).map((charge) => charge.billable_metric_id));
}

/** Of two plans of which one takes the other's place at the end of a period, the one that ends renews. */
function isRenewing(facts: SubscriptionFacts, { invoicing_reason }: Pick<BillingPeriod, 'invoicing_reason'>): boolean {
  if (invoicing_reason === 'subscription_periodic') return true;
  return invoicing_reason === 'subscription_terminating' && endedBy(facts) === 'downgrade';
}

export function readUsageOf(
  trx: Transaction,
  uses: readonly Omit<Use, 'renewed_for'>[],
  options: UsageOptions = {},
): Promise<Bucket[][]> {
  return readChargeUsage(
    trx,
    uses.map(({ subscription, charge, span }) => ({
      charge,
      span,
      external_subscription_id: subscription.external_id,
    })),
    options,
  );
}

/** What is there when a period begins is paid for it, whole: recurring charges that are paid in advance. Source: spec "Renewal". */
export function renewalsOf(
  subscription: SubscriptionFacts,
  charges: readonly ChargeFacts[],
  period: Pick<BillingPeriod, 'charges_from' | 'charges_to' | 'billing_at' | 'invoicing_reason'>,
  timezone: string,
): (Use & { readonly renewed_for: RenewedPeriod })[] {
  const { from, to } = periodAt(usageTerms(subscription, timezone), period.billing_at);
  const span = { ...measuredSpan(subscription, period, timezone), to: period.billing_at };
  return charges
    .filter((charge) => charge.plan_id === subscription.plan_id && charge.pay_in_advance && charge.recurring)
    .map((charge) => ({
      subscription,
      // Whole, and what is there, not what has been paid for.
      charge: { ...charge, prorated: false, pay_in_advance: false },
      span,
      renewed_for: { from, to, timezone },
    }));
}

function usageTerms(facts: SubscriptionFacts, timezone: string): Terms {
  const { interval, billing_time, subscription_at, bill_charges_monthly } = facts;
  return chargesTerms({ interval, billing_time, subscription_at, timezone }, bill_charges_monthly);
}

/** The charges span, with the days of the whole period that it is cut from. */
export function measuredSpan(
  facts: SubscriptionFacts,
  period: Pick<BillingPeriod, 'charges_from' | 'charges_to' | 'invoicing_reason'>,
  timezone: string,
): MeasuredSpan {
  const { charges_from: from, charges_to, invoicing_reason } = period;
  const span = { from, to: charges_to };
  const cut = invoicing_reason === 'subscription_terminating' ? cutByUpgrade(facts, span) : undefined;
  // By its end: what goes on where another time zone's bill ended begins some hours before its period.
  const last = latest(from, addMilliseconds(charges_to, -1));
  return {
    ...(cut ?? span),
    timezone,
    period_days: periodAt(usageTerms(facts, timezone), last).days,
    started_at: totalSince(facts, from),
    is_ended_by_upgrade: cut !== undefined,
  };
}

export function chargesDays(span: MeasuredSpan): BilledSubscription['charges_days'] {
  return { billed: span.to > span.from ? billedDays(span) : 0, period: span.period_days };
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
    pricing_unit: charge.pricing_unit,
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
