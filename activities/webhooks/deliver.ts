import type { KeyObject } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { Instant } from '../../billing/clock/instant.ts';
import { isDelivered, nextAttemptAt } from '../../billing/webhooks/next-attempt.ts';
import type { Database } from '../../db/connection.ts';
import { inOrganization } from '../../db/transaction.ts';
import {
  type WebhookEndpointRow,
  type WebhookOutcome,
  type WebhookRow,
  recordWebhookAttempt,
} from '../../db/webhooks.ts';
import { type Answer, post } from './post.ts';
import { signatureHeaders } from './sign.ts';

/** A message with what is needed to send it now. */
export interface Delivery {
  readonly webhook: WebhookRow;
  readonly endpoint: WebhookEndpointRow;
  readonly hmac_key: string;
}

export interface DeliveryOptions {
  readonly db: Database;
  readonly dispatcher: Dispatcher;
  readonly private_key: KeyObject;
  readonly issuer: string;
  readonly attempts_max: number;
  readonly timeout_milliseconds: number;
  readonly signal: AbortSignal;
  readonly now: () => Instant;
}

/** Sends once and writes down how it went. Stopped in between, the message is sent again later, under the same unique key. */
export async function deliver(delivery: Delivery, options: DeliveryOptions): Promise<void> {
  const { webhook, endpoint, hmac_key } = delivery;
  const { db, dispatcher, private_key, issuer, timeout_milliseconds, signal, now } = options;
  const headers = await signatureHeaders(webhook, endpoint.signature_algo, { private_key, issuer, hmac_key }, now());
  const { webhook_url: url } = endpoint;
  const answer = await post({ url, headers, payload: webhook.payload, dispatcher, timeout_milliseconds, signal });
  const at = now();
  const outcome = judge(answer, webhook, { attempts_max: options.attempts_max, at });
  await inOrganization(db, endpoint.organization_id, (trx) => recordWebhookAttempt(trx, webhook, outcome, at));
}

function judge(
  { http_status, response }: Answer,
  { status, retries }: WebhookRow,
  { attempts_max, at }: { attempts_max: number; at: Instant },
): WebhookOutcome {
  if (http_status !== null && isDelivered(http_status)) {
    return { status: 'succeeded', next_attempt_at: null, http_status, response };
  }
  // This one included: `retries` counts the attempts after the first.
  const failures = status === 'pending' ? 1 : retries + 2;
  const next_attempt_at = nextAttemptAt({ failures, attempts_max, random: Math.random(), at });
  return { status: next_attempt_at === null ? 'failed' : 'retrying', next_attempt_at, http_status, response };
}
