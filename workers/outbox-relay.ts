import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Instant } from '../billing/clock/instant.ts';
import type { Database } from '../db/connection.ts';
import type { Listener } from '../db/listener.ts';
import type { ClockMode } from '../workflows/shared/clock.ts';
import type { Step } from '../activities/shared/step.ts';
import { searchAttributes } from '../workflows/shared/search-attributes.ts';
import { taskQueues } from './task-queues.ts';

const ROWS_MAX = 500;
const SIGNALS_AT_ONCE = 32;
/** Notifications wake it at once; it looks by itself this often in case one was lost. */
const POLL_MS = 1000;
/** A server that says nothing for so long is as good as gone. */
const RING_MS = 5_000;

interface OutboxRow {
  readonly id: number;
  readonly organization_id: string;
  readonly workflow_id: string;
  readonly sandbox: boolean;
  /** What the workflow does first, where that is known. */
  readonly step: Step | null;
}

interface Call {
  readonly workflow: string;
  readonly input: object;
}

/** Which workflow an id means, and what it is started with when it is not running. */
function callFor({ workflow_id, organization_id, sandbox }: OutboxRow): Call {
  const [kind, id] = workflow_id.split('/') as [string, string];
  const clock: ClockMode = sandbox ? 'sandbox' : 'live';
  switch (kind) {
    case 'subscription':
      return { workflow: 'subscription', input: { organization_id, subscription_id: id, clock } };
    case 'invoice':
      return { workflow: 'invoice', input: { organization_id, invoice_id: id, clock } };
    case 'webhook-endpoint':
      return { workflow: 'webhookEndpoint', input: { organization_id, webhook_endpoint_id: id } };
    case 'export':
      return { workflow: 'dataExport', input: { organization_id, data_export_id: id, clock } };
    case 'event-check':
      return { workflow: 'eventCheck', input: { organization_id, clock } };
    case 'plan-deletion':
      return { workflow: 'deletion', input: { organization_id, of: 'plan', id, clock } };
    case 'customer-deletion':
      return { workflow: 'deletion', input: { organization_id, of: 'customer', id, clock } };
    case 'vat-check':
      return { workflow: 'vatCheck', input: { organization_id, customer_id: id } };
    case 'clock':
      return { workflow: 'sandboxClock', input: { organization_id } };
    default:
      throw new Error(`no workflow is called ${workflow_id}`);
  }
}

export interface RelayDeps {
  readonly db: Database;
  readonly temporal: Client;
  readonly listener: Listener;
  readonly log: Logger;
  readonly wallClock: () => Instant;
}

/**
 * Rings the workflows that the outbox names. May run in any number of processes, and ring doubly or late: the ring carries nothing, and the row
 * stays until the workflow has looked.
 */
export class OutboxRelay {
  readonly #deps: RelayDeps;
  #isStopped = false;
  #isNotified = false;
  #wakeUp: (() => void) | undefined;
  #off: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#off = this.#deps.listener.on('outbox', () => {
      this.#isNotified = true;
      this.#wakeUp?.();
    });
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#off?.();
    this.#wakeUp?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.#isNotified = false;
      const isMore = await this.#relayOnce();
      if (!isMore && !this.#isNotified && !this.#isStopped) await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Takes a page of rings and delivers them; true when there may be more. */
  async #relayOnce(): Promise<boolean> {
    const { db, log, wallClock } = this.#deps;
    try {
      const taken = await db.raw<{ rows: OutboxRow[] }>('select * from take_from_outbox(?, ?)', [
        wallClock(),
        ROWS_MAX,
      ]);
      const byWorkflow = Map.groupBy(taken.rows, (row) => row.workflow_id);
      const waiting = [...byWorkflow.values()];
      const undelivered: number[] = [];
      const begun: number[] = [];
      const deliver = async (): Promise<void> => {
        for (let group = waiting.shift(); group; group = waiting.shift()) {
          const first = group.find(({ step }) => step !== null);
          const isBegun = first !== undefined && (await this.#begin(first));
          if (isBegun) begun.push(first.id);
          const left = isBegun ? group.filter((row) => row !== first) : group;
          if (left[0] && !(await this.#ring(left[0]))) undelivered.push(...left.map((row) => row.id));
        }
      };
      await Promise.all(Array.from({ length: Math.min(SIGNALS_AT_ONCE, waiting.length) }, deliver));
      if (begun.length > 0) await db.raw('select remove_from_outbox(?)', [begun]);
      if (undelivered.length > 0) await db.raw('select return_to_outbox(?)', [undelivered]);
      return taken.rows.length === ROWS_MAX && undelivered.length === 0;
    } catch (error) {
      log.warn({ err: error }, 'outbox: the database did not answer; trying again');
      return false;
    }
  }

  /** False when the workflow runs already, or the server does not answer: then it is rung. */
  async #begin(row: OutboxRow): Promise<boolean> {
    const { temporal, log } = this.#deps;
    const { workflow, input } = callFor(row);
    const { step, workflow_id: workflowId } = row;
    if (!step) return false;
    try {
      await temporal.withDeadline(Date.now() + RING_MS, () =>
        temporal.workflow.start(workflow, {
          workflowId,
          taskQueue: taskQueues.billing,
          args: [{ ...input, step }],
          typedSearchAttributes: searchAttributes(step),
        }),
      );
      return true;
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError))
        log.warn({ err: error, workflow_id: workflowId }, 'outbox: a workflow could not be begun; ringing it');
      return false;
    }
  }

  async #ring(row: OutboxRow): Promise<boolean> {
    const { temporal, log } = this.#deps;
    const { workflow, input } = callFor(row);
    try {
      await temporal.withDeadline(Date.now() + RING_MS, () =>
        temporal.workflow.signalWithStart(workflow, {
          workflowId: row.workflow_id,
          taskQueue: taskQueues.billing,
          args: [input],
          signal: 'wake',
          signalArgs: [],
        }),
      );
      return true;
    } catch (error) {
      log.warn({ err: error, workflow_id: row.workflow_id }, 'outbox: a workflow could not be rung; trying again');
      return false;
    }
  }
}
