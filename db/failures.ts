import knex from 'knex';

interface DatabaseFailure {
  readonly code?: string;
  readonly message?: string;
  readonly severity?: string;
}

/** Connection lost or refused (class 08), rejected log-in (28), out of disk, memory or connections (53), shutting down (57P0x), I/O (58), read only. */
const UNAVAILABLE_STATES = /^(08|28|3D000|53|57P0|57014|58|25006)/;
const UNAVAILABLE_ERRNOS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);
/** Knex puts the statement before what the driver said. */
const UNAVAILABLE_MESSAGES =
  /(^| - )(Connection terminated|Client has encountered a connection error|Client was closed|timeout expired|Unable to acquire a connection)[^-]*$/;

/** Whether Postgres cannot serve at the moment, whatever was asked of it. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof knex.KnexTimeoutError) return true;
  if (error instanceof AggregateError) return error.errors.some(isUnavailable);
  const { code = '', message = '', severity } = (error ?? {}) as DatabaseFailure;
  // The session is over, whatever the reason.
  if (severity === 'FATAL' || severity === 'PANIC') return true;
  return UNAVAILABLE_STATES.test(code) || UNAVAILABLE_ERRNOS.has(code) || UNAVAILABLE_MESSAGES.test(message);
}

/** Whether the transaction lost against another one (serialization failure, deadlock) and would succeed if run again. */
export function isLostRace(error: unknown): boolean {
  const { code } = (error ?? {}) as DatabaseFailure;
  return code === '40001' || code === '40P01';
}

/** For a violated unique key: the column that is not part of who owns the row, or the last one. */
export function duplicatedColumn(error: unknown): string | undefined {
  const { code, detail = '' } = (error ?? {}) as DatabaseFailure & { detail?: string };
  if (code !== '23505') return undefined;
  const columns = /^Key \(([^)]*)\)=/.exec(detail)?.[1]?.split(', ');
  return columns?.at(-1) ?? 'base';
}

/** A value that the column's type cannot hold (class 22): what validation let through. */
export function isDataException(error: unknown): boolean {
  return ((error ?? {}) as DatabaseFailure).code?.startsWith('22') === true;
}
