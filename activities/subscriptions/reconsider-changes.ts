import type { Instant } from '../../billing/clock/instant.ts';
import { planChange } from '../../billing/subscriptions/plan-change.ts';
import { announceSubscription } from '../../db/announcements.ts';
import { ring } from '../../db/outbox.ts';
import type { PlanRow } from '../../db/plans.ts';
import { cancelWaitingChange, lockBilling } from '../../db/subscriptions.ts';
import type { Transaction } from '../../db/transaction.ts';
import { findWaitingChanges } from '../../db/waiting-changes.ts';
import { upgrade } from './change-plan.ts';
import { catchUp } from './steps.ts';

/**
 * A plan has another price: what waits for the end of a period to leave it may cost more by now, and is withdrawn; what waits to come to it may be an
 * upgrade by now, and is made at once. Source: spec "Editing".
 */
export async function reconsiderChanges(trx: Transaction, plan: PlanRow, at: Instant): Promise<void> {
  const customer_ids = new Set((await findWaitingChanges(trx, plan.id)).map(({ customer_id }) => customer_id));
  for (const customer_id of [...customer_ids].sort()) await lockBilling(trx, customer_id);

  for (const { id, customer_id, waiting, plans } of await findWaitingChanges(trx, plan.id)) {
    // By the amounts as such, whatever the periods that they are for.
    if (plans.current.id === plan.id && plans.current.amount_cents < plans.wanted.amount_cents)
      await withdraw(trx, id, at);
    else if (plans.wanted.id === plan.id && planChange(plans.current, plans.wanted) === 'upgrade') {
      const { facts, changed_at } = await catchUp(trx, { id, customer_id }, at);
      // Its period may have ended in the meantime.
      if (facts.next_id !== waiting.id || facts.next_status !== 'pending') continue;
      const { name, ending_at } = waiting;
      await upgrade(trx, facts, { plan: plans.wanted, name, ending_at }, changed_at);
    }
  }
}

async function withdraw(trx: Transaction, subscription_id: string, at: Instant): Promise<void> {
  const canceled = await cancelWaitingChange(trx, subscription_id, at);
  await ring(
    trx,
    [subscription_id, ...canceled].map((id) => `subscription/${id}` as const),
  );
  await announceSubscription(trx, subscription_id, 'subscription.updated', at);
}
