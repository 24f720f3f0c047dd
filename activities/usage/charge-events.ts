import type { Instant } from '../../billing/clock/instant.ts';
import { chargeFee, feeItem } from '../../billing/fees/charge-fee.ts';
import type { UntaxedFee } from '../../billing/invoices/compute-invoice.ts';
import { applyTaxes, type FeeTaxes } from '../../billing/taxes/apply-taxes.ts';
import { resolveTaxes, type Tax } from '../../billing/taxes/resolve-taxes.ts';
import { announceEventErrors, announceFees } from '../../db/announcements.ts';
import { insertComputedFees } from '../../db/computed-fees.ts';
import { type DueEvent, takeInstantUsage } from '../../db/instant-usage.ts';
import { readCharges, readTaxLevels } from '../../db/pricing-facts.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { invoiceEvent } from './invoice-event.ts';
import { type PricedEvent, priceEvents } from './price-events.ts';

/** So many are paid for in one transaction: few enough to be done in seconds where each has an invoice of its own. */
const EVENTS_MAX = 100;

/** A fee with the taxes on it. */
export interface TaxableLine {
  readonly fee: UntaxedFee;
  readonly taxes: readonly Tax[];
}

/**
 * Makes the fees of events that have come in, and the invoices of those that are invoiced at once. What is left over is for the next time. The caller
 * holds the billing of the customer, so no two events see the same state.
 */
export async function chargeEvents(trx: Transaction, facts: SubscriptionFacts): Promise<void> {
  const taken = await takeInstantUsage(trx, facts, EVENTS_MAX);
  const events = taken.filter((event) => isOf(facts, event));
  if (events.length === 0) return;
  const charges = (await readCharges(trx, [facts.plan_id])).filter((charge) => charge.pay_in_advance);
  const { priced, unpriced } = await priceEvents(trx, facts, charges, events);
  const levels = await readTaxLevels(trx, facts.customer_id, [facts.plan_id]);
  const plan = levels.plans.get(facts.plan_id) ?? [];
  const lines = priced.map((one) => ({
    ...one,
    line: { fee: feeFor(facts, one), taxes: resolveTaxes({ ...levels, charge: one.charge.taxes, plan }) },
  }));
  await chargeAlone(
    trx,
    facts,
    lines.filter(({ charge }) => !charge.invoiceable).map(({ line, due }) => ({ ...line, at: due.received_at })),
  );
  for (const { line, ...one } of lines.filter(({ charge }) => charge.invoiceable))
    await invoiceEvent(trx, facts, one, line);
  await announceEventErrors(
    trx,
    facts.external_id,
    unpriced.map(({ due, message }) => ({
      transaction_id: due.transaction_id,
      details: { custom_aggregator: [message] },
    })),
    unpriced.at(-1)?.due.received_at ?? '',
  );
}

/** It may have been terminated since. */
function isOf({ started_at, terminated_at }: SubscriptionFacts, { timestamp }: DueEvent): boolean {
  return started_at !== null && timestamp >= started_at && (terminated_at === null || timestamp <= terminated_at);
}

/** A fee that stands alone shows the days of its period, one on an invoice the instants. */
function feeFor(facts: SubscriptionFacts, { due, charge, fee, periods }: PricedEvent): UntaxedFee {
  return chargeFee({
    subscription_id: facts.id,
    charge: feeItem(charge),
    filter: fee.filter,
    grouped_by: fee.grouped_by,
    numbers: fee.numbers,
    presentation: fee.presentation,
    currency: facts.currency,
    span: periods.charges,
    pay_in_advance: true,
    dates_timezone: charge.invoiceable ? null : facts.timezone,
    event_transaction_id: due.transaction_id,
  });
}

/** Fees that no invoice has: they are paid by whoever hears of them. */
export async function chargeAlone(
  trx: Transaction,
  { customer_id }: Pick<SubscriptionFacts, 'customer_id'>,
  lines: readonly (TaxableLine & { readonly at: Instant })[],
): Promise<void> {
  const last = lines.at(-1);
  if (!last) return;
  const taxed = applyTaxes(lines.map(({ fee, taxes }) => ({ ...fee, taxes }))).fees;
  const fee_ids = await insertComputedFees(
    trx,
    customer_id,
    lines.map(({ fee, at }, index) => ({
      ...fee,
      ...(taxed[index] as FeeTaxes),
      tops_up: null,
      invoice_id: null,
      created_at: at,
    })),
  );
  await announceFees(trx, fee_ids, last.at);
}
