import { Context } from '@temporalio/activity';
import type { Instant } from '../billing/clock/instant.ts';
import { findDueAppointments, strike } from '../db/agenda.ts';
import type { Listener } from '../db/listener.ts';
import { hear, ring } from '../db/outbox.ts';
import { hasUnheardRings, lockSandboxClock, nextDueAt, setSandboxClock } from '../db/sandbox-clocks.ts';
import { inOrganization, type Transaction } from '../db/transaction.ts';
import type { Deps } from './shared/deps.ts';

/** Notifications tell when something has settled; it looks by itself this often in case one was lost. */
const LOOK_AGAIN_MS = 200;

export type SandboxActivities = ReturnType<typeof createSandboxActivities>;

export function createSandboxActivities({ db, listener }: Deps & { readonly listener: Listener }) {
  return {
    /** Moves the clock from deadline to deadline until the target is reached. All that it knows is in rows: begun anew anywhere, it goes on. */
    async advanceClock({ organization_id }: { organization_id: string }): Promise<void> {
      const rung = new Set<string>();
      for (;;) {
        Context.current().cancellationSignal.throwIfAborted();
        // Listens before it looks, so that what settles in between is not missed.
        const changed = listener.next('agenda', (payload) => payload === organization_id, LOOK_AGAIN_MS);
        if (await inOrganization(db, organization_id, (trx) => advance(trx, rung))) return;
        await changed;
      }
    },
  };
}

/** One look at the clock; true when it has arrived. `rung` remembers which instants and ranks were rung already. */
async function advance(trx: Transaction, rung: Set<string>): Promise<boolean> {
  const clock = await lockSandboxClock(trx);
  if (!clock || clock.target_at === null) return arrive(trx);
  if (await hasUnheardRings(trx)) return false;
  if (await ringDue(trx, clock.now_at, rung)) return false;

  const next = await nextDueAt(trx);
  if (next === null || next > clock.target_at) {
    await setSandboxClock(trx, { now_at: clock.target_at, target_at: null });
    return arrive(trx);
  }
  await setSandboxClock(trx, { now_at: next });
  await ringDue(trx, next, rung);
  return false;
}

/** At one instant, each rank finishes before the next begins: renewals come before the documents that follow from them. */
async function ringDue(trx: Transaction, now_at: Instant, rung: Set<string>): Promise<boolean> {
  const due = await findDueAppointments(trx, now_at);
  const [first] = due;
  if (!first) return false;
  const key = `${now_at}/${first.rank}`;
  if (!rung.has(key)) {
    const ids = due.map((one) => one.workflow_id);
    await ring(trx, ids);
  }
  rung.add(key);
  return true;
}

async function arrive(trx: Transaction): Promise<true> {
  await hear(trx, `clock/${trx.organization_id}`);
  await strike(trx, `clock/${trx.organization_id}`);
  return true;
}
