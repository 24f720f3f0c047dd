import { fromMilliseconds, type Instant } from '../../billing/clock/instant.ts';
import { BillingError } from '../../billing/errors.ts';
import { findSandboxClock } from '../../db/sandbox-clocks.ts';
import { inOrganization, type Transaction } from '../../db/transaction.ts';
import type { Database } from '../../db/connection.ts';

/** The machine's clock. The only place in the API that reads it. */
export function wallNow(): Instant {
  return fromMilliseconds(Date.now());
}

/** Milliseconds since an arbitrary moment, for measuring how long something takes. */
export function stopwatch(): number {
  return performance.now();
}

/** Now, by the clock of the transaction's organization: the wall for a live one, its row for a sandbox. */
export async function organizationNow(trx: Transaction, sandbox: boolean): Promise<Instant> {
  if (!sandbox) return wallNow();
  const clock = await findSandboxClock(trx);
  // Removed while the request was on its way: its keys are known no longer.
  if (!clock) throw new BillingError('unauthorized', 'unauthorized');
  return clock.now_at;
}

/** The same for those who have no transaction. */
export async function readOrganizationNow(db: Database, organization_id: string, sandbox: boolean): Promise<Instant> {
  return sandbox ? inOrganization(db, organization_id, (trx) => organizationNow(trx, true)) : wallNow();
}
