/** An instant in UTC with milliseconds, `2026-01-31T10:00:00.000Z`: sorts as text and survives JSON. */
export type Instant = string & { readonly __instant?: never };

/** A calendar day without a time zone, `2026-01-31`. */
export type LocalDate = string & { readonly __localDate?: never };

/** A half-open span of time, `[from, to)`. */
export interface Span {
  readonly from: Instant;
  readonly to: Instant;
}

/** Milliseconds since 1970-01-01T00:00:00Z. */
export function toMilliseconds(at: Instant): number {
  return Date.parse(at);
}

/** From milliseconds since 1970-01-01T00:00:00Z. */
export function fromMilliseconds(milliseconds: number): Instant {
  return new Date(milliseconds).toISOString();
}

export function addMilliseconds(at: Instant, milliseconds: number): Instant {
  return fromMilliseconds(toMilliseconds(at) + milliseconds);
}

/** ISO 8601 date-times with an offset or `Z`; a date-time without one, or a bare date, is read as UTC. */
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** Parses an ISO 8601 date-time; undefined when it is not one. */
export function parseInstant(text: string): Instant | undefined {
  const match = DATE_TIME.exec(text.trim());
  if (!match) return undefined;
  const [, date, time = '00:00:00', zone = 'Z'] = match;
  const milliseconds = Date.parse(`${date}T${time}${zone.toUpperCase()}`);
  if (Number.isNaN(milliseconds) || fromMilliseconds(Date.parse(`${date}T00:00:00Z`)).slice(0, 10) !== date)
    return undefined;
  return fromMilliseconds(milliseconds);
}

/** As the wire shows instants: UTC with seconds, `2026-01-31T10:00:00Z`. */
export function toWireSeconds(at: Instant): string {
  return `${at.slice(0, 19)}Z`;
}

export function earliest(...instants: Instant[]): Instant {
  return instants.reduce((a, b) => (b < a ? b : a));
}

export function latest(...instants: Instant[]): Instant {
  return instants.reduce((a, b) => (b > a ? b : a));
}
