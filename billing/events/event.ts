import { type Instant, fromMilliseconds } from '../clock/instant.ts';
import { Decimal } from '../money/decimal.ts';

/** An event as accepted. */
export interface Event {
  readonly id: string;
  readonly external_subscription_id: string | null;
  readonly transaction_id: string;
  readonly code: string;
  /** ISO text in UTC with up to microseconds, where an `Instant` has milliseconds. */
  readonly timestamp: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly precise_total_amount_cents: string | null;
  readonly created_at: Instant;
}

const SECONDS = /^(-?)(\d{1,12})(?:\.(\d+))?$/;
/** Of 9999-12-31T23:59:59Z and 0001-01-01T00:00:00Z: the years that ISO text writes with four digits. */
const SECONDS_MAX = 253_402_300_799;
const SECONDS_MIN = -62_135_596_800;

/**
 * From Unix seconds in decimal notation to ISO text, exact to the microsecond: a float on the way could move an event out of its period.
 * Digits below the microsecond are cut. Undefined when it is not such a number.
 */
export function parseTimestamp(text: string): string | undefined {
  const match = SECONDS.exec(text);
  if (!match) return undefined;
  const [, sign, whole, digits = ''] = match;
  let seconds = Number(whole);
  let microseconds = Number(digits.slice(0, 6).padEnd(6, '0'));
  if (sign === '-') {
    seconds = microseconds > 0 ? -seconds - 1 : -seconds;
    microseconds = microseconds > 0 ? 1_000_000 - microseconds : 0;
  }
  if (seconds > SECONDS_MAX || seconds < SECONDS_MIN) return undefined;
  return `${fromMilliseconds(seconds * 1000).slice(0, 19)}.${String(microseconds).padStart(6, '0')}Z`;
}

const AMOUNT = /^[+-]?\d{1,25}(\.\d{1,100})?$/;

/** Up to 25 digits and 15 decimals are stored. Undefined when it is not such an amount. */
export function parsePreciseAmount(text: string): string | undefined {
  if (!AMOUNT.test(text)) return undefined;
  const amount = new Decimal(text).toDecimalPlaces(15);
  return amount.abs().lt('1e25') ? amount.toFixed() : undefined;
}

/** What usage takes a property for: its text. Null where there is none. */
export function propertyText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? new Decimal(value).toFixed() : JSON.stringify(value);
}

/** In bytes: the index entry of a key with all its parts stays below the 2,704 that Postgres allows. */
const KEY_BYTES_MAX = 800;
const NESTING_MAX = 64;
const NUL = '\u0000';

/** Postgres stores every character but NUL, and no halves of surrogate pairs. */
export function isStorableText(text: string): boolean {
  return !text.includes(NUL) && text.isWellFormed();
}

/** Whether a text fits where events are looked up by it. */
export function fitsKey(text: string): boolean {
  return text.length <= KEY_BYTES_MAX / 3 || Buffer.byteLength(text) <= KEY_BYTES_MAX;
}

/** Whether JSON can be stored: its texts can, and it is not nested without end. */
export function isStorableJson(value: unknown, levels_left = NESTING_MAX): boolean {
  if (typeof value === 'string') return isStorableText(value);
  if (typeof value !== 'object' || value === null) return true;
  if (levels_left === 0) return false;
  for (const key in value)
    if (!isStorableText(key) || !isStorableJson((value as Record<string, unknown>)[key], levels_left - 1)) return false;
  return true;
}

/** The positions of events whose transaction id came before in the same list, whatever their subscriptions. */
export function findRepetitions(events: readonly Pick<Event, 'transaction_id'>[]): number[] {
  const seen = new Set<string>();
  return [...events.keys()].filter((position) => {
    const { transaction_id } = events[position] as Pick<Event, 'transaction_id'>;
    return seen.size === seen.add(transaction_id).size;
  });
}
