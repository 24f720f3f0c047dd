import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { lifetimeTotal } from '../../billing/progressive-billing/lifetime-usage.ts';
import { reachedThresholds } from '../../billing/progressive-billing/reached-thresholds.ts';
import { findLatestProgress } from '../../db/progressive-invoices.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import { countMarks, recordCheck } from '../../db/threshold-checks.ts';
import type { Transaction } from '../../db/transaction.ts';
import { findApplicableThresholds } from '../../db/usage-thresholds.ts';
import { invoiceProgress } from './invoice-progress.ts';
import { readLifetimeUsage } from './running-usage.ts';

/** Holds what a subscription has used against its thresholds, and invoices what has reached one. The caller holds the billing of the customer. */
export async function checkThresholds(trx: Transaction, facts: SubscriptionFacts, at: Instant): Promise<void> {
  const marks = await countMarks(trx, facts.id);
  const thresholds = (await findApplicableThresholds(trx, [facts.id]))(facts.id);
  const { usage, running } = await readLifetimeUsage(trx, facts, at);
  assert(running, 'progressive billing: the subscription runs');
  const { period, amount_cents, in_arrears_cents } = running;
  const span = { subscription_id: facts.id, from: period.from, to: period.to };
  const latest = await findLatestProgress(trx, span);
  const reached = reachedThresholds(thresholds, {
    before_cents: usage.historical_cents + usage.invoiced_cents + amount_cents - in_arrears_cents,
    progressive_cents: latest?.fees_amount_cents ?? 0,
    current_cents: in_arrears_cents,
  });
  if (reached.length > 0)
    await invoiceProgress(trx, facts, {
      at,
      span,
      reached,
      invoiced_cents: usage.historical_cents + usage.invoiced_cents,
      lifetime_cents: lifetimeTotal(usage),
      latest_invoice_id: latest?.id,
    });
  await recordCheck(trx, facts.id, marks, at);
}
