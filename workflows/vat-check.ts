import { makeContinueAsNewFunc, proxyActivities } from '@temporalio/workflow';
import type { Step } from '../activities/shared/step.ts';
import type { VatCheckActivities, VatCheckStepKind } from '../activities/taxes/vat-check.ts';
import type { Instant } from '../billing/clock/instant.ts';
import { WorkflowClock } from './shared/clock.ts';
import { Doorbell } from './shared/doorbell.ts';
import { searchAttributes } from './shared/search-attributes.ts';

const { checkVatNumber } = proxyActivities<VatCheckActivities>({
  taskQueue: 'integrations',
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '10 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '1 minute' },
});

export interface VatCheckInput {
  readonly organization_id: string;
  readonly customer_id: string;
  /** Known when this run continues another. */
  readonly step?: Step<VatCheckStepKind>;
}

/** Asks the register about a customer's VAT number, and again for as long as it is out of order. Waits on the wall's clock always. */
export async function vatCheck({ organization_id, customer_id, step: known }: VatCheckInput): Promise<void> {
  const clock = new WorkflowClock('live');
  const doorbell = new Doorbell();
  if (known) await clock.sleepUntil(known.due_at, doorbell, known.summary);
  // Due or rung, it is the same: the rows are looked at next.
  doorbell.answer();

  const step = await checkVatNumber({ organization_id, customer_id, at: clock.now() as Instant });
  if (step.kind === 'over') return;
  const due_at = doorbell.isRinging() ? step.planned_at : step.due_at;
  const continueAsNew = makeContinueAsNewFunc<typeof vatCheck>({
    typedSearchAttributes: searchAttributes({ ...step, due_at }),
  });
  await continueAsNew({ organization_id, customer_id, step: { ...step, due_at } });
}
