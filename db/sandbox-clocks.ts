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
 * What is not settled at the clock's present instant: rings not yet heard, and appointments of the organization's clock that are due.
 * `now_at` is the clock's. The clock's own workflow does not count.
 */
export async function isSettled(trx: Transaction, now_at: Instant): Promise<boolean> {
  const { rows: found } = await trx.raw<{ rows: { settled: boolean }[] }>(
    `select not exists (select from outbox where organization_id = :organization_id and workflow_id not like 'clock/%')
        and not exists (select from agenda where organization_id = :organization_id and clock = 'organization' and due_at <= :now_at) as settled`,
    { organization_id: trx.organization_id, now_at },
  );
  return found[0]?.settled === true;
}

/** The earliest appointment of the organization's clock, null when there is none. */
export async function nextDueAt(trx: Transaction): Promise<Instant | null> {
  const row = (await rows(trx, 'agenda').where({ clock: 'organization' }).min({ due_at: 'due_at' }).first()) as
    | { due_at: Instant | null }
    | undefined;
  return row?.due_at ?? null;
}
