import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { NO_ATTRIBUTES, type Step } from '../../activities/shared/step.ts';
import type { WebhookActivities, WebhookStepKind } from '../../activities/webhooks.ts';
import { type Instant, addMilliseconds } from '../../billing/clock/instant.ts';
import { createTestWorkers, createTimeSkippingServer } from '../support/time-skipping.ts';

type DeliveryStep = Step<WebhookStepKind>;

function step(kind: WebhookStepKind, due_at: Instant | null, planned_at: Instant): DeliveryStep {
  const attributes = { ...NO_ATTRIBUTES, organization_id: 'org' };
  return { kind, due_at, planned_at, summary: `sends again at ${due_at}`, attributes };
}

describe('the workflow of a webhook endpoint', () => {
  let environment: TestWorkflowEnvironment;

  before(async function () {
    this.timeout(60_000);
    environment = await createTimeSkippingServer();
  });
  after(() => environment.teardown());

  type Act = (round: number, at: Instant) => DeliveryStep | Promise<DeliveryStep>;

  /** Counts rounds, and answers each as told. */
  function rounds(act: Act): { activities: WebhookActivities; begun: Instant[] } {
    const begun: Instant[] = [];
    const activities: WebhookActivities = {
      deliverWebhooks: async ({ organization_id, webhook_endpoint_id, at }) => {
        assert.equal(`${organization_id}/${webhook_endpoint_id}`, `org/endpoint`);
        begun.push(at);
        return act(begun.length, at);
      },
    };
    return { activities, begun };
  }

  const start = (workflowId: string) =>
    environment.client.workflow.signalWithStart('webhookEndpoint', {
      workflowId: `webhook-endpoint/${workflowId}`,
      taskQueue: 'billing',
      args: [{ organization_id: 'org', webhook_endpoint_id: 'endpoint' }],
      signal: 'wake',
      signalArgs: [],
    });

  it('sends at once when it is rung, again when a retry is due, and ends with its endpoint', async () => {
    const { activities, begun } = rounds((round, at) => {
      if (round === 1) return step('deliver', addMilliseconds(at, 3_000), at);
      if (round === 2) return step('deliver', addMilliseconds(at, 18_000), at);
      return step('over', null, at);
    });
    const workers = await createTestWorkers(environment, activities);
    await workers.runUntil((async () => (await start('retries')).result())());

    assert.equal(begun.length, 3);
    const [first, second, third] = begun.map((at) => Date.parse(at)) as [number, number, number];
    assert(second - first >= 3_000 && second - first < 5_000, `${second - first} ms`);
    assert(third - second >= 18_000 && third - second < 20_000, `${third - second} ms`);
  });

  it('sleeps without end when there is nothing to send, until it is rung; ten rings are as good as one', async () => {
    const { activities, begun } = rounds((round, at) => step(round < 2 ? 'deliver' : 'over', null, at));
    const workers = await createTestWorkers(environment, activities);
    await workers.runUntil(
      (async () => {
        const handle = await start('idle');
        await environment.sleep('400 days');
        assert.equal(begun.length, 1);
        await Promise.all(Array.from({ length: 10 }, () => handle.signal('wake')));
        await handle.result();
      })(),
    );
    assert.equal(begun.length, 2);
  });

  it('begins another round when it is rung during one, each in a run of its own', async () => {
    const { client } = environment;
    const { activities, begun } = rounds(async (round, at) => {
      if (round < 6) await client.workflow.getHandle('webhook-endpoint/busy').signal('wake');
      return step(round < 6 ? 'deliver' : 'over', null, at);
    });
    const workers = await createTestWorkers(environment, activities);
    await workers.runUntil((async () => (await start('busy')).result())());
    assert.equal(begun.length, 6);
    const { historyLength } = await client.workflow.getHandle('webhook-endpoint/busy').describe();
    assert(historyLength < 20, `${historyLength} events in the last run`);
  });

  it('is tried again and again while its round fails', async () => {
    const { activities, begun } = rounds((round, at) => {
      if (round < 8) throw new Error('the database is away');
      return step('over', null, at);
    });
    const workers = await createTestWorkers(environment, activities);
    await workers.runUntil((async () => (await start('failing')).result())());
    assert.equal(begun.length, 8);
  });
});
