import { type KeyObject, createHmac } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Instant, toMilliseconds } from '../../billing/clock/instant.ts';
import type { SignatureAlgo } from '../../db/webhooks.ts';

export interface Message {
  readonly id: string;
  /** The body, to the byte. */
  readonly payload: string;
}

export interface SigningKeys {
  /** Of the installation: signs JWTs. */
  readonly private_key: KeyObject;
  /** The `iss` of JWTs: where the API is reached. */
  readonly issuer: string;
  /** Of the organization. */
  readonly hmac_key: string;
}

/**
 * The headers by which a receiver knows a message to be ours: Lago's, and those of Standard Webhooks (whose secret is the organization's
 * HMAC key, `whsec_` + base64 of it), which carry the time of sending and so cannot be replayed later.
 */
export async function signatureHeaders(
  message: Message,
  algo: SignatureAlgo,
  keys: SigningKeys,
  at: Instant,
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(toMilliseconds(at) / 1000));
  return {
    'x-lago-signature': algo === 'hmac' ? hmac(keys.hmac_key, message.payload) : await jwt(keys, message.payload),
    'x-lago-signature-algorithm': algo,
    'x-lago-unique-key': message.id,
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${hmac(keys.hmac_key, `${message.id}.${timestamp}.${message.payload}`)}`,
  };
}

/** Base64 of HMAC-SHA256. */
export function hmac(key: string, text: string): string {
  return createHmac('sha256', key).update(text, 'utf8').digest('base64');
}

/** The body itself is a claim. Does not expire: a message retried later is as true as at first. */
async function jwt({ private_key, issuer }: SigningKeys, payload: string): Promise<string> {
  return new SignJWT({ data: payload, iss: issuer }).setProtectedHeader({ alg: 'RS256' }).sign(private_key);
}
