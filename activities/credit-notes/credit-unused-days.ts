import type { Instant } from '../../billing/clock/instant.ts';
import { computeItems } from '../../billing/credit-notes/compute-items.ts';
import { roomOf } from '../../billing/credit-notes/creditable-invoice.ts';
import { totalOfItems } from '../../billing/credit-notes/settle-credit-note.ts';
import {
  type BilledFee,
  type EarlyEnd,
  isForPeriod,
  splitUnused,
  unusedAmount,
} from '../../billing/credit-notes/unused-days.ts';
import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import { periodAt } from '../../billing/subscriptions/periods.ts';
import { trialEnd } from '../../billing/subscriptions/trial.ts';
import { hasCreditNote } from '../../db/credit-notes.ts';
import { readCreditableInvoice } from '../../db/creditable-invoice.ts';
import { type FeeRow, findLastSubscriptionFee } from '../../db/fees.ts';
import { lockInvoice } from '../../db/invoices.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { issueCreditNote } from './issue-credit-note.ts';

export interface Ending {
  /** When it ended. */
  readonly at: Instant;
  readonly occasion: EarlyEnd['occasion'];
  readonly links?: LinkSettings;
}

/**
 * Gives back what was paid in advance for days that the subscription does not live in, once. Before its last invoice, so that this one can
 * use it. The caller holds the billing of the customer; `facts` are those after the end.
 */
export async function creditUnusedDays(
  trx: Transaction,
  facts: SubscriptionFacts,
  { at, occasion, links }: Ending,
): Promise<void> {
  const option = facts.on_termination_credit_note ?? 'credit';
  if (!facts.pay_in_advance || option === 'skip') return;
  const key = `termination/${facts.id}`;
  if (await hasCreditNote(trx, key)) return;
  const end = describeEnd(facts, at, occasion);
  const billed = await findLastSubscriptionFee(trx, facts.id);
  if (!billed?.invoice_id || !billed.from_at || !billed.to_at) return;
  if (!isForPeriod({ from_at: billed.from_at, to_at: billed.to_at }, end.period)) return;
  const invoice = await lockInvoice(trx, billed.invoice_id);
  if (!invoice) return;

  const creditable = await readCreditableInvoice(trx, invoice);
  const fee = describeFee(billed, creditable.fees, facts);
  const amount = unusedAmount(end, fee);
  if (amount.lte(0)) return;
  const computed = computeItems([{ fee, amount }], creditable);
  if (computed.expected_total_cents === 0 || totalOfItems(computed) === 0) return;
  const wanted = splitUnused(option, computed, end, fee, { ...invoice, ...roomOf(creditable) });
  await issueCreditNote(
    trx,
    invoice,
    creditable,
    { computed, wanted, reason: 'order_cancellation', occasion: key },
    at,
    links,
  );
}

function describeEnd(facts: SubscriptionFacts, at: Instant, occasion: EarlyEnd['occasion']): EarlyEnd {
  const { timezone, first_started_at, trial_period } = facts;
  return { period: periodAt(facts, at), timezone, at, trial_end: trialEnd(first_started_at, trial_period), occasion };
}

function describeFee(
  fee: FeeRow,
  fees: Awaited<ReturnType<typeof readCreditableInvoice>>['fees'],
  facts: SubscriptionFacts,
): BilledFee {
  const { plan_amount_cents } = fee.amount_details as { readonly plan_amount_cents?: number };
  const creditable = fees.find(({ id }) => id === fee.id)!;
  return {
    ...creditable,
    plan_amount_cents: plan_amount_cents ?? facts.plan_amount_cents,
    from_at: fee.from_at!,
    to_at: fee.to_at!,
  };
}
