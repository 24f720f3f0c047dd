import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Step } from '../../activities/shared/step.ts';
import type { SubscriptionActivities, SubscriptionStepKind } from '../../activities/subscriptions.ts';
import { addMilliseconds, fromMilliseconds, type Instant } from '../../billing/clock/instant.ts';
import { createTestWorkers, createTimeSkippingServer } from '../support/time-skipping.ts';

const DAY_MS = 24 * 3600 * 1000;

type SubscriptionStep = Step<SubscriptionStepKind>;

function step(kind: SubscriptionStepKind, due_at: Instant | null, planned_at: Instant): SubscriptionStep {
  const attributes = { organization_id: 'org', customer_id: 'cus', plan_code: 'pro', subscription_status: 'active' };
  return { kind, due_at, planned_at, summary: `waits for ${kind} ${due_at}`, attributes };
}

describe('the subscription workflow', () => {
  let environment: TestWorkflowEnvironment;
  let start: Instant;

  before(async function () {
    this.timeout(60_000);
    environment = await createTimeSkippingServer();
    start = fromMilliseconds(await environment.currentTimeMs());
  });
  after(() => environment.teardown());

  const dayAfter = (days: number): Instant => addMilliseconds(start, days * DAY_MS);

  /** Activities that walk through a list of steps, and write down which was taken for which instant. */
  function script(steps: [SubscriptionStepKind, Instant | null][]): {
    activities: SubscriptionActivities;
    taken: string[];
    plans: (Instant | undefined)[];
  } {
    const taken: string[] = [];
    const plans: (Instant | undefined)[] = [];
    const current = (at: Instant): SubscriptionStep => {
      const [kind, due_at] = steps[taken.length] ?? ['over', null];
      return step(kind, due_at, at);
    };
    const take =
      (kind: SubscriptionStepKind) =>
      ({ at }: { at: Instant }): Promise<SubscriptionStep> => {
        taken.push(`${kind} ${at}`);
        return Promise.resolve(current(at));
      };
    const activities: SubscriptionActivities = {
      planSubscription: ({ at }) => {
        plans.push(at);
        return Promise.resolve(current(at ?? start));
      },
      start: take('start'),
      billStart: take('bill_start'),
      chargeUsage: take('charge_usage'),
      endTrial: take('end_trial'),
      billPeriod: take('bill_period'),
      downgrade: take('downgrade'),
      checkThresholds: take('check_thresholds'),
      end: take('end'),
      billEnd: take('bill_end'),
      billUpgrade: take('bill_upgrade'),
      sendTerminationAlert: take('send_termination_alert'),
    };
    return { activities, taken, plans };
  }

  const input = (subscription_id: string) => ({ organization_id: 'org', subscription_id, clock: 'live' });

  it('takes each step at its instant, one run each, and ends when nothing is left', async () => {
    const steps: [SubscriptionStepKind, Instant][] = [
      ['start', dayAfter(1)],
      ['bill_start', dayAfter(1)],
      ['end_trial', dayAfter(8)],
      ['bill_period', dayAfter(31)],
      ['bill_period', dayAfter(61)],
      ['send_termination_alert', dayAfter(65)],
      ['end', dayAfter(70)],
      ['bill_end', dayAfter(70)],
    ];
    const { activities, taken, plans } = script(steps);
    const workers = await createTestWorkers(environment, activities);
    const { client } = environment;

    await workers.runUntil(
      client.workflow.execute('subscription', {
        workflowId: 'subscription/steps',
        taskQueue: 'billing',
        args: [input('steps')],
      }),
    );
    assert.deepEqual(taken, steps.map(([kind, due_at]) => `${kind} ${due_at}`)); // prettier-ignore
    assert.equal(plans.length, 1); // Asked once, at the beginning: each step names the one after it.
    assert.ok((await environment.currentTimeMs()) >= Date.parse(dayAfter(70)));
  });

  for (const [story, kinds] of [
    [
      'of a plan that is left for a higher one ends with the bill of both',
      ['bill_start', 'bill_period', 'bill_upgrade'],
    ],
    [
      'of a plan that is left for a lower one ends at the end of its period',
      ['bill_period', 'bill_period', 'downgrade'],
    ],
  ] as [string, SubscriptionStepKind[]][])
    it(`the life ${story}`, async () => {
      const now = fromMilliseconds(await environment.currentTimeMs());
      const steps = kinds.map((kind, index): [SubscriptionStepKind, Instant] => [kind, addMilliseconds(now, (index + 1) * DAY_MS)]); // prettier-ignore
      const { activities, taken } = script(steps);
      const workers = await createTestWorkers(environment, activities);
      const id = kinds.at(-1)!;
      await workers.runUntil(
        environment.client.workflow.execute('subscription', {
          workflowId: `subscription/${id}`,
          taskQueue: 'billing',
          args: [input(id)],
        }),
      );
      assert.deepEqual(taken, steps.map(([kind, due_at]) => `${kind} ${due_at}`)); // prettier-ignore
    });

  it('waits for the plan before it to be billed, however long, and goes on from there when it is rung', async () => {
    const now = fromMilliseconds(await environment.currentTimeMs());
    const later = addMilliseconds(now, 100 * DAY_MS);
    const steps: [SubscriptionStepKind, Instant | null][] = [['follow', null]];
    const { activities, taken } = script(steps);
    const workers = await createTestWorkers(environment, activities);
    await workers.runUntil(
      (async () => {
        const handle = await environment.client.workflow.start('subscription', {
          workflowId: 'subscription/follow',
          taskQueue: 'billing',
          args: [input('follow')],
        });
        await environment.sleep('70 days');
        // It may be rung for other reasons.
        await handle.signal('wake');
        await environment.sleep('1 day');
        assert.deepEqual(taken, []);
        steps[0] = ['bill_period', later];
        await handle.signal('wake');
        await handle.result();
      })(),
    );
    assert.deepEqual(taken, [`bill_period ${later}`]);
  });

  it('asks again when it is rung, and does what the rows say by then', async () => {
    const now = fromMilliseconds(await environment.currentTimeMs());
    const far = addMilliseconds(now, 400 * DAY_MS);
    const near = addMilliseconds(now, 2 * DAY_MS);
    const steps: [SubscriptionStepKind, Instant][] = [['bill_period', far]];
    const { activities, taken, plans } = script(steps);
    const workers = await createTestWorkers(environment, activities);
    const { client } = environment;

    await workers.runUntil(
      (async () => {
        const handle = await client.workflow.start('subscription', {
          workflowId: 'subscription/rung',
          taskQueue: 'billing',
          args: [input('rung')],
        });
        await environment.sleep('1 day');
        steps[0] = ['end', near];
        await handle.signal('wake');
        await handle.signal('wake');
        await handle.result();
      })(),
    );
    assert.deepEqual(taken, [`end ${near}`]);
    assert.ok(plans.length >= 2 && plans.length <= 3);
  });

  it('takes a step that was due while nobody was there for the instant at which it was due', async () => {
    const past = addMilliseconds(start, -5 * DAY_MS);
    const { activities, taken } = script([['bill_period', past]]);
    const workers = await createTestWorkers(environment, activities);
    await workers.runUntil(
      environment.client.workflow.execute('subscription', {
        workflowId: 'subscription/late',
        taskQueue: 'billing',
        args: [input('late')],
      }),
    );
    assert.deepEqual(taken, [`bill_period ${past}`]);
  });

  it('tries again a step whose activity fails, and goes on from there', async () => {
    const now = fromMilliseconds(await environment.currentTimeMs());
    const { activities, taken } = script([['bill_period', addMilliseconds(now, DAY_MS)]]);
    let failures = 0;
    const failing: SubscriptionActivities = {
      ...activities,
      billPeriod: async (call) => {
        if (failures++ < 3) throw new Error('the database is away');
        return activities.billPeriod(call);
      },
    };
    const workers = await createTestWorkers(environment, failing);
    await workers.runUntil(
      environment.client.workflow.execute('subscription', {
        workflowId: 'subscription/retry',
        taskQueue: 'billing',
        args: [input('retry')],
      }),
    );
    assert.equal(failures, 4);
    assert.equal(taken.length, 1);
  });

  it('waits in a sandbox for the clock to ring, however long the wall takes', async () => {
    const { activities, taken } = script([['bill_period', dayAfter(31)]]);
    const readings = [start, start, dayAfter(31)];
    const sandboxed: SubscriptionActivities = {
      ...activities,
      planSubscription: async ({ at, ...call }) => {
        assert.equal(at, undefined);
        return activities.planSubscription({ ...call, at: readings.shift() });
      },
    };
    const workers = await createTestWorkers(environment, sandboxed);
    await workers.runUntil(
      (async () => {
        const handle = await environment.client.workflow.start('subscription', {
          workflowId: 'subscription/sandbox',
          taskQueue: 'billing',
          args: [{ ...input('sandbox'), clock: 'sandbox' }],
        });
        await environment.sleep('100 days');
        assert.deepEqual(taken, []);
        await handle.signal('wake');
        await environment.sleep('1 day');
        assert.deepEqual(taken, []);
        await handle.signal('wake');
        await handle.result();
      })(),
    );
    assert.deepEqual(taken, [`bill_period ${dayAfter(31)}`]);
  });
});
