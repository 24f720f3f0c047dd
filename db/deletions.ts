import type { Instant } from '../billing/clock/instant.ts';
import type { DeletionFacts } from '../billing/deletions/next-step.ts';
import { enter } from './agenda.ts';
import { ring } from './outbox.ts';
import { type Transaction, rows } from './transaction.ts';

/** What is deleted: a plan with those that were made of it, or a customer. */
export interface Deletion {
  readonly of: 'plan' | 'customer';
  readonly id: string;
}

export function deletionWorkflow({ of, id }: Deletion): `${'plan' | 'customer'}-deletion/${string}` {
  return `${of}-deletion/${id}`;
}

/** Has everything about it brought to an end, once this transaction is committed. */
export async function beginDeletion(trx: Transaction, deletion: Deletion): Promise<void> {
  const workflow_id = deletionWorkflow(deletion);
  await enter(trx, { workflow_id, step: 'plan', due_at: null });
  await ring(trx, workflow_id);
}

const OF = {
  plan: {
    live: 's.plan_id in (select id from plans where id = :id or parent_id = :id)',
    drafts: `exists (select from billing_periods p join subscriptions s on s.id = p.subscription_id
      where p.invoice_id = i.id and (s.plan_id in (select id from plans where id = :id or parent_id = :id) or p.plan_id = :id))`,
  },
  customer: { live: 's.customer_id = :id', drafts: 'i.customer_id = :id' },
} as const;

const live = (of: Deletion['of']): string =>
  `from subscriptions s where s.organization_id = :organization_id and s.status in ('pending', 'active') and ${OF[of].live}`;
const drafts = (of: Deletion['of']): string =>
  `from invoices i where i.organization_id = :organization_id and i.status = 'draft' and ${OF[of].drafts}`;
const coupons = `from applied_coupons a where a.organization_id = :organization_id and a.status = 'active' and a.customer_id = :id`;

/** Undefined when it is over, or never was asked for. */
export async function readDeletion(trx: Transaction, { of, id }: Deletion): Promise<DeletionFacts | undefined> {
  const { rows: found } = await trx.raw<{ rows: (Omit<DeletionFacts, 'of'> & object)[] }>(
    of === 'plan'
      ? `select updated_at as asked_at, exists (select ${live(of)}) as "hasLive", exists (select ${drafts(of)}) as "hasDrafts"
         from plans where organization_id = :organization_id and id = :id and pending_deletion and deleted_at is null`
      : `select deleted_at as asked_at, exists (select ${live(of)}) or exists (select ${coupons}) as "hasLive",
           exists (select ${drafts(of)}) as "hasDrafts"
         from customers where organization_id = :organization_id and id = :id and deleted_at is not null`,
    { organization_id: trx.organization_id, id },
  );
  return found[0] && { of, ...found[0] };
}

/** Some of the subscriptions that are not over. */
export async function findLive(
  trx: Transaction,
  { of, id }: Deletion,
  limit: number,
): Promise<{ readonly id: string; readonly customer_id: string }[]> {
  const { rows: found } = await trx.raw<{ rows: { id: string; customer_id: string }[] }>(
    `select s.id, s.customer_id ${live(of)} order by s.id limit :limit`,
    { organization_id: trx.organization_id, id, limit },
  );
  return found;
}

/** Some of the invoices that are not final. */
export async function findDrafts(trx: Transaction, { of, id }: Deletion, limit: number): Promise<string[]> {
  const { rows: found } = await trx.raw<{ rows: { id: string }[] }>(
    `select i.id ${drafts(of)} order by i.created_at, i.id limit :limit`,
    { organization_id: trx.organization_id, id, limit },
  );
  return found.map((one) => one.id);
}

/** The plan, and those that were made of it. Nobody comes to them any more. */
export async function markPlanForDeletion(trx: Transaction, id: string, at: Instant): Promise<void> {
  await rows(trx, 'plans')
    .where((any) => any.where({ id }).orWhere({ parent_id: id }))
    .where({ deleted_at: null })
    .update({ pending_deletion: true, updated_at: at });
}

/** Its code is free from now on. Subscriptions and documents go on showing it, and its charges price what was used until now. */
export async function deletePlan(trx: Transaction, id: string, at: Instant): Promise<void> {
  await rows(trx, 'plans')
    .where((any) => any.where({ id }).orWhere({ parent_id: id }))
    .where({ deleted_at: null })
    .update({ deleted_at: at, pending_deletion: false });
}
