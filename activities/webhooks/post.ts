import { type Dispatcher, request } from 'undici';

/** As much of an answer as is read and kept. */
const RESPONSE_BYTES_MAX = 64 * 1024;

export interface Post {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly payload: string;
  readonly dispatcher: Dispatcher;
  readonly timeout_milliseconds: number;
  /** Aborted when this process stops. */
  readonly signal: AbortSignal;
}

/** What came back: a status and the body's beginning, or the reason why nothing did. */
export type Answer =
  | { readonly http_status: number; readonly response: string }
  | { readonly http_status: null; readonly response: string };

/**
 * Posts once and does not follow redirects. Never throws for what the network or the receiver does; throws when `signal` is aborted, because then
 * nothing is known of the outcome.
 */
export async function post({ url, headers, payload, dispatcher, timeout_milliseconds, signal }: Post): Promise<Answer> {
  // Connecting, sending and reading may each take the timeout; a receiver that answers byte by byte may not take longer than the three of them.
  const deadline = AbortSignal.timeout(3 * timeout_milliseconds);
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Perennial', ...headers },
      body: Buffer.from(payload, 'utf8'),
      dispatcher,
      signal: AbortSignal.any([signal, deadline]),
    });
    return { http_status: statusCode, response: await readBeginning(body) };
  } catch (error) {
    signal.throwIfAborted();
    return { http_status: null, response: describe(deadline.aborted ? deadline.reason : error) };
  }
}

async function readBeginning(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop early destroys the body and with it the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= RESPONSE_BYTES_MAX) break;
  }
  const beginning = Buffer.concat(chunks).subarray(0, RESPONSE_BYTES_MAX);
  // Postgres keeps no NUL in a text.
  return new TextDecoder().decode(beginning).replaceAll('\0', '\uFFFD');
}

/** `ECONNREFUSED: connect ECONNREFUSED 192.0.2.1:443`. Several addresses may have been tried in vain: the first reason stands for all. */
function describe(error: unknown): string {
  const first = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const { code, name, message } = first as { code?: unknown; name?: string; message?: string };
  return `${typeof code === 'string' ? code : (name ?? 'Error')}: ${message ?? ''}`.replaceAll('\0', '\uFFFD');
}
