import { createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { notFound } from '../../billing/errors.ts';
import { isEventTypeName } from '../../billing/webhooks/event-types.ts';
import { isId } from '../../db/ids.ts';
import {
  type WebhookEndpointRow,
  createWebhookEndpoint,
  deleteWebhookEndpoint,
  findWebhookEndpoint,
  listWebhookEndpoints,
  updateWebhookEndpoint,
} from '../../db/webhooks.ts';
import { id, mandatoryText, optionalText, toWireInstant, url, wireInstant } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { type Operation, operation } from '../operation.ts';

const BASE64_LINE = 60;

const signatureAlgo = z.enum(['jwt', 'hmac']);

/** Everything, written as `*`, is stored as null, so that it goes on meaning everything. */
const eventTypes = z
  .array(z.string(), { error: 'must_be_array' })
  .max(500, 'value_is_too_long')
  .nullable()
  .transform((names, context): string[] | null => {
    const list = [...new Set(names?.map((name) => name.trim().toLowerCase()))];
    if (names === null || (list.length === 1 && list[0] === '*')) return null;
    const unknown = list.filter((name) => !isEventTypeName(name));
    if (unknown.length === 0) return list;
    const message = `contains invalid types: [${unknown.map((name) => JSON.stringify(name)).join(', ')}]`;
    context.issues.push({ code: 'custom', message, input: names });
    return z.NEVER;
  })
  .optional();

const createInput = z.object({
  webhook_url: mandatoryText.pipe(url),
  signature_algo: signatureAlgo.nullish(),
  name: optionalText,
  event_types: eventTypes,
});

const updateInput = createInput.extend({ webhook_url: mandatoryText.pipe(url).optional() });

const webhookEndpointObject = z
  .object({
    lago_id: id,
    lago_organization_id: id,
    webhook_url: z.string(),
    signature_algo: signatureAlgo,
    name: z.string().nullable(),
    event_types: z.array(z.string()).nullable().meta({ description: 'Null: all of them. Empty: none' }),
    created_at: wireInstant,
  })
  .meta({ id: 'WebhookEndpointObject' });

const byId = z.object({ lago_id: z.string().meta({ format: 'uuid' }) });
const answer = z.object({ webhook_endpoint: webhookEndpointObject });

export const webhookOperations: Operation[] = [
  operation({
    op: 'POST /webhook_endpoints',
    tag: 'webhook_endpoints',
    summary: 'Add an endpoint that webhooks are sent to',
    object: 'webhook_endpoint',
    body: z.object({ webhook_endpoint: createInput }),
    answer,
    errors: [400, 422],
    async handle({ trx, body: { webhook_endpoint: input }, at }) {
      const { webhook_url, name = null, event_types = null } = input;
      const fields = { webhook_url, signature_algo: input.signature_algo ?? 'jwt', name, event_types };
      const endpoint = await createWebhookEndpoint(trx, fields, at);
      return { webhook_endpoint: toWire(endpoint) };
    },
  }),
  operation({
    op: 'GET /webhook_endpoints',
    tag: 'webhook_endpoints',
    summary: 'List the endpoints that webhooks are sent to',
    object: 'webhook_endpoint',
    query: z.object(paginationQuery),
    answer: z.object({ webhook_endpoints: z.array(webhookEndpointObject), meta: paginationMeta }),
    errors: [],
    async handle({ trx, query }) {
      const { rows, meta } = await paginate(listWebhookEndpoints(trx), query);
      return { webhook_endpoints: rows.map(toWire), meta };
    },
  }),
  operation({
    op: 'GET /webhook_endpoints/{lago_id}',
    tag: 'webhook_endpoints',
    summary: 'Retrieve a webhook endpoint',
    object: 'webhook_endpoint',
    params: byId,
    answer,
    errors: [404],
    async handle({ trx, params }) {
      const endpoint = isId(params.lago_id) ? await findWebhookEndpoint(trx, params.lago_id) : undefined;
      return { webhook_endpoint: toWire(endpoint ?? missing()) };
    },
  }),
  operation({
    op: 'PUT /webhook_endpoints/{lago_id}',
    tag: 'webhook_endpoints',
    summary: 'Change a webhook endpoint; what was not delivered yet goes to the new URL',
    object: 'webhook_endpoint',
    params: byId,
    body: z.object({ webhook_endpoint: updateInput }),
    answer,
    errors: [400, 404, 422],
    async handle({ trx, params, body: { webhook_endpoint: input }, at }) {
      if (!isId(params.lago_id)) return missing();
      const { signature_algo, ...others } = input;
      const changes = { ...others, ...(signature_algo !== undefined && { signature_algo: signature_algo ?? 'jwt' }) };
      const changed = await updateWebhookEndpoint(trx, params.lago_id, changes, at);
      return { webhook_endpoint: toWire(changed ?? missing()) };
    },
  }),
  operation({
    op: 'DELETE /webhook_endpoints/{lago_id}',
    tag: 'webhook_endpoints',
    summary: 'Delete a webhook endpoint with the log of what was sent to it',
    object: 'webhook_endpoint',
    params: byId,
    answer,
    errors: [404],
    async handle({ trx, params }) {
      const endpoint = isId(params.lago_id) ? await deleteWebhookEndpoint(trx, params.lago_id) : undefined;
      return { webhook_endpoint: toWire(endpoint ?? missing()) };
    },
  }),
  operation({
    op: 'GET /webhooks/json_public_key',
    tag: 'webhooks',
    summary: 'Retrieve the public key that JWT signatures of webhooks are verified with',
    object: 'webhook_jwt_public_key',
    answer: z.object({ webhook: z.object({ public_key: z.string() }).meta({ id: 'WebhookPublicKeyObject' }) }),
    errors: [],
    transaction: false,
    async handle({ deps }) {
      return { webhook: { public_key: encodePublicKey(deps.settings.webhook_private_key) } };
    },
  }),
  operation({
    op: 'GET /webhooks/public_key',
    tag: 'webhooks',
    summary: 'Retrieve the same public key as plain text',
    object: 'webhook_jwt_public_key',
    answer: z.string(),
    errors: [],
    transaction: false,
    async handle({ deps }) {
      return encodePublicKey(deps.settings.webhook_private_key);
    },
  }),
];

function toWire(endpoint: WebhookEndpointRow): z.infer<typeof webhookEndpointObject> {
  const {
    id: lago_id,
    organization_id: lago_organization_id,
    webhook_url,
    signature_algo,
    name,
    event_types,
  } = endpoint;
  const created_at = toWireInstant(endpoint.created_at);
  return { lago_id, lago_organization_id, webhook_url, signature_algo, name, event_types, created_at };
}

function missing(): never {
  throw notFound('webhook_endpoint');
}

/** Base64 of the PEM, in lines of 60 characters: what Lago's receivers decode. */
function encodePublicKey(private_key: string): string {
  const pem = createPublicKey(private_key).export({ type: 'spki', format: 'pem' }) as string;
  const base64 = Buffer.from(pem).toString('base64');
  return base64.replace(new RegExp(`.{1,${BASE64_LINE}}`, 'g'), '$&\n');
}
