import { TestWorkflowEnvironment } from '@temporalio/testing';

/** Has the SDK download a server into a folder: `node sdk-download.ts dev-server|test-server FOLDER`. A process of its own, as the SDK is large. */
const [kind, downloadDir] = process.argv.slice(2);
const executable = { type: 'cached-download', downloadDir } as const;
const environment =
  kind === 'dev-server'
    ? await TestWorkflowEnvironment.createLocal({ server: { executable } })
    : await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
await environment.teardown();
