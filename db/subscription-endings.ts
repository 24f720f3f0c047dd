import type { Instant } from '../billing/clock/instant.ts';
import { customerWire } from '../billing/customers/wire.ts';
import { planWire } from '../billing/plans/wire.ts';
import { subscriptionWire } from '../billing/subscriptions/wire.ts';
import { assert } from '../billing/assert.ts';
import { loadCustomers } from './customers.ts';
import { ring } from './outbox.ts';
import { loadPlans } from './plans.ts';
import { type SubscriptionRow, loadSubscriptions, lockBilling } from './subscriptions.ts';
import { type Transaction, rows } from './transaction.ts';
import { announce } from './webhooks.ts';

/** Of one customer, or on one plan. */
export type EndingScope = { readonly customer_id: string } | { readonly plan_id: string };

/** Ends what is active, cancels what is pending, and answers with their ids. Each subscription's workflow makes its last invoice. */
export async function endSubscriptions(trx: Transaction, scope: EndingScope, at: Instant): Promise<string[]> {
  const live = () => rows<SubscriptionRow>(trx, 'subscriptions').where(scope).whereIn('status', ['pending', 'active']);
  // Held against billing, as when one is ended: a step that is being taken is waited for, and seen. In one order, so that two never deadlock.
  const customer_ids = new Set((await live().pluck('customer_id')) as string[]);
  for (const customer_id of [...customer_ids].sort()) await lockBilling(trx, customer_id);

  const ids = (await live().orderBy('id').pluck('id')) as string[];
  if (ids.length === 0) return [];
  await trx.raw(
    `update subscriptions s set status = 'terminated', terminated_at = :at, updated_at = :at,
       on_termination_credit_note = case when p.pay_in_advance then coalesce(s.on_termination_credit_note, 'credit') end
     from plans p
     where p.id = s.plan_id and s.organization_id = :organization_id and s.id = any(:ids) and s.status = 'active'`,
    { at, ids, organization_id: trx.organization_id },
  );
  const canceled = { status: 'canceled', canceled_at: at, updated_at: at } as const;
  await rows(trx, 'subscriptions').whereIn('id', ids).where({ status: 'pending' }).update(canceled);
  // A change to another plan that waits for the end of a period has nothing to wait for any more.
  const waiting = (await rows(trx, 'subscriptions')
    .whereIn('previous_subscription_id', ids)
    .where({ status: 'pending' })
    .update(canceled)
    .returning('id')) as { id: string }[];
  await ring(
    trx,
    [...ids, ...waiting.map(({ id }) => id)].map((id) => `subscription/${id}` as const),
  );
  await announceEndings(trx, ids, at);
  return ids;
}

async function announceEndings(trx: Transaction, ids: readonly string[], at: Instant): Promise<void> {
  const documents = await loadSubscriptions(trx, ids);
  const plans = await loadPlans(trx, [...new Set(documents.map(({ plan }) => plan.id))]);
  const customers = await loadCustomers(trx, [...new Set(documents.map(({ customer }) => customer.id))]);
  const announcements = documents.map((document) => {
    const plan = plans.get(document.plan.id);
    const customer = customers.get(document.customer.id);
    assert(plan && customer, 'ending: a subscription has a plan and a customer');
    return {
      webhook_type: 'subscription.terminated',
      object_type: 'subscription',
      object_id: document.subscription.id,
      object: { ...subscriptionWire(document, at), plan: planWire(plan), customer: customerWire(customer) },
    } as const;
  });
  await announce(trx, announcements, at);
}
