import type { Instant } from '../../billing/clock/instant.ts';
import { findSandboxClock } from '../../db/sandbox-clocks.ts';
import type { Transaction } from '../../db/transaction.ts';

/** The organization's time: what a live workflow says it is, a sandbox's row otherwise. Undefined when the sandbox has been removed. */
export async function readNow(trx: Transaction, at: Instant | undefined): Promise<Instant | undefined> {
  return at ?? (await findSandboxClock(trx))?.now_at;
}
