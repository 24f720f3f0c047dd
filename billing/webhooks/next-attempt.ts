import { assert } from '../assert.ts';
import { type Instant, addMilliseconds } from '../clock/instant.ts';

export interface FailedAttempt {
  /** Attempts so far; all of them failed. */
  readonly failures: number;
  readonly attempts_max: number;
  /** From 0 up to, not including, 1: spreads the retries of messages that failed together. */
  readonly random: number;
  readonly at: Instant;
}

/**
 * When a webhook is sent again; null when it is given up. After n failures n⁴ seconds, up to 15 % more, and 2: about 3 s after the first,
 * 18 to 20 s after the second.
 */
export function nextAttemptAt({ failures, attempts_max, random, at }: FailedAttempt): Instant | null {
  assert(Number.isInteger(failures) && failures >= 1, 'webhooks: a failed attempt is counted');
  assert(random >= 0 && random < 1, 'webhooks: random is a share');
  if (failures >= attempts_max) return null;
  const seconds = failures ** 4 * (1 + 0.15 * random) + 2;
  return addMilliseconds(at, Math.round(seconds * 1000));
}

/** What counts as delivered. Any other status does not, redirects included: they are not followed. */
export function isDelivered(http_status: number): boolean {
  return [200, 201, 202, 204].includes(http_status);
}
