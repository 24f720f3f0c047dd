import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import { endedBy } from '../../billing/subscriptions/plan-change.ts';
import { readSubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { creditUnusedDays } from './credit-unused-days.ts';

/**
 * Gives back the unused days of subscriptions that have just ended, for good or by an upgrade, in the transaction that ended them. Those that were
 * canceled never began.
 */
export async function creditEnded(
  trx: Transaction,
  subscription_ids: readonly string[],
  links?: LinkSettings,
): Promise<void> {
  for (const facts of await readSubscriptionFacts(trx, subscription_ids))
    if (facts.terminated_at !== null) {
      const occasion = endedBy(facts) === 'upgrade' ? 'upgrade' : 'termination';
      await creditUnusedDays(trx, facts, { at: facts.terminated_at, occasion, ...(links && { links }) });
    }
}
