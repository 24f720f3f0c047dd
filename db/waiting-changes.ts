import type { Instant } from '../billing/clock/instant.ts';
import type { PricedPlan } from '../billing/subscriptions/plan-change.ts';
import type { Transaction } from './transaction.ts';

/** An active subscription, and the one that waits for the end of its period. */
export interface WaitingChange {
  readonly id: string;
  readonly customer_id: string;
  readonly waiting: { readonly id: string; readonly name: string | null; readonly ending_at: Instant | null };
  readonly plans: { readonly current: IdentifiedPlan; readonly wanted: IdentifiedPlan };
}

type IdentifiedPlan = PricedPlan & { readonly id: string };

interface Row {
  readonly id: string;
  readonly customer_id: string;
  readonly waiting_id: string;
  readonly name: string | null;
  readonly ending_at: Instant | null;
  readonly current: IdentifiedPlan;
  readonly wanted: IdentifiedPlan;
}

const PLAN_JSON = (plan: string): string =>
  `jsonb_build_object('id', ${plan}.id, 'interval', ${plan}.interval, 'amount_cents', ${plan}.amount_cents)`;

/** The changes that wait to leave a plan or to come to it. */
export async function findWaitingChanges(trx: Transaction, plan_id: string): Promise<WaitingChange[]> {
  const { rows: found } = await trx.raw<{ rows: Row[] }>(
    `select s.id, s.customer_id, n.id as waiting_id, n.name, n.ending_at, ${PLAN_JSON('c')} as current, ${PLAN_JSON('w')} as wanted
     from subscriptions n
     join subscriptions s on s.id = n.previous_subscription_id and s.status = 'active'
     join plans c on c.id = s.plan_id
     join plans w on w.id = n.plan_id
     where n.organization_id = :organization_id and n.status = 'pending' and (n.plan_id = :plan_id or s.plan_id = :plan_id)
     order by s.id`,
    { organization_id: trx.organization_id, plan_id },
  );
  return found.map(({ id, customer_id, waiting_id, name, ending_at, current, wanted }) => ({
    id,
    customer_id,
    waiting: { id: waiting_id, name, ending_at },
    plans: { current, wanted },
  }));
}
