import type { z } from 'zod';
import { cancel, terminate } from '../../../activities/subscriptions/end.ts';
import { catchUpWith } from '../../../activities/subscriptions/steps.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import type { LinkSettings } from '../../../billing/invoices/document-link.ts';
import { invalid, notFound } from '../../../billing/errors.ts';
import { ring } from '../../../db/outbox.ts';
import type { SubscriptionFacts } from '../../../db/subscription-facts.ts';
import { type SubscriptionRow, findSubscriptionByExternalId } from '../../../db/subscriptions.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { endQuery } from '../subscriptions.ts';
import { readTerminationOptions } from './edit.ts';

type Query = z.output<typeof endQuery>;

/** Ends an active subscription, or cancels a pending one that is asked for. Its workflow makes the last invoice. */
export async function endSubscription(
  trx: Transaction,
  external_id: string,
  query: Query,
  links: LinkSettings,
  at: Instant,
): Promise<SubscriptionRow> {
  const { status = 'active' } = query;
  if (status !== 'active' && status !== 'pending') throw notFound('subscription');
  const caught = await catchUpWith(trx, () => findSubscriptionByExternalId(trx, external_id, status), at);
  if (!caught) throw notFound('subscription');
  const { facts, changed_at } = caught;
  await ring(trx, `subscription/${facts.id}`);
  return status === 'pending' ? cancel(trx, facts, at) : end(trx, facts, query, links, changed_at);
}

async function end(
  trx: Transaction,
  facts: SubscriptionFacts,
  query: Query,
  links: LinkSettings,
  at: Instant,
): Promise<SubscriptionRow> {
  const { on_termination_invoice } = query;
  // A plan in arrears has nothing to give back, so what is said about it does not matter.
  const on_termination_credit_note = facts.pay_in_advance ? query.on_termination_credit_note : null;
  const details: Record<string, string[]> = {};
  const options = readTerminationOptions({ on_termination_credit_note, on_termination_invoice }, details);
  if (Object.keys(details).length > 0) throw invalid(details);
  return terminate(trx, facts, { ...options, links }, at);
}
