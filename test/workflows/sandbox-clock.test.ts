import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createTestWorkers, createTimeSkippingServer } from '../support/time-skipping.ts';

describe('the workflow of a sandbox’s clock', () => {
  let environment: TestWorkflowEnvironment;

  before(async function () {
    this.timeout(60_000);
    environment = await createTimeSkippingServer();
  });
  after(() => environment.teardown());

  const start = (organization_id: string) =>
    environment.client.workflow.signalWithStart('sandboxClock', {
      workflowId: `clock/${organization_id}`,
      taskQueue: 'billing',
      args: [{ organization_id }],
      signal: 'wake',
      signalArgs: [],
    });

  /** Counts how often the clock was moved, and does as told each time. */
  async function moves(organization_id: string, act: (move: number) => Promise<void> | void): Promise<number> {
    let count = 0;
    const advanceClock = async (call: { organization_id: string }): Promise<void> => {
      assert.equal(call.organization_id, organization_id);
      await act(++count);
    };
    const workers = await createTestWorkers(environment, { advanceClock });
    await workers.runUntil((async () => (await start(organization_id)).result())());
    return count;
  }

  it('moves it to its target and ends, until it is rung anew', async () => {
    const first = await moves('org', () => undefined);
    const second = await moves('org', () => undefined);
    assert(first >= 1 && first <= 2 && second >= 1 && second <= 2, `${first}, ${second}`);
  });

  it('looks once more if it was rung on the way, however often', async () => {
    const ring = () => environment.client.workflow.getHandle('clock/rung').signal('wake');
    const count = await moves('rung', async (move) => {
      if (move === 1) await Promise.all([ring(), ring(), ring()]);
    });
    assert.equal(count, 2);
  });

  it('goes on after a failure, from the rows', async () => {
    const count = await moves('failing', (move) => {
      if (move < 4) throw new Error('the database is away');
    });
    assert(count >= 4 && count <= 5, String(count));
  });
});
