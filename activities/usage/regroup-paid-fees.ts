import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { regroupFees } from '../../billing/invoices/regroup-fees.ts';
import type { SubscriptionReason } from '../../billing/subscriptions/billing-spans.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import { findFeeTaxes } from '../../db/fees.ts';
import { newId } from '../../db/ids.ts';
import { insertBillingPeriods, insertInvoice, insertInvoiceTaxes, updateInvoice } from '../../db/invoices.ts';
import { attachFees, findPaidFees } from '../../db/paid-fees.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import { loadSubscriptions } from '../../db/subscriptions.ts';
import type { Transaction } from '../../db/transaction.ts';
import { blankInvoice } from '../invoices/blank-invoice.ts';
import { finalizeInvoice } from '../invoices/finalize-invoice.ts';
import type { SpansToBill } from '../invoices/generate-invoice.ts';
import { replanInvoice } from '../invoices/plan-invoice.ts';

export interface RegroupingOccasion {
  readonly together: readonly SubscriptionFacts[];
  /** Of each of them, what has just been billed. */
  readonly periods: readonly SpansToBill[];
  readonly reason: SubscriptionReason;
  readonly occasion: string;
  readonly at: Instant;
}

/** Puts fees that stood alone and have been paid on one invoice, which is paid with them. Source: spec "Regrouping paid fees". */
export async function regroupPaidFees(trx: Transaction, billed: RegroupingOccasion): Promise<void> {
  const { together, reason, at } = billed;
  const [first] = together;
  assert(first, 'regrouping: somebody is billed');
  const { customer_id, currency } = first;
  const fees = await findPaidFees(trx, {
    customer_id,
    currency,
    external_ids: together.map((facts) => facts.external_id),
    paid_until: at,
    used_until: reason === 'subscription_periodic' ? at : null,
  });
  if (fees.length === 0) return;
  const settings = await readBillingSettings(trx, customer_id);
  const occasion = `advance-charges/${billed.occasion}`;
  const invoice = await insertInvoice(
    trx,
    blankInvoice({ customer_id, invoice_type: 'advance_charges', currency, occasion, at }, settings),
  );
  if (!invoice) return;
  const regrouped = regroupFees(fees, await findFeeTaxes(trx, fees));
  await attachFees(
    trx,
    fees.map(({ id }) => id),
    invoice.id,
    at,
  );
  await insertInvoiceTaxes(
    trx,
    regrouped.taxes.map((tax) => ({ ...tax, id: newId(), invoice_id: invoice.id, created_at: at })),
  );
  const subscription_ids = [...new Set(fees.flatMap((fee) => fee.subscription_id ?? []))];
  const span = spanOfLatest(billed);
  await insertBillingPeriods(
    trx,
    (await loadSubscriptions(trx, subscription_ids)).map(({ subscription: { id, plan_id } }) => ({
      ...span,
      id: newId(),
      invoice_id: invoice.id,
      subscription_id: id,
      plan_id,
      invoicing_reason: 'in_advance_charge_periodic',
      billing_at: at,
      is_regenerated: false,
      created_at: at,
    })),
  );
  const { totals } = regrouped;
  const filled = await updateInvoice(trx, invoice.id, {
    ...totals,
    total_paid_amount_cents: totals.total_amount_cents,
    updated_at: at,
  });
  await finalizeInvoice(trx, filled, settings, at);
  await replanInvoice(trx, invoice.id, at);
}

/** The usage span of the subscription that started last stands for all of them, and for both of the spans that a bill has. */
function spanOfLatest({ together, periods }: RegroupingOccasion) {
  const started = together.map(({ started_at }) => started_at ?? '');
  const latest = started.indexOf([...started].sort().at(-1) ?? '');
  const period = periods[latest];
  assert(period, 'regrouping: each subscription was billed for a span');
  const { charges_from, charges_to } = period;
  return { charges_from, charges_to, subscription_from: charges_from, subscription_to: charges_to };
}
