import { fromMilliseconds, type Instant, toMilliseconds } from '../clock/instant.ts';

/**
 * Where the whole hours and the whole days of a window are, in UTC: `from` ≤ `hours_from` ≤ `days_from` ≤ `days_to` ≤ `hours_to` ≤ `to`.
 * What is left over at both ends is cut from an hour. Null: from the beginning of time.
 */
export interface WholeSpans {
  readonly hours_from: Instant | null;
  readonly days_from: Instant | null;
  readonly days_to: Instant;
  readonly hours_to: Instant;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

interface Milliseconds {
  readonly from: number;
  readonly to: number;
}

export function wholeSpans(from: Instant | null, to: Instant): WholeSpans {
  const hours = wholeUnits({ from: from === null ? -Infinity : toMilliseconds(from), to: toMilliseconds(to) }, HOUR_MS);
  const days = wholeUnits(hours, DAY_MS);
  return {
    hours_from: toInstant(hours.from),
    days_from: toInstant(days.from),
    days_to: fromMilliseconds(days.to),
    hours_to: fromMilliseconds(hours.to),
  };
}

/** Without a whole one, nothing at the end. */
function wholeUnits({ from, to }: Milliseconds, unit_ms: number): Milliseconds {
  const first = Math.ceil(from / unit_ms) * unit_ms;
  const last = Math.floor(to / unit_ms) * unit_ms;
  return first < last ? { from: first, to: last } : { from: to, to };
}

function toInstant(milliseconds: number): Instant | null {
  return milliseconds === -Infinity ? null : fromMilliseconds(milliseconds);
}
