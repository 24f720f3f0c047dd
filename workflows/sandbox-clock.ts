import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { SandboxActivities } from '../activities/sandbox.ts';
import { Doorbell } from './shared/doorbell.ts';

const { advanceClock } = proxyActivities<SandboxActivities>({
  // A year of billing may take its time; the heartbeat tells that it is alive.
  startToCloseTimeout: '6 hours',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '500 milliseconds', maximumInterval: '30 seconds' },
});

export interface SandboxClockInput {
  readonly organization_id: string;
}

/** Moves a sandbox organization's clock to its target, through every deadline in between, each one's work finished before the next. */
export async function sandboxClock({ organization_id }: SandboxClockInput): Promise<void> {
  const doorbell = new Doorbell();
  do {
    doorbell.answer();
    setCurrentDetails('moves the clock to its target');
    await advanceClock({ organization_id });
  } while (doorbell.isRinging());
}
