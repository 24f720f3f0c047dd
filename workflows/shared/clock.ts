import { condition, setCurrentDetails } from '@temporalio/workflow';
import type { Instant } from '../../billing/clock/instant.ts';
import type { Doorbell } from './doorbell.ts';

export type ClockMode = 'live' | 'sandbox';

/** A timer can wait for years, but not for more than this many milliseconds (100 years). */
const LONGEST_SLEEP = 100 * 366 * 24 * 3600 * 1000;

/**
 * The only door to time in workflows. A live organization's time is Temporal's. A sandbox's is a row that activities read: its workflows
 * learn it from their answers (`observe`), and are rung by the sandbox clock when it has moved to their instant.
 */
export class WorkflowClock {
  readonly mode: ClockMode;
  #observed: Instant | undefined;

  constructor(mode: ClockMode) {
    this.mode = mode;
  }

  /** Undefined in a sandbox: the activity that is asked reads the row. */
  now(): Instant | undefined {
    return this.mode === 'live' ? new Date(Date.now()).toISOString() : undefined;
  }

  /** The sandbox's time as an activity has just read it. */
  observe(at: Instant): void {
    this.#observed = at;
  }

  /**
   * Waits until an instant has come or the doorbell rings, whichever is first; the ring is then answered. `due_at` null waits for a ring only.
   * The summary is what an operator reads in the Temporal UI.
   */
  async sleepUntil(due_at: Instant | null, doorbell: Doorbell, summary: string): Promise<'due' | 'rung'> {
    setCurrentDetails(summary);
    if (due_at !== null && this.#hasCome(due_at)) return 'due';
    if (due_at === null || this.mode === 'sandbox') await doorbell.wait();
    else {
      const milliseconds = Math.min(Date.parse(due_at) - Date.now(), LONGEST_SLEEP);
      const isRung = await condition(() => doorbell.isRinging(), milliseconds, { summary });
      if (!isRung) return 'due';
    }
    doorbell.answer();
    return 'rung';
  }

  #hasCome(due_at: Instant): boolean {
    const now = this.now() ?? this.#observed;
    return now !== undefined && due_at <= now;
  }
}
