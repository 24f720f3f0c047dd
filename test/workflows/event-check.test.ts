import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { EventCheckStepKind } from '../../activities/events/event-check.ts';
import { NO_ATTRIBUTES, type Step } from '../../activities/shared/step.ts';
import { addMilliseconds, fromMilliseconds, type Instant } from '../../billing/clock/instant.ts';
import { createTestWorkers, createTimeSkippingServer } from '../support/time-skipping.ts';

const HOUR_MS = 3_600_000;

describe('the workflow that looks for errors in events', () => {
  let environment: TestWorkflowEnvironment;

  before(async function () {
    this.timeout(60_000);
    environment = await createTimeSkippingServer();
  });
  after(() => environment.teardown());

  it('looks hour by hour, and ends when there is nobody to tell', async () => {
    const start = fromMilliseconds(await environment.currentTimeMs());
    const hours = [1, 2, 3].map((hour) => addMilliseconds(start, hour * HOUR_MS));
    const done: string[] = [];
    const next = ({ at = '' }: { at: Instant | undefined }): Promise<Step<EventCheckStepKind>> => {
      const due_at = hours[0] ?? null;
      const kind = due_at === null ? 'over' : 'check_events';
      const attributes = { ...NO_ATTRIBUTES, organization_id: 'org' };
      return Promise.resolve({ kind, due_at, planned_at: at, summary: 'waits', attributes });
    };
    const activities = {
      planEventCheck: next,
      checkEvents: (call: { at: Instant }) => {
        done.push(call.at);
        hours.shift();
        return next(call);
      },
    };
    const expected = [...hours];
    const workers = await createTestWorkers(environment, activities);
    const options = { workflowId: 'event-check/org', taskQueue: 'billing' };
    const args = [{ organization_id: 'org', clock: 'live' }];
    await workers.runUntil(environment.client.workflow.execute('eventCheck', { ...options, args }));
    assert.deepEqual(done, expected);
  });
});
