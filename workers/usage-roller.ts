import type { Logger } from 'pino';
import { findSettledArrival } from '../db/arrivals.ts';
import type { Database } from '../db/connection.ts';
import { inOrganization } from '../db/transaction.ts';
import { type UsageMark, rollUp, takeUsageMarks } from '../db/usage-rollups.ts';

const MARKS_MAX = 100;
const PAUSE_MS = 1000;

export interface UsageRollerDeps {
  readonly db: Database;
  readonly log: Logger;
}

/**
 * Adds up usage by hours and days, a little behind its reception, so that reading it does not take the longer the more there is. May run in any
 * number of processes; nothing depends on when it does, or whether it does. Belongs to no organization's time: it works while a sandbox's stands still.
 */
export class UsageRoller {
  readonly #deps: UsageRollerDeps;
  #isStopped = false;
  #wakeUp: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(deps: UsageRollerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wakeUp?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) if (!(await this.#rollUpMarked()) && !this.#isStopped) await this.#pause();
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PAUSE_MS);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** True when there may be more to do. */
  async #rollUpMarked(): Promise<boolean> {
    const { db, log } = this.#deps;
    try {
      const marks = await takeUsageMarks(db, MARKS_MAX);
      if (marks.length === 0) return false;
      const settled = await findSettledArrival(db);
      if (settled === undefined) return false;
      for (const mark of marks) if (!this.#isStopped) await this.#rollUp(mark, settled);
      return true;
    } catch (error) {
      log.warn({ err: error }, 'usage: the database did not answer; what is not rolled up is read from events');
      return false;
    }
  }

  async #rollUp({ organization_id, ...key }: UsageMark, settled: number): Promise<void> {
    const { db, log } = this.#deps;
    try {
      let isMore = true;
      while (isMore && !this.#isStopped)
        isMore = await inOrganization(db, organization_id, (trx) => rollUp(trx, key, settled));
    } catch (error) {
      log.warn({ err: error, organization_id, code: key.code }, 'usage: not rolled up; it is read from events');
    }
  }
}
