import { type Instant, latest } from '../../billing/clock/instant.ts';
import { checkedFrom, checkOf, eventErrorsWire, isFaultless } from '../../billing/events/event-check.ts';
import { enter, strike } from '../../db/agenda.ts';
import {
  eventCheckWorkflow,
  findEventErrors,
  findFirstReceived,
  lockEventCheck,
  saveEventCheck,
} from '../../db/event-checks.ts';
import { hear } from '../../db/outbox.ts';
import { findSandboxClock } from '../../db/sandbox-clocks.ts';
import { inOrganization, type Transaction } from '../../db/transaction.ts';
import { announce, hasWebhookEndpoints } from '../../db/webhooks.ts';
import type { Deps } from '../shared/deps.ts';
import { readNow } from '../shared/now.ts';
import { NO_ATTRIBUTES, type Step, toMinute } from '../shared/step.ts';

export type EventCheckStepKind = 'check_events' | 'over';

export interface EventCheckCall {
  readonly organization_id: string;
  readonly at: Instant;
}

export type EventCheckActivities = ReturnType<typeof createEventCheckActivities>;

export function createEventCheckActivities({ db }: Deps) {
  return {
    /** `at` is absent in a sandbox. */
    planEventCheck({
      organization_id,
      at,
    }: Omit<EventCheckCall, 'at'> & { readonly at: Instant | undefined }): Promise<Step<EventCheckStepKind>> {
      return inOrganization(db, organization_id, async (trx) => plan(trx, (await readNow(trx, at)) ?? ''));
    },

    /** Tells of what is wrong with the events of an hour, once: it is looked through and left behind in one transaction. */
    checkEvents({ organization_id, at }: EventCheckCall): Promise<Step<EventCheckStepKind>> {
      return inOrganization(db, organization_id, async (trx) => {
        const checked_until = await lockEventCheck(trx, checkedFrom(at));
        const received_at = await findFirstReceived(trx, checked_until);
        const due = received_at === null ? undefined : checkOf(received_at);
        if (due && due.due_at <= at) {
          const errors = await findEventErrors(trx, due.hour);
          if (!isFaultless(errors)) await tell(trx, eventErrorsWire(errors), at);
          await saveEventCheck(trx, due.hour.to);
        }
        return plan(trx, (await readNow(trx, undefined)) ?? at);
      });
    },
  };
}

async function tell(trx: Transaction, object: object, at: Instant): Promise<void> {
  await announce(trx, { webhook_type: 'events.errors', object_type: 'events_errors', object_id: null, object }, at);
}

/**
 * The hour after the next event that was not looked at. A live organization is looked at every hour whether there is one or not: an event that is being
 * stored at this moment is not seen yet, and finds somebody awake.
 */
async function plan(trx: Transaction, planned_at: Instant): Promise<Step<EventCheckStepKind>> {
  const { organization_id } = trx;
  const workflow_id = eventCheckWorkflow(organization_id);
  const attributes = { ...NO_ATTRIBUTES, organization_id };
  await hear(trx, workflow_id);
  if (!(await hasWebhookEndpoints(trx))) {
    await strike(trx, workflow_id);
    return { kind: 'over', due_at: null, planned_at, summary: 'nobody wants to hear of errors', attributes };
  }
  const received_at = await findFirstReceived(trx, await lockEventCheck(trx, checkedFrom(planned_at)));
  const clock = await findSandboxClock(trx);
  const looked_at = received_at ?? (clock ? null : planned_at);
  // What comes in while a clock moves is looked at where it comes to stand: it would have to stop at every hour.
  const due_at = looked_at === null ? null : latest(checkOf(looked_at).due_at, clock?.target_at ?? '');
  await enter(trx, { workflow_id, step: 'check_events', due_at });
  const summary = due_at === null ? 'waits for events' : `looks for errors in events at ${toMinute(due_at)}`;
  return { kind: 'check_events', due_at, planned_at, summary, attributes };
}
