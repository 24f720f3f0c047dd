import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './connection.ts';

const LOOK_AGAIN_MS = 20;
const LOOKS_MAX = 250;

/**
 * Up to which arrival the stored events are all there will ever be. Events get their number before they are committed, so a lower number may
 * become visible after a higher one. But who gives numbers holds a lock on the table from before the first of them until after its commit:
 * whoever holds it now may have given any number up to now, and whoever takes it later gives later ones. So once those have let go, all is settled.
 * Blocks nobody, and asks nothing of those who write. Undefined when one of them takes too long.
 */
export async function findSettledArrival(db: Database): Promise<number | undefined> {
  // One after the other: the number first.
  const arrival = await findLastArrival(db);
  let writers = await findWriters(db);
  for (let looks = 0; writers.size > 0; looks++) {
    if (looks === LOOKS_MAX) return undefined;
    await sleep(LOOK_AGAIN_MS);
    const still = await findWriters(db);
    writers = new Set([...writers].filter((writer) => still.has(writer)));
  }
  return arrival;
}

async function findLastArrival(db: Database): Promise<number> {
  const { rows } = await db.raw<{ rows: { arrival: number }[] }>(
    'select last_value - (not is_called)::int as arrival from events_arrival',
  );
  return (rows[0] as { arrival: number }).arrival;
}

/** Transactions that have inserted events, or are about to. */
async function findWriters(db: Database): Promise<Set<string>> {
  const { rows } = await db.raw<{ rows: { virtualtransaction: string }[] }>(
    `select distinct virtualtransaction from pg_locks
     where relation = 'events'::regclass and mode = 'RowExclusiveLock' and granted
       and database = (select oid from pg_database where datname = current_database())`,
  );
  return new Set(rows.map(({ virtualtransaction }) => virtualtransaction));
}
