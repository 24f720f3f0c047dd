import { Client } from '@temporalio/client';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Connection } from '@temporalio/client';
import type { Browser } from '../activities/documents/browser.ts';
import { createDeletionActivities } from '../activities/deletions.ts';
import { createDocumentActivities } from '../activities/documents/index.ts';
import { createExportActivities } from '../activities/exports/index.ts';
import { createEventCheckActivities } from '../activities/events/event-check.ts';
import { createInvoiceActivities } from '../activities/invoices/index.ts';
import type { Mailer } from '../activities/mail/mailer.ts';
import { createSandboxActivities } from '../activities/sandbox.ts';
import type { Deps } from '../activities/shared/deps.ts';
import { createSubscriptionActivities } from '../activities/subscriptions.ts';
import { createVatCheckActivities } from '../activities/taxes/vat-check.ts';
import { createWebhookActivities } from '../activities/webhooks.ts';
import type { Listener } from '../db/listener.ts';
import { bundleWorkflows } from './bundle.ts';
import { heartbeat } from './heartbeat.ts';
import { OutboxRelay } from './outbox-relay.ts';
import { taskQueues } from './task-queues.ts';
import { UsageRoller } from './usage-roller.ts';

export interface WorkersDeps extends Deps {
  readonly connection: NativeConnection;
  readonly client_connection: Connection;
  readonly namespace: string;
  readonly listener: Listener;
  readonly browser: Browser;
  /** Absent: nothing is mailed. */
  readonly mailer?: Mailer | undefined;
  /** Where the bundled workflows are kept between starts. */
  readonly cache_dir: string;
}

export interface Workers {
  /** Resolves when all have stopped; rejects when one fails. */
  run(): Promise<void>;
  shutdown(): void;
}

/**
 * A sleeping workflow needs no memory here: only those at work are kept, a few hundred at the most.
 */
const WORKFLOWS_CACHED = 300;

/** One worker for each task queue, the relay that rings the workflows, and what rolls up usage. */
export async function createWorkers(deps: WorkersDeps): Promise<Workers> {
  const { connection, namespace, listener, client_connection } = deps;
  const common: Omit<WorkerOptions, 'taskQueue'> = {
    connection,
    namespace,
    shutdownGraceTime: '5 seconds',
    shutdownForceTime: '10 seconds',
    interceptors: { activity: [heartbeat] },
    maxHeartbeatThrottleInterval: '2 seconds',
  };
  const { planExport, ...exports } = createExportActivities({ ...deps, mailer: deps.mailer });
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: taskQueues.billing,
      workflowBundle: await bundleWorkflows(deps.cache_dir),
      activities: {
        ...createSubscriptionActivities(deps),
        ...createInvoiceActivities(deps),
        ...createEventCheckActivities(deps),
        ...createDeletionActivities(deps),
        planExport,
        ...createSandboxActivities({ ...deps, listener }),
      },
      maxCachedWorkflows: WORKFLOWS_CACHED,
      // What waits for a worker that knows the workflow already waits in vain when that was killed. Others have a page to read.
      stickyQueueScheduleToStartTimeout: '3 seconds',
      maxConcurrentActivityTaskExecutions: 50,
      maxConcurrentLocalActivityExecutions: 20,
    }),
    Worker.create({
      ...common,
      taskQueue: taskQueues.documents,
      activities: createDocumentActivities({ ...deps, browser: deps.browser }),
      maxConcurrentActivityTaskExecutions: 4,
    }),
    Worker.create({
      ...common,
      taskQueue: taskQueues.integrations,
      activities: { ...createWebhookActivities(deps), ...createVatCheckActivities(deps), ...exports },
      maxConcurrentActivityTaskExecutions: 50,
    }),
  ]);
  const relay = new OutboxRelay({
    ...deps,
    temporal: new Client({ connection: client_connection, namespace }),
    listener,
  });
  const roller = new UsageRoller(deps);
  return {
    async run() {
      relay.start();
      roller.start();
      try {
        await Promise.all(workers.map((worker) => worker.run()));
      } finally {
        await Promise.all([relay.stop(), roller.stop()]);
      }
    },
    shutdown() {
      for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    },
  };
}
