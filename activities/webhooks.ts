import { createPrivateKey } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { type Instant, addMilliseconds, latest } from '../billing/clock/instant.ts';
import { enter, strike } from '../db/agenda.ts';
import { findOrganization } from '../db/organizations.ts';
import { hear } from '../db/outbox.ts';
import { type Transaction, inOrganization } from '../db/transaction.ts';
import { findWebhookEndpoint, listDueWebhooks, nextWebhookDueAt, webhookEndpointWorkflow } from '../db/webhooks.ts';
import type { Deps } from './shared/deps.ts';
import { NO_ATTRIBUTES, type Step, toMinute } from './shared/step.ts';
import { type Lookup, connectToTargets } from './webhooks/connect.ts';
import { type Delivery, type DeliveryOptions, deliver } from './webhooks/deliver.ts';
import { inLanes } from './webhooks/in-lanes.ts';

/** What one endpoint is sent at a time. */
const LANES_MAX = 10;
const ROWS_MAX = 100;
/** A round begins nothing new after this long: it shows in the workflow where it is, and a worker that wants to stop need not wait. */
const ROUND_MILLISECONDS = 60_000;

export type WebhookStepKind = 'deliver' | 'over';

export interface DeliverWebhooks {
  readonly organization_id: string;
  readonly webhook_endpoint_id: string;
  /** Temporal's time. A worker's machine may be behind it, and would find that nothing is due yet. */
  readonly at: Instant;
}

export type WebhookActivities = ReturnType<typeof createWebhookActivities>;

/** `lookup`: how names become addresses, if not by the system's resolver. */
export function createWebhookActivities(deps: Deps, { lookup }: { readonly lookup?: Lookup } = {}) {
  const { db, settings, wallClock } = deps;
  const { attempts_max, timeout_seconds, allow_private_targets } = settings.webhooks;
  const timeout_milliseconds = timeout_seconds * 1000;
  const private_key = createPrivateKey(settings.webhooks.private_key);
  const target = { timeout_milliseconds, connections_max: LANES_MAX, allow_private_targets, ...(lookup && { lookup }) };

  return {
    /**
     * Sends an endpoint what is due, and names the next retry. The endpoint's workflow is the only caller, so there is one round at a time, and an
     * endpoint that hangs holds up no other.
     */
    async deliverWebhooks({
      organization_id,
      webhook_endpoint_id,
      at,
    }: DeliverWebhooks): Promise<Step<WebhookStepKind>> {
      const now = (): Instant => latest(at, wallClock());
      const dispatcher = connectToTargets(target);
      const options = {
        db,
        dispatcher,
        private_key,
        issuer: settings.api_url,
        attempts_max,
        timeout_milliseconds,
        now,
      };
      try {
        await deliverDue(
          { organization_id, webhook_endpoint_id },
          { ...options, signal: Context.current().cancellationSignal },
        );
      } finally {
        await dispatcher.destroy();
      }
      return inOrganization(db, organization_id, (trx) => planNextRound(trx, webhook_endpoint_id, now()));
    },
  };
}

type Endpoint = Omit<DeliverWebhooks, 'at'>;

async function deliverDue({ organization_id, webhook_endpoint_id }: Endpoint, options: DeliveryOptions): Promise<void> {
  const { db, now, signal } = options;
  const takesUntil = addMilliseconds(now(), ROUND_MILLISECONDS);
  const sending = new Set<string>();

  await inLanes({
    lanes_max: LANES_MAX,
    signal,
    async take() {
      if (now() >= takesUntil) return [];
      const due = await inOrganization(db, organization_id, (trx) => takeDue(trx, webhook_endpoint_id, sending, now()));
      for (const { webhook } of due) sending.add(webhook.id);
      return due;
    },
    async work(delivery: Delivery, stopped) {
      await deliver(delivery, { ...options, signal: stopped });
      sending.delete(delivery.webhook.id);
    },
  });
}

/** What is due and not on its way, oldest first, with the endpoint as it is now. Whatever rang was committed before, so it is found here. */
async function takeDue(
  trx: Transaction,
  webhook_endpoint_id: string,
  sending: ReadonlySet<string>,
  at: Instant,
): Promise<Delivery[]> {
  await hear(trx, webhookEndpointWorkflow(webhook_endpoint_id));
  const endpoint = await findWebhookEndpoint(trx, webhook_endpoint_id);
  if (!endpoint) return [];
  const due = await listDueWebhooks(trx, { webhook_endpoint_id, at, except: [...sending], rows_max: ROWS_MAX });
  if (due.length === 0) return [];
  const { hmac_key } = await findOrganization(trx);
  return due.map((webhook) => ({ webhook, endpoint, hmac_key }));
}

async function planNextRound(
  trx: Transaction,
  webhook_endpoint_id: string,
  at: Instant,
): Promise<Step<WebhookStepKind>> {
  const workflow_id = webhookEndpointWorkflow(webhook_endpoint_id);
  const attributes = { ...NO_ATTRIBUTES, organization_id: trx.organization_id };
  if (!(await findWebhookEndpoint(trx, webhook_endpoint_id))) {
    await strike(trx, workflow_id);
    return { kind: 'over', due_at: null, planned_at: at, summary: 'the endpoint was deleted', attributes };
  }
  const due_at = await nextWebhookDueAt(trx, webhook_endpoint_id, at);
  await enter(trx, { workflow_id, step: 'deliver', due_at });
  const summary = due_at === null ? 'waits for something to send' : `sends again at ${toMinute(due_at)}`;
  return { kind: 'deliver', due_at, planned_at: at, summary, attributes };
}
