import { addMilliseconds, fromMilliseconds, type Instant, type Span, toMilliseconds } from '../clock/instant.ts';

const HOUR_MS = 3_600_000;
/** Past the hour: what came in at its very end has been stored by then. */
const AFTER_MS = 5 * 60_000;

export function startOfHour(at: Instant): Instant {
  return fromMilliseconds(Math.floor(toMilliseconds(at) / HOUR_MS) * HOUR_MS);
}

/** The hour before: what an organization has received since is looked through for errors. */
export function checkedFrom(now_at: Instant): Instant {
  return addMilliseconds(startOfHour(now_at), -HOUR_MS);
}

export interface DueCheck {
  /** Of the clock, in UTC. */
  readonly hour: Span;
  readonly due_at: Instant;
}

/** When the hour in which an event was received is looked through. */
export function checkOf(received_at: Instant): DueCheck {
  const from = startOfHour(received_at);
  const to = addMilliseconds(from, HOUR_MS);
  return { hour: { from, to }, due_at: addMilliseconds(to, AFTER_MS) };
}

/** What is wrong with the events of an hour: distinct transaction ids. */
export interface EventErrors {
  readonly invalid_code: readonly string[];
  readonly missing_aggregation_property: readonly string[];
  readonly invalid_filter_values: readonly string[];
}

export function isFaultless(errors: EventErrors): boolean {
  return Object.values(errors).every((list: readonly string[]) => list.length === 0);
}

/** Groups are not what they were when the reference listed those without a key. */
export function eventErrorsWire(errors: EventErrors) {
  return { ...errors, missing_group_key: null };
}
