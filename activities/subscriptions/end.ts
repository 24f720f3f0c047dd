import type { Instant } from '../../billing/clock/instant.ts';
import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import type { TerminationCreditNote, TerminationInvoice } from '../../billing/subscriptions/subscription.ts';
import { announceSubscription } from '../../db/announcements.ts';
import { ring } from '../../db/outbox.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import { cancelWaitingChange, type SubscriptionRow, updateSubscription } from '../../db/subscriptions.ts';
import type { Transaction } from '../../db/transaction.ts';
import { creditEnded } from '../credit-notes/credit-ended.ts';

export interface Termination extends TerminationOptions {
  readonly links?: LinkSettings;
}

export interface TerminationOptions {
  readonly on_termination_credit_note?: TerminationCreditNote | null | undefined;
  readonly on_termination_invoice?: TerminationInvoice | null | undefined;
}

/** Cancels a pending one. The caller holds the billing of the customer, and rings the workflow. */
export async function cancel(
  trx: Transaction,
  { id, previous_subscription_id }: SubscriptionFacts,
  at: Instant,
): Promise<SubscriptionRow> {
  const canceled = await updateSubscription(trx, id, { status: 'canceled', canceled_at: at, updated_at: at });
  await announceSubscription(trx, id, 'subscription.terminated', at);
  // It has waited to take the place of another, which keeps it now.
  if (previous_subscription_id !== null) {
    await ring(trx, `subscription/${previous_subscription_id}`);
    await announceSubscription(trx, previous_subscription_id, 'subscription.updated', at);
  }
  return canceled;
}

/**
 * Ends an active subscription for good, and the change that waits for its period to end. The options go before those that were stored, and are stored.
 * The caller holds the billing of the customer, and rings the workflow, which makes the last invoice.
 */
export async function terminate(
  trx: Transaction,
  facts: SubscriptionFacts,
  { links, ...options }: Termination,
  at: Instant,
): Promise<SubscriptionRow> {
  const ended = await updateSubscription(trx, facts.id, {
    status: 'terminated',
    terminated_at: at,
    on_termination_invoice: options.on_termination_invoice ?? facts.on_termination_invoice,
    // A plan in arrears has nothing to give back.
    on_termination_credit_note: facts.pay_in_advance
      ? (options.on_termination_credit_note ?? facts.on_termination_credit_note ?? 'credit')
      : null,
    updated_at: at,
  });
  const waiting = await cancelWaitingChange(trx, facts.id, at);
  await ring(
    trx,
    waiting.map((id) => `subscription/${id}` as const),
  );
  await announceSubscription(trx, facts.id, 'subscription.terminated', at);
  await creditEnded(trx, [facts.id], links);
  return ended;
}
