import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { SubscriptionActivities, SubscriptionStepKind } from '../activities/subscriptions.ts';
import { live, type LongLivedInput } from './shared/long-lived.ts';

const { planSubscription } = proxyLocalActivities<SubscriptionActivities>({
  startToCloseTimeout: '30 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

const steps = proxyActivities<SubscriptionActivities>({
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '30 seconds' },
});

export interface SubscriptionInput extends LongLivedInput<SubscriptionStepKind> {
  readonly organization_id: string;
  readonly subscription_id: string;
}

/** Lives as long as the subscription. Decides when the next step is taken; the activities decide what it is and what it costs. */
export async function subscription(input: SubscriptionInput): Promise<void> {
  const { organization_id, subscription_id } = input;
  await live<SubscriptionStepKind, SubscriptionInput>(input, {
    plan: (at) => planSubscription({ organization_id, subscription_id, at }),
    take: ({ kind, due_at, planned_at }) => {
      const call = { organization_id, subscription_id, at: due_at ?? planned_at };
      switch (kind) {
        case 'start':
          return steps.start(call);
        case 'bill_start':
          return steps.billStart(call);
        case 'charge_usage':
          return steps.chargeUsage(call);
        case 'end_trial':
          return steps.endTrial(call);
        case 'bill_period':
          return steps.billPeriod(call);
        case 'downgrade':
          return steps.downgrade(call);
        case 'check_thresholds':
          return steps.checkThresholds(call);
        case 'end':
          return steps.end(call);
        case 'bill_end':
          return steps.billEnd(call);
        case 'bill_upgrade':
          return steps.billUpgrade(call);
        case 'send_termination_alert':
          return steps.sendTerminationAlert(call);
        case 'follow':
        case 'over':
          throw new Error(`nothing is to be done when it says ${kind}`);
      }
    },
  });
}
