import type { Instant } from '../billing/clock/instant.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface SandboxClock {
  readonly now_at: Instant;
  readonly target_at: Instant | null;
}

export async function createSandboxClock(trx: Transaction, now_at: Instant): Promise<void> {
  await insert(trx, 'sandbox_clocks', { now_at, target_at: null });
}

/** Undefined for a live organization. */
export async function findSandboxClock(trx: Transaction): Promise<SandboxClock | undefined> {
  return rows<SandboxClock>(trx, 'sandbox_clocks').first();
}

/** Locks the clock's row until the end of the transaction. */
export async function lockSandboxClock(trx: Transaction): Promise<SandboxClock | undefined> {
  return rows<SandboxClock>(trx, 'sandbox_clocks').forUpdate().first();
}

export async function setSandboxClock(trx: Transaction, clock: Partial<SandboxClock>): Promise<void> {
  await rows(trx, 'sandbox_clocks').update(clock);
  await trx.raw(`select pg_notify('agenda', ?)`, [trx.organization_id]);
}

/**
 * Whether a workflow was asked to look at the rows and has not done so yet. The clock's own workflow does not count, nor do those that wait on
 * the wall: a receiver of webhooks that hangs does not stop a sandbox's time.
 */
export async function hasUnheardRings(trx: Transaction): Promise<boolean> {
  const row = await rows(trx, 'outbox')
    .whereNot('workflow_id', 'like', 'clock/%')
    .whereNot('workflow_id', 'like', 'webhook-endpoint/%')
    .first('id');
  return row !== undefined;
}

/** Whether everything due at or before the clock's present instant has happened and nothing is being worked on. */
export async function isSettled(trx: Transaction, now_at: Instant): Promise<boolean> {
  if (await hasUnheardRings(trx)) return false;
  const due = await rows(trx, 'agenda')
    .where({ clock: 'organization' })
    .where('due_at', '<=', now_at)
    .first('workflow_id');
  return due === undefined;
}

/** The earliest appointment of the organization's clock, null when there is none. */
export async function nextDueAt(trx: Transaction): Promise<Instant | null> {
  const row = (await rows(trx, 'agenda').where({ clock: 'organization' }).min({ due_at: 'due_at' }).first()) as
    { due_at: Instant | null } | undefined;
  return row?.due_at ?? null;
}
