import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { EventCheckActivities, EventCheckStepKind } from '../activities/events/event-check.ts';
import { live, type LongLivedInput } from './shared/long-lived.ts';

const { planEventCheck } = proxyLocalActivities<EventCheckActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

const { checkEvents } = proxyActivities<EventCheckActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

export interface EventCheckInput extends LongLivedInput<EventCheckStepKind> {
  readonly organization_id: string;
}

/** Looks through what an organization has sent, hour by hour, for as long as it has somebody to tell. */
export async function eventCheck(input: EventCheckInput): Promise<void> {
  const { organization_id } = input;
  await live<EventCheckStepKind, EventCheckInput>(input, {
    plan: (at) => planEventCheck({ organization_id, at }),
    take: ({ due_at, planned_at }) => checkEvents({ organization_id, at: due_at ?? planned_at }),
  });
}
