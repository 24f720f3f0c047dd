import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { DeletionActivities, DeletionStepKind } from '../activities/deletions.ts';
import { live, type LongLivedInput } from './shared/long-lived.ts';

const { planDeletion } = proxyLocalActivities<DeletionActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

const steps = proxyActivities<DeletionActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

export interface DeletionInput extends LongLivedInput<DeletionStepKind> {
  readonly organization_id: string;
  readonly of: 'plan' | 'customer';
  readonly id: string;
}

/** Brings to an end what hangs on a plan or a customer that is deleted: some at a time, so that a thousand subscriptions take as little at once as one. */
export async function deletion(input: DeletionInput): Promise<void> {
  const { organization_id, of, id } = input;
  await live<DeletionStepKind, DeletionInput>(input, {
    plan: (at) => planDeletion({ organization_id, of, id, at }),
    take: ({ kind, due_at, planned_at }) => {
      const call = { organization_id, of, id, at: due_at ?? planned_at };
      switch (kind) {
        case 'end_subscriptions':
          return steps.endSubscriptions(call);
        case 'finalize_drafts':
          return steps.finalizeDrafts(call);
        case 'delete_plan':
          return steps.deletePlan(call);
        case 'over':
          throw new Error('a deletion that is over takes no step');
      }
    },
  });
}
