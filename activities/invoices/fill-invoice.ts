import { assert } from '../../billing/assert.ts';
import type { ChargeModelName } from '../../billing/charge-models/index.ts';
import { spanDays } from '../../billing/clock/calendar.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import {
  type BilledSubscription,
  type ComputedInvoice,
  computeInvoice,
  type UsedCharge,
} from '../../billing/invoices/compute-invoice.ts';
import type { BillingPeriod, Invoice } from '../../billing/invoices/invoice.ts';
import type { SubscriptionReason } from '../../billing/subscriptions/billing-spans.ts';
import { deleteFeesOfInvoice, insertFees, insertFeeTaxes } from '../../db/fees.ts';
import { newId } from '../../db/ids.ts';
import {
  deleteInvoiceTaxes,
  findBillingPeriodsOfInvoice,
  insertInvoiceTaxes,
  updateInvoice,
} from '../../db/invoices.ts';
import { type ChargeFacts, readCharges, readTaxLevels, type TaxLevels } from '../../db/pricing-facts.ts';
import { readSubscriptionFacts, type SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { chargesTerms, periodAt } from '../../billing/subscriptions/periods.ts';
import type { MeasuredSpan } from '../../billing/usage/time-weighted.ts';
import type { Bucket } from '../../billing/usage/measure.ts';
import { readChargeUsage } from '../../db/charge-usage.ts';
import { subscriptionFeeOf } from './billing-occasion.ts';

/**
 * Computes an invoice from the spans that it covers and the facts of today, and stores the result in place of an earlier one.
 * A constant number of statements, however many subscriptions and charges it has.
 */
export async function fillInvoice(trx: Transaction, invoice: Invoice, at: Instant): Promise<Invoice> {
  const periods = await findBillingPeriodsOfInvoice(trx, invoice.id);
  const facts = await readSubscriptionFacts(
    trx,
    periods.map((period) => period.subscription_id),
    invoice.id,
  );
  const plan_ids = [...new Set(facts.map((one) => one.plan_id))];
  const charges = await readCharges(trx, plan_ids);
  const taxes = await readTaxLevels(trx, invoice.customer_id, plan_ids);
  const uses = await readUses(trx, periods, facts, charges, invoice.timezone);

  const computed = computeInvoice({
    currency: invoice.currency,
    customer_taxes: taxes.customer,
    organization_taxes: taxes.organization,
    subscriptions: facts.map((one) => billedSubscription(invoice, one, periodOf(periods, one), uses, taxes)),
  });
  await store(trx, invoice, computed, at);
  return updateInvoice(trx, invoice.id, { ...computed.totals, updated_at: at });
}

type Uses = ReadonlyMap<string, readonly UsedCharge[]>;

/** By subscription: its charges that are billed in arrears, each with what was used of it. */
async function readUses(
  trx: Transaction,
  periods: readonly BillingPeriod[],
  facts: readonly SubscriptionFacts[],
  charges: readonly ChargeFacts[],
  timezone: string,
): Promise<Uses> {
  const wanted = facts.flatMap((subscription) => {
    const span = measuredSpan(subscription, periodOf(periods, subscription), timezone);
    if (span.to <= span.from) return [];
    return charges
      .filter((charge) => charge.plan_id === subscription.plan_id && !charge.pay_in_advance)
      .map((charge) => ({ subscription, charge, span }));
  });
  const usage = await readChargeUsage(
    trx,
    wanted.map(({ subscription, ...window }) => ({ ...window, external_subscription_id: subscription.external_id })),
  );
  const uses = new Map<string, UsedCharge[]>(facts.map((one) => [one.id, []]));
  for (const [index, { subscription, charge }] of wanted.entries())
    uses.get(subscription.id)?.push(usedCharge(charge, usage[index] ?? []));
  return uses;
}

/** The charges span, with the days of the whole period that it is cut from. */
function measuredSpan(facts: SubscriptionFacts, period: BillingPeriod, timezone: string): MeasuredSpan {
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

function chargesDays({ from, to, timezone, period_days }: MeasuredSpan): BilledSubscription['charges_days'] {
  return { billed: to > from ? spanDays({ from, to }, timezone) : 0, period: period_days };
}

function usedCharge(charge: ChargeFacts, buckets: readonly Bucket[]): UsedCharge {
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

function billedSubscription(
  { billing_at: at, timezone }: Invoice,
  facts: SubscriptionFacts,
  period: BillingPeriod,
  uses: Uses,
  taxes: TaxLevels,
): BilledSubscription {
  const reason = period.invoicing_reason as SubscriptionReason;
  const subscription_span = { from: period.subscription_from, to: period.subscription_to };
  return {
    id: facts.id,
    plan: {
      code: facts.plan_code,
      name: facts.plan_name,
      description: facts.plan_description,
      invoice_display_name: facts.plan_invoice_display_name,
      pay_in_advance: facts.pay_in_advance,
      taxes: taxes.plans.get(facts.plan_id) ?? [],
    },
    spans: {
      subscription: subscription_span,
      charges: { from: period.charges_from, to: period.charges_to },
    },
    charges_days: chargesDays(measuredSpan(facts, period, timezone)),
    subscription_fee: subscriptionFeeOf({ facts, reason, at, timezone }, subscription_span),
    charges: uses.get(facts.id) ?? [],
  };
}

function periodOf(periods: readonly BillingPeriod[], subscription: SubscriptionFacts): BillingPeriod {
  const period = periods.find((one) => one.subscription_id === subscription.id);
  assert(period, 'invoice: each of its subscriptions has a span');
  return period;
}

async function store(trx: Transaction, invoice: Invoice, computed: ComputedInvoice, at: Instant): Promise<void> {
  await deleteFeesOfInvoice(trx, invoice.id);
  await deleteInvoiceTaxes(trx, invoice.id);
  const numbered = computed.fees.map((fee) => ({ ...fee, id: newId() }));
  await insertFees(
    trx,
    numbered.map(({ taxes: _, tops_up, ...fee }) => ({
      ...fee,
      true_up_parent_fee_id: tops_up === null ? null : (numbered[tops_up]?.id ?? null),
      customer_id: invoice.customer_id,
      invoice_id: invoice.id,
      payment_status: 'pending' as const,
      succeeded_at: null,
      failed_at: null,
      refunded_at: null,
      created_at: at,
      updated_at: at,
      deleted_at: null,
    })),
  );
  await insertFeeTaxes(
    trx,
    numbered.flatMap((fee) => fee.taxes.map((tax) => ({ ...tax, id: newId(), fee_id: fee.id, created_at: at }))),
  );
  await insertInvoiceTaxes(
    trx,
    computed.taxes.map((tax) => ({ ...tax, id: newId(), invoice_id: invoice.id, created_at: at })),
  );
}
