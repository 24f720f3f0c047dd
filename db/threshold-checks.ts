import type { Instant } from '../billing/clock/instant.ts';
import { ring } from './outbox.ts';
import { type Transaction, rows } from './transaction.ts';
import { HAS_THRESHOLDS } from './usage-thresholds.ts';

/** One subscription, or all that follow the thresholds of a plan. */
export type CheckScope = { readonly subscription_id: string } | { readonly plan_id: string };

/** What is to be done when subscriptions are marked again: they are counted up, and stay unchecked since the first mark. */
export const MARK_AGAIN = `do update set marks_count = k.marks_count + 1,
  marked_at = case when k.marks_count = k.checked_count then excluded.marked_at else k.marked_at end`;

/** Has active subscriptions held against their thresholds: something other than usage has changed. In the order of their ids, as where events are stored. */
export async function markForCheck(trx: Transaction, scope: CheckScope, at: Instant): Promise<void> {
  const subscription_id = 'subscription_id' in scope ? scope.subscription_id : null;
  const plan_id = 'plan_id' in scope ? scope.plan_id : null;
  const { rows: marked } = await trx.raw<{ rows: { subscription_id: string }[] }>(
    `insert into threshold_checks as k (subscription_id, organization_id, marks_count, checked_count, marked_at)
     select s.id, s.organization_id, 1, 0, :at::timestamptz
     from subscriptions s join plans p on p.id = s.plan_id
     where s.organization_id = :organization_id and s.status = 'active' and ${HAS_THRESHOLDS}
       and (s.id = :subscription_id or p.id = :plan_id or p.parent_id = :plan_id)
     order by s.id
     on conflict (subscription_id) ${MARK_AGAIN}
     returning k.subscription_id`,
    {
      organization_id: trx.organization_id,
      subscription_id: subscription_id as string,
      plan_id: plan_id as string,
      at,
    },
  );
  await ring(
    trx,
    marked.map((one) => `subscription/${one.subscription_id}` as const),
  );
}

/** How often usage has come in: to be read before the usage itself. */
export async function countMarks(trx: Transaction, subscription_id: string): Promise<number> {
  const found = (await rows(trx, 'threshold_checks').where({ subscription_id }).first('marks_count')) as
    { marks_count: number } | undefined;
  return found?.marks_count ?? 0;
}

/** What was counted has been looked at. Late in its transaction, because whoever stores events of the subscription waits for it. */
export async function recordCheck(
  trx: Transaction,
  subscription_id: string,
  checked_count: number,
  at: Instant,
): Promise<void> {
  await rows(trx, 'threshold_checks').where({ subscription_id }).update({ checked_count, checked_at: at });
}
