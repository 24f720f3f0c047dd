import type { Knex } from 'knex';
import { assert } from '../billing/assert.ts';
import type { Instant } from '../billing/clock/instant.ts';
import { type ErrorDetails, invalid } from '../billing/errors.ts';
import { type WebhookType, eventTypes, isWanted } from '../billing/webhooks/event-types.ts';
import { enter } from './agenda.ts';
import { newId } from './ids.ts';
import { type WorkflowId, ring } from './outbox.ts';
import { type Transaction, insert, lock, rows } from './transaction.ts';

export type SignatureAlgo = 'jwt' | 'hmac';

export interface WebhookEndpointRow {
  readonly id: string;
  readonly organization_id: string;
  readonly webhook_url: string;
  readonly signature_algo: SignatureAlgo;
  readonly name: string | null;
  /** Null: all of them. Empty: none. */
  readonly event_types: string[] | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export type WebhookStatus = 'pending' | 'succeeded' | 'retrying' | 'failed';

export interface WebhookRow {
  /** The unique key by which receivers recognize a message they have seen. */
  readonly id: string;
  readonly organization_id: string;
  readonly webhook_endpoint_id: string;
  readonly webhook_type: WebhookType;
  readonly object_type: string;
  readonly object_id: string | null;
  /** The body, to the byte. */
  readonly payload: string;
  readonly status: WebhookStatus;
  /** Attempts after the first. */
  readonly retries: number;
  /** Null, while undelivered: at once. */
  readonly next_attempt_at: Instant | null;
  readonly http_status: number | null;
  readonly response: string | null;
  readonly last_retried_at: Instant | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export function webhookEndpointWorkflow(webhook_endpoint_id: string): WorkflowId {
  return `webhook-endpoint/${webhook_endpoint_id}`;
}

/** Whether anybody would be told: asked before a message is put together. */
export async function hasWebhookEndpoints(trx: Transaction): Promise<boolean> {
  return (await rows(trx, 'webhook_endpoints').first('id')) !== undefined;
}

export interface Announcement {
  readonly webhook_type: WebhookType;
  readonly object_type: string;
  readonly object_id: string | null;
  /** As the API would answer with it at this moment. */
  readonly object: object;
}

/**
 * Freezes a message for each endpoint that listens, and rings the endpoints. `at` is the organization's time: it dates the message,
 * while its delivery is due at once by the wall's.
 */
export async function announce(
  trx: Transaction,
  announcements: Announcement | readonly Announcement[],
  at: Instant,
): Promise<void> {
  const list = Array.isArray(announcements)
    ? (announcements as readonly Announcement[])
    : [announcements as Announcement];
  if (list.length === 0) return;
  for (const { webhook_type, object_type } of list)
    assert(
      eventTypes[webhook_type] === object_type,
      `webhooks: ${webhook_type} carries ${eventTypes[webhook_type]}, not ${object_type}`,
    );

  // Locked as the foreign key would lock them: an endpoint that is being deleted is waited for and then not found.
  const endpoints = await rows<WebhookEndpointRow>(trx, 'webhook_endpoints').orderBy('id').forKeyShare();
  const messages = list.flatMap((announcement) => {
    const listening = endpoints.filter((endpoint) => isWanted(endpoint.event_types, announcement.webhook_type));
    if (listening.length === 0) return [];
    const payload = freeze(trx.organization_id, announcement);
    return listening.map((endpoint) => ({
      id: newId(),
      webhook_endpoint_id: endpoint.id,
      webhook_type: announcement.webhook_type,
      object_type: announcement.object_type,
      object_id: announcement.object_id,
      payload,
      created_at: at,
      updated_at: at,
    }));
  });
  await insert(trx, 'webhooks', messages);
  await ring(trx, [...new Set(messages.map((message) => webhookEndpointWorkflow(message.webhook_endpoint_id)))]);
}

function freeze(organization_id: string, { webhook_type, object_type, object }: Announcement): string {
  return JSON.stringify({ webhook_type, object_type, organization_id, [object_type]: object });
}

export type WebhookEndpointFields = Pick<WebhookEndpointRow, 'webhook_url' | 'signature_algo' | 'name' | 'event_types'>;

const ENDPOINTS_MAX = 10;

/** The organization's endpoints, newest first. */
export function listWebhookEndpoints(trx: Transaction): Knex.QueryBuilder<WebhookEndpointRow, WebhookEndpointRow[]> {
  return rows<WebhookEndpointRow>(trx, 'webhook_endpoints').orderBy([
    { column: 'created_at', order: 'desc' },
    { column: 'id', order: 'desc' },
  ]);
}

export async function findWebhookEndpoint(trx: Transaction, id: string): Promise<WebhookEndpointRow | undefined> {
  return rows<WebhookEndpointRow>(trx, 'webhook_endpoints').where({ id }).first();
}

/** Adds an endpoint, and starts the workflow that looks after it. */
export async function createWebhookEndpoint(
  trx: Transaction,
  fields: WebhookEndpointFields,
  at: Instant,
): Promise<WebhookEndpointRow> {
  refuseUnfit(await lockWebhookEndpoints(trx), fields.webhook_url);
  const row = { id: newId(), ...fields, created_at: at, updated_at: at };
  const [endpoint] = await insert<WebhookEndpointRow>(trx, 'webhook_endpoints', row);
  assert(endpoint, 'webhooks: the inserted endpoint comes back');
  const workflow_id = webhookEndpointWorkflow(endpoint.id);
  await enter(trx, { workflow_id, step: 'deliver', due_at: null });
  await ring(trx, workflow_id);
  return endpoint;
}

/** What was not delivered yet goes to the new URL. Undefined: there is no such endpoint. */
export async function updateWebhookEndpoint(
  trx: Transaction,
  id: string,
  changes: Partial<WebhookEndpointFields>,
  at: Instant,
): Promise<WebhookEndpointRow | undefined> {
  const others = (await lockWebhookEndpoints(trx)).filter((endpoint) => endpoint.id !== id);
  if (changes.webhook_url !== undefined) refuseUnfit(others, changes.webhook_url);
  const [endpoint] = await rows<WebhookEndpointRow>(trx, 'webhook_endpoints')
    .where({ id })
    .update({ ...changes, updated_at: at })
    .returning('*');
  return endpoint;
}

/** Its messages go with it; its workflow finds it gone, and ends. Undefined: there is no such endpoint. */
export async function deleteWebhookEndpoint(trx: Transaction, id: string): Promise<WebhookEndpointRow | undefined> {
  const [endpoint] = await rows<WebhookEndpointRow>(trx, 'webhook_endpoints').where({ id }).delete().returning('*');
  if (endpoint) await ring(trx, webhookEndpointWorkflow(id));
  return endpoint;
}

/** From when an organization had one `webhook_url`: its oldest endpoint is moved there, or made, or deleted. */
export async function setFirstWebhookUrl(trx: Transaction, webhook_url: string | null, at: Instant): Promise<void> {
  const first = (await lockWebhookEndpoints(trx)).at(-1);
  if (webhook_url === null) await (first && deleteWebhookEndpoint(trx, first.id));
  else if (first) await updateWebhookEndpoint(trx, first.id, { webhook_url }, at);
  else await createWebhookEndpoint(trx, { webhook_url, signature_algo: 'jwt', name: null, event_types: null }, at);
}

/** Endpoints of an organization are counted and compared with each other: one change at a time. */
async function lockWebhookEndpoints(trx: Transaction): Promise<WebhookEndpointRow[]> {
  await lock(trx, 'webhook-endpoints');
  return listWebhookEndpoints(trx);
}

/** What an endpoint may not be beside the others: one too many, or at the URL of another. */
function refuseUnfit(others: readonly WebhookEndpointRow[], webhook_url: string): void {
  const details: ErrorDetails = {};
  if (others.length >= ENDPOINTS_MAX) details['base'] = ['exceeded_limit'];
  if (others.some((endpoint) => endpoint.webhook_url === webhook_url)) details['webhook_url'] = ['value_already_exist'];
  if (Object.keys(details).length > 0) throw invalid(details);
}

/** An endpoint's messages, newest first, of one status if given. Ids are in the order of creation, whatever a sandbox's clock says. */
export function listWebhooks(
  trx: Transaction,
  { webhook_endpoint_id, status }: { webhook_endpoint_id: string; status?: WebhookStatus },
): Knex.QueryBuilder<WebhookRow, WebhookRow[]> {
  const query = rows<WebhookRow>(trx, 'webhooks').where({ webhook_endpoint_id }).orderBy('id', 'desc');
  return status === undefined ? query : query.where({ status });
}

export async function findWebhook(trx: Transaction, id: string): Promise<WebhookRow | undefined> {
  return rows<WebhookRow>(trx, 'webhooks').where({ id }).first();
}

const UNDELIVERED: readonly WebhookStatus[] = ['pending', 'retrying'];

/** What an endpoint should be sent now, oldest first. `except` is already on its way. */
export async function listDueWebhooks(
  trx: Transaction,
  {
    webhook_endpoint_id,
    at,
    except,
    rows_max,
  }: { webhook_endpoint_id: string; at: Instant; except: readonly string[]; rows_max: number },
): Promise<WebhookRow[]> {
  return rows<WebhookRow>(trx, 'webhooks')
    .where({ webhook_endpoint_id })
    .whereIn('status', UNDELIVERED)
    .where((due) => due.whereNull('next_attempt_at').orWhere('next_attempt_at', '<=', at))
    .whereNotIn('id', except)
    .orderBy('id')
    .limit(rows_max);
}

/** When an endpoint is next sent something; null when everything was delivered or given up. What is due at once is due `at`. */
export async function nextWebhookDueAt(
  trx: Transaction,
  webhook_endpoint_id: string,
  at: Instant,
): Promise<Instant | null> {
  const { rows: found } = await trx.raw<{ rows: { due_at: Instant | null }[] }>(
    `select min(coalesce(next_attempt_at, ?)) as due_at from webhooks
     where organization_id = ? and webhook_endpoint_id = ? and status in ('pending', 'retrying')`,
    [at, trx.organization_id, webhook_endpoint_id],
  );
  return found[0]?.due_at ?? null;
}

export type WebhookOutcome = Pick<WebhookRow, 'status' | 'next_attempt_at' | 'http_status' | 'response'>;

/** Writes down how an attempt went. The row may be gone: its endpoint was deleted in the meantime. */
export async function recordWebhookAttempt(
  trx: Transaction,
  webhook: WebhookRow,
  outcome: WebhookOutcome,
  at: Instant,
): Promise<void> {
  const retry = webhook.status === 'pending' ? {} : { retries: webhook.retries + 1, last_retried_at: at };
  await rows(trx, 'webhooks')
    .where({ id: webhook.id })
    .update({ ...outcome, ...retry, updated_at: at });
}

/**
 * Makes a message that was not delivered due at once. When the automatic attempts are used up, it is sent once more.
 * False when there is nothing to repeat: it has been delivered.
 */
export async function retryWebhook(trx: Transaction, id: string): Promise<boolean> {
  const { rows: found } = await trx.raw<{ rows: Pick<WebhookRow, 'webhook_endpoint_id'>[] }>(
    `update webhooks set next_attempt_at = null, status = case status when 'failed' then 'retrying' else status end
     where organization_id = ? and id = ? and status <> 'succeeded' returning webhook_endpoint_id`,
    [trx.organization_id, id],
  );
  const webhook = found[0];
  if (!webhook) return false;
  await ring(trx, webhookEndpointWorkflow(webhook.webhook_endpoint_id));
  return true;
}
