import type { z } from 'zod';
import type { Instant } from '../../../billing/clock/instant.ts';
import type { LinkSettings } from '../../../billing/invoices/document-link.ts';
import { invalid, notFound } from '../../../billing/errors.ts';
import { creditEnded } from '../../../activities/credit-notes/credit-ended.ts';
import { announceSubscription } from '../../../db/announcements.ts';
import { ring } from '../../../db/outbox.ts';
import {
  type SubscriptionRow,
  findSubscriptionByExternalId,
  lockBilling,
  updateSubscription,
} from '../../../db/subscriptions.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { endQuery } from '../subscriptions.ts';
import { isPaidInAdvance, readTerminationOptions } from './edit.ts';

type Query = z.output<typeof endQuery>;

/** Ends an active subscription, or cancels a pending one that is asked for. Its workflow makes the last invoice. */
export async function endSubscription(
  trx: Transaction,
  external_id: string,
  query: Query,
  links: LinkSettings,
  at: Instant,
): Promise<SubscriptionRow> {
  const subscription = await takeEndable(trx, external_id, query.status ?? 'active');
  const ended =
    subscription.status === 'pending'
      ? await updateSubscription(trx, subscription.id, { status: 'canceled', canceled_at: at, updated_at: at })
      : await terminate(trx, subscription, query, at);
  await ring(trx, `subscription/${subscription.id}`);
  await announceSubscription(trx, subscription.id, 'subscription.terminated', at);
  await creditEnded(trx, [subscription.id], links);
  return ended;
}

/** Held against billing: a step that is being taken is waited for, and seen. */
async function takeEndable(trx: Transaction, external_id: string, status: string): Promise<SubscriptionRow> {
  if (status !== 'active' && status !== 'pending') throw notFound('subscription');
  const known = await findSubscriptionByExternalId(trx, external_id, status);
  if (!known) throw notFound('subscription');
  await lockBilling(trx, known.customer_id);
  const subscription = await findSubscriptionByExternalId(trx, external_id, status);
  if (!subscription) throw notFound('subscription');
  return subscription;
}

/** The options of the request go before those that were stored, and are stored. */
async function terminate(
  trx: Transaction,
  subscription: SubscriptionRow,
  query: Query,
  at: Instant,
): Promise<SubscriptionRow> {
  const isInAdvance = await isPaidInAdvance(trx, subscription);
  const { on_termination_invoice } = query;
  // A plan in arrears has nothing to give back, so what is said about it does not matter.
  const on_termination_credit_note = isInAdvance ? query.on_termination_credit_note : null;
  const details: Record<string, string[]> = {};
  const options = readTerminationOptions({ on_termination_credit_note, on_termination_invoice }, details);
  if (Object.keys(details).length > 0) throw invalid(details);
  return updateSubscription(trx, subscription.id, {
    status: 'terminated',
    terminated_at: at,
    on_termination_invoice: options.on_termination_invoice ?? subscription.on_termination_invoice,
    on_termination_credit_note: isInAdvance
      ? (options.on_termination_credit_note ?? subscription.on_termination_credit_note ?? 'credit')
      : null,
    updated_at: at,
  });
}
