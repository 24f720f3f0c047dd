import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import type { SubscriptionReason } from '../../billing/subscriptions/billing-spans.ts';
import { isBilledAtStart } from '../../billing/subscriptions/next-step.ts';
import { ring } from '../../db/outbox.ts';
import { readSubscriptionFacts, type SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { creditEnded } from '../credit-notes/credit-ended.ts';
import { spansToBill } from '../invoices/billing-occasion.ts';
import { generateInvoice, type SpansToBill } from '../invoices/generate-invoice.ts';
import { regroupPaidFees } from '../usage/regroup-paid-fees.ts';
import { renewAlone } from '../usage/renew-alone.ts';

/** Subscriptions of one currency on one invoice. */
export async function bill(
  trx: Transaction,
  together: readonly SubscriptionFacts[],
  reason: SubscriptionReason,
  at: Instant,
  occasion: string,
): Promise<void> {
  const [first] = together;
  if (!first) return;
  const { customer_id, currency } = first;
  const periods = together.map((facts) => spansOf(facts, reason, at));
  await generateInvoice(trx, { customer_id, currency, occasion, at, periods });
  // What is billed late, for a period in which it has ended since.
  if (reason !== 'subscription_terminating')
    await creditEnded(trx, together.filter(({ terminated_at }) => terminated_at !== null).map(({ id }) => id)); // prettier-ignore
  if (reason === 'subscription_periodic') await renewAlone(trx, together, periods, at);
  if (reason !== 'subscription_starting') await regroupPaidFees(trx, { together, periods, reason, occasion, at });
}

/**
 * The last bill of a plan and the first of the one that has taken its place: one invoice, or one for each currency.
 * What is in arrears or on trial has its first bill later.
 */
export async function billChange(trx: Transaction, facts: SubscriptionFacts, at: Instant): Promise<void> {
  const [ended] = await readSubscriptionFacts(trx, [facts.id]);
  assert(ended?.next_id, 'plan change: another subscription has taken the place');
  const [started] = await readSubscriptionFacts(trx, [ended.next_id]);
  assert(started, 'plan change: the subscription that has taken the place is there');

  const last = { facts: ended, period: spansOf(ended, 'subscription_terminating', at) };
  const parts = isBilledAtStart(started)
    ? [last, { facts: started, period: spansOf(started, 'subscription_starting', at) }]
    : [last];
  const occasion = `terminating/${ended.id}`;
  const { customer_id } = ended;
  for (const [currency, together] of Map.groupBy(parts, (part) => part.facts.currency)) {
    const periods = together.map(({ period }) => period);
    await generateInvoice(trx, { customer_id, currency, occasion, at, periods });
  }
  if (ended.next_change === 'downgrade') await renewAlone(trx, [ended], [last.period], at);
  const reason = 'subscription_terminating';
  await regroupPaidFees(trx, { together: [ended], periods: [last.period], reason, occasion, at });
  // It has waited for this.
  await ring(trx, `subscription/${started.id}`);
}

function spansOf(facts: SubscriptionFacts, reason: SubscriptionReason, at: Instant): SpansToBill {
  return spansToBill({ facts, reason, at, timezone: facts.timezone });
}
