import { Socket } from 'node:net';
import knex, { type Knex } from 'knex';
import pg from 'pg';

export type Database = Knex;

const INT8 = 20;
const DATE = 1082;
const TIMESTAMPTZ = 1184;

/** Counts and cents are safe integers; days stay text; instants are ISO text in UTC with milliseconds. `numeric` stays text by default. */
const types = new pg.TypeOverrides();
types.setTypeParser(INT8, (text: string) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`${text} is beyond the safe integers`);
  return value;
});
types.setTypeParser(DATE, (text: string) => text);
// Rewritten as ISO text, because other forms are read leniently: a year 1 would become 2001.
types.setTypeParser(TIMESTAMPTZ, (text: string) =>
  new Date(text.replace(' ', 'T').replace(/\+00$/, 'Z')).toISOString(),
);

const nothing = (): void => undefined;

export interface ConnectionOptions {
  readonly pool_max?: number;
  readonly application_name?: string;
  /** How long a statement may take, waiting for locks included. 0: as long as it likes. */
  readonly statement_timeout_ms?: number;
}

/** How much later than its time-out a statement must have been answered. */
const SILENCE_MS = 5_000;
/** A transaction whose process is gone, with its machine or without, holds its locks no longer than this. */
const ABANDONED = '-c idle_in_transaction_session_timeout=60000 -c client_connection_check_interval=5000';

/** Postgres answers within the time-out of a statement: a server that says nothing for longer is gone, though nobody has hung up. */
function openSocket(statement_timeout_ms: number): Socket {
  const socket = new Socket();
  if (statement_timeout_ms === 0) return socket;
  return socket.setTimeout(statement_timeout_ms + SILENCE_MS, () =>
    socket.destroy(Object.assign(new Error('Postgres has fallen silent'), { code: 'ETIMEDOUT' })),
  );
}

/** One pool of connections. Errors of idle connections (the server restarted) are left to the next query, which connects anew. */
export function connect(
  url: string,
  { pool_max = 10, application_name = 'perennial', statement_timeout_ms = 60_000 }: ConnectionOptions = {},
): Database {
  return knex({
    client: 'pg',
    connection: {
      connectionString: url,
      application_name,
      types,
      options: `-c TimeZone=UTC -c statement_timeout=${statement_timeout_ms} ${ABANDONED}`,
      stream: () => openSocket(statement_timeout_ms),
      keepAlive: true,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: pool_max },
    acquireConnectionTimeout: 10_000,
    // Whatever fails is thrown at the caller, who says it once and knows what it means.
    log: { debug: nothing, warn: nothing, error: nothing, deprecate: nothing },
  });
}
