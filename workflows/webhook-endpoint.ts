import { makeContinueAsNewFunc, proxyActivities } from '@temporalio/workflow';
import type { Instant } from '../billing/clock/instant.ts';
import type { Step } from '../activities/shared/step.ts';
import type { WebhookActivities, WebhookStepKind } from '../activities/webhooks.ts';
import { WorkflowClock } from './shared/clock.ts';
import { Doorbell } from './shared/doorbell.ts';
import { searchAttributes } from './shared/search-attributes.ts';

const { deliverWebhooks } = proxyActivities<WebhookActivities>({
  taskQueue: 'integrations',
  // A round takes as long as its slowest receiver; the heartbeat tells that somebody is at it.
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

export interface WebhookEndpointInput {
  readonly organization_id: string;
  readonly webhook_endpoint_id: string;
  /** Known when this run continues another. */
  readonly step?: Step<WebhookStepKind>;
}

/** Lives as long as the endpoint: sends what is due, sleeps until the next retry or until there is something new. Waits on the wall's clock always. */
export async function webhookEndpoint({
  organization_id,
  webhook_endpoint_id,
  step: known,
}: WebhookEndpointInput): Promise<void> {
  const clock = new WorkflowClock('live');
  const doorbell = new Doorbell();
  if (known) await clock.sleepUntil(known.due_at, doorbell, known.summary);
  // Due or rung, it is the same: the rows are looked at next.
  doorbell.answer();

  const step = await deliverWebhooks({ organization_id, webhook_endpoint_id, at: clock.now() as Instant });
  if (step.kind === 'over') return;

  // What rang during the round may have come too late for it, and goes into a fresh run as due at once: histories stay short however often it rings.
  const due_at = doorbell.isRinging() ? step.planned_at : step.due_at;
  const continueAsNew = makeContinueAsNewFunc<typeof webhookEndpoint>({
    typedSearchAttributes: searchAttributes({ ...step, due_at }),
  });
  await continueAsNew({ organization_id, webhook_endpoint_id, step: { ...step, due_at } });
}
