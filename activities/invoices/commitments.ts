import { assert } from '../../billing/assert.ts';
import { localDate, spanDays, startOfDay } from '../../billing/clock/calendar.ts';
import { latest, type Span } from '../../billing/clock/instant.ts';
import type { CommitmentToReach } from '../../billing/invoices/compute-invoice.ts';
import type { BillingPeriod, Invoice } from '../../billing/invoices/invoice.ts';
import { carriesFee, type SubscriptionReason } from '../../billing/subscriptions/billing-spans.ts';
import { type Period, periodAt, previousPeriod, type Terms } from '../../billing/subscriptions/periods.ts';
import { readBilledBefore } from '../../db/billed-fees.ts';
import { loadMinimumCommitments } from '../../db/minimum-commitments.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';

export interface Billed {
  readonly facts: SubscriptionFacts;
  readonly period: BillingPeriod;
}

interface Question {
  readonly facts: SubscriptionFacts;
  /** The whole period, and the part of it that was lived in. */
  readonly period: Period;
  readonly span: Span;
}

/** The minimum commitments that an invoice has to see to, by subscription. A plan in advance is held to its own for the period that has ended. */
export async function readCommitments(
  trx: Transaction,
  invoice: Invoice,
  billed: readonly Billed[],
): Promise<ReadonlyMap<string, CommitmentToReach>> {
  const plan_ids = [...new Set(billed.map(({ facts }) => facts.plan_id))];
  const commitments = await loadMinimumCommitments(trx, plan_ids);
  const questions = billed
    .filter(({ facts }) => commitments.has(facts.plan_id))
    .flatMap((one) => periodToHold(one, invoice) ?? []);
  const before = await readBilledBefore(
    trx,
    questions.map(({ facts, period }) => ({ subscription_id: facts.id, period })),
    invoice.id,
  );
  const found = new Map<string, CommitmentToReach>();
  for (const [index, { facts, period, span }] of questions.entries()) {
    const earlier = before[index];
    const document = commitments.get(facts.plan_id);
    assert(earlier && document, 'commitment: every question is answered');
    if (facts.pay_in_advance && !earlier.has_subscription_fee) continue;
    found.set(facts.id, {
      amount_cents: document.commitment.amount_cents,
      invoice_display_name: document.commitment.invoice_display_name,
      taxes: document.taxes,
      span,
      days: spanDays(span, invoice.timezone),
      period_days: period.days,
      billed_before_cents: earlier.amount_cents,
      counts_subscription_fee: !facts.pay_in_advance,
    });
  }
  return found;
}

function periodToHold({ facts, period: billed }: Billed, { timezone, billing_at: at }: Invoice): Question | undefined {
  const { interval, billing_time, subscription_at, started_at } = facts;
  const terms: Terms = { interval, billing_time, subscription_at, timezone };
  const reason = billed.invoicing_reason as SubscriptionReason;
  if (billed.invoicing_reason === 'progressive_billing') return undefined;
  if (reason === 'subscription_starting' || !carriesFee({ terms, plan: facts, reason, at })) return undefined;
  assert(started_at, 'commitment: only a subscription that has started is billed');

  const span = { from: billed.subscription_from, to: billed.subscription_to };
  if (reason === 'subscription_terminating' || !facts.pay_in_advance)
    return span.from < span.to ? { facts, period: periodAt(terms, span.from), span } : undefined;
  const period = previousPeriod(terms, periodAt(terms, at));
  const from = latest(period.from, startOfDay(localDate(started_at, facts.activation_timezone), timezone));
  return from < period.to ? { facts, period, span: { from, to: period.to } } : undefined;
}
