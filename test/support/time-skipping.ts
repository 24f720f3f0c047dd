import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { join } from 'node:path';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { searchAttributes } from '../../workers/search-attributes.ts';
import './quiet-temporal.ts';

const CACHE_DIR = join(import.meta.dirname, '../../node_modules/.cache/perennial');

/** A Temporal server whose time skips from timer to timer. Where the SDK cannot fetch it, the environment names one. */
export async function createTimeSkippingServer(): Promise<TestWorkflowEnvironment> {
  const path = process.env['TEMPORAL_TEST_SERVER_PATH'];
  const environment = await TestWorkflowEnvironment.createTimeSkipping(
    path ? { server: { executable: { type: 'existing-path', path } } } : {},
  );
  await environment.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
  return environment;
}

/** Workers for all queues, with activities of the test's own. */
export async function createTestWorkers(
  environment: TestWorkflowEnvironment,
  activities: object,
): Promise<{ runUntil<T>(work: Promise<T>): Promise<T> }> {
  const workflowBundle = await bundleWorkflows(CACHE_DIR);
  const common = { connection: environment.nativeConnection, activities };
  const billing = await Worker.create({ ...common, taskQueue: 'billing', workflowBundle });
  const others = await Promise.all(
    ['documents', 'integrations'].map((taskQueue) => Worker.create({ ...common, taskQueue })),
  );
  return {
    async runUntil(work) {
      const running = Promise.all(others.map((worker) => worker.run()));
      try {
        return await billing.runUntil(work);
      } finally {
        for (const worker of others) worker.shutdown();
        await running;
      }
    },
  };
}
