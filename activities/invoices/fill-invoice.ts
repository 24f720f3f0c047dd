import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { type BilledSubscription, computeInvoice, type UsedCharge } from '../../billing/invoices/compute-invoice.ts';
import type { BillingPeriod, Invoice } from '../../billing/invoices/invoice.ts';
import type { SubscriptionReason } from '../../billing/subscriptions/billing-spans.ts';
import { findAdjustedFees } from '../../db/adjusted-fees.ts';
import { findBillingPeriodsOfInvoice } from '../../db/invoices.ts';
import { readCharges, readTaxLevels, type TaxLevels } from '../../db/pricing-facts.ts';
import { readProgressiveCredits, type UsedSpan } from '../../db/progressive-invoices.ts';
import { readSubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { readUsableCoupons } from '../../db/usable-coupons.ts';
import { creditExcesses } from '../progressive-billing/credit-excesses.ts';
import { subscriptionFeeOf } from './billing-occasion.ts';
import { carryUsage } from './carry-usage.ts';
import { type Billed, readCommitments } from './commitments.ts';
import { storeComputed } from './store-computed.ts';
import { chargesDays, measuredSpan, readUses } from './used-charges.ts';

/**
 * Computes an invoice from the spans that it covers and the facts of today, and stores the result in place of an earlier one.
 * A constant number of statements, however many subscriptions and charges it has. Coupons are used when it becomes final; the caller holds the billing
 * of the customer.
 */
export async function fillInvoice(
  trx: Transaction,
  invoice: Invoice,
  at: Instant,
  { isFinal }: { readonly isFinal: boolean },
): Promise<Invoice> {
  const billed = await readBilled(trx, invoice);
  const plan_ids = [...new Set(billed.map(({ facts }) => facts.plan_id))];
  const taxes = await readTaxLevels(trx, invoice.customer_id, plan_ids);
  const next_plan_ids = billed.flatMap(({ facts }) => facts.next_plan_id ?? []);
  const charges = await readCharges(trx, [...new Set([...plan_ids, ...next_plan_ids])]);
  const uses = await readUses(trx, billed, charges, invoice.timezone);
  const spans = billed.map(({ period }) => usedSpan(period)).filter(({ from, to }) => from < to);
  const commitments = await readCommitments(trx, invoice, billed);

  const adjusted_fees = await findAdjustedFees(trx, invoice.id);

  const computed = computeInvoice({
    currency: invoice.currency,
    customer_taxes: taxes.customer,
    organization_taxes: taxes.organization,
    progressive_credits: await readProgressiveCredits(trx, spans, invoice.id),
    coupons: isFinal ? await readUsableCoupons(trx, invoice.customer_id) : [],
    subscriptions: billed.map((one) => ({
      ...billedSubscription(invoice, one, taxes),
      charges: chargesToBill(invoice, uses.get(one.facts.id) ?? []),
      commitment: commitments.get(one.facts.id),
      adjusted_fees: adjusted_fees.filter(({ subscription_id }) => subscription_id === one.facts.id),
    })),
  });
  await carryUsage(trx, billed, charges, uses);
  const stored = await storeComputed(trx, invoice, computed, at);
  await creditExcesses(trx, computed.progressive.excesses, at);
  return stored.invoice;
}

function usedSpan({ subscription_id, charges_from: from, charges_to: to }: BillingPeriod): UsedSpan {
  return { subscription_id, from, to };
}

/** What a threshold makes due is what was used: without that of which nothing is invoiced, and without minimums. */
function chargesToBill({ invoice_type }: Invoice, charges: readonly UsedCharge[]): readonly UsedCharge[] {
  if (invoice_type !== 'progressive_billing') return charges;
  return charges.filter(({ invoiceable }) => invoiceable).map((charge) => ({ ...charge, min_amount_cents: 0 }));
}

async function readBilled(trx: Transaction, invoice: Invoice): Promise<Billed[]> {
  const periods = await findBillingPeriodsOfInvoice(trx, invoice.id);
  const ids = periods.map((period) => period.subscription_id);
  const facts = await readSubscriptionFacts(trx, ids, invoice.id);
  return facts.map((one) => {
    const period = periods.find(({ subscription_id }) => subscription_id === one.id);
    assert(period, 'invoice: each of its subscriptions has a span');
    return { facts: one, period };
  });
}

function billedSubscription(
  { billing_at: at, timezone }: Invoice,
  { facts, period }: Billed,
  taxes: TaxLevels,
): Omit<BilledSubscription, 'charges' | 'commitment'> {
  const reason = period.invoicing_reason as SubscriptionReason;
  const subscription_span = { from: period.subscription_from, to: period.subscription_to };
  return {
    id: facts.id,
    plan: {
      id: facts.plan_id,
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
    subscription_fee:
      period.invoicing_reason === 'progressive_billing'
        ? undefined
        : subscriptionFeeOf({ facts, reason, at, timezone }, subscription_span),
  };
}
