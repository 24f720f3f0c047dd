import { type ConnectionOptions, type Database, connect } from '../db/connection.ts';
import { schemaState } from '../db/migrate.ts';
import { APP_ROLE } from '../db/migrations/tenancy.ts';
import type { Config } from './config.ts';
import { StartError } from './start-error.ts';

/** Connects as the application and makes sure that the schema is the one this code knows. */
export async function openDatabase(
  { database }: Config,
  application_name: string,
  { statement_timeout_ms }: Pick<ConnectionOptions, 'statement_timeout_ms'> = {},
): Promise<Database> {
  if (!database.app_url)
    throw new StartError('no database is configured: set DATABASE_URL, or run `npm start`, which brings one');
  const { app_url, pool_max } = database;
  const db = connect(app_url, { pool_max, application_name, statement_timeout_ms });
  try {
    const state = await schemaState(db);
    if (state === 'current') return db;
    throw new StartError(
      state === 'too_old'
        ? 'the database has the schema of an older release: run `npm run migrate` first'
        : 'the database has the schema of a newer release: run that release, or restore a backup',
    );
  } catch (error) {
    await db.destroy();
    throw explainDatabaseError(error, app_url);
  }
}

/** What an operator can do about a failure to use the database; any other error as it is. The password is never repeated. */
export function explainDatabaseError(error: unknown, url: string): unknown {
  const { hostname, port, username, pathname } = new URL(url);
  const server = `${hostname}:${port || 5432}`;
  const database = pathname.slice(1);
  const { code, message } = error as { code?: string; message?: string };
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ECONNRESET':
    case 'EPIPE':
      return new StartError(
        `no database answers at ${server} (${code}): start Postgres there, or correct DATABASE_URL`,
      );
    case '28P01':
    case '28000':
      return new StartError(
        `the database at ${server} refuses user ${username}: correct the password in ${username === APP_ROLE ? "DATABASE_APP_URL, or run `npm run migrate` with today's SECRET_KEY_BASE" : 'DATABASE_URL'}`,
      );
    case '3D000':
      return new StartError(`the database ${database} does not exist at ${server}: create it, or correct DATABASE_URL`);
    case '42501':
      return new StartError(
        `user ${username} may not do this in database ${database} (${withoutStatement(message)}): DATABASE_URL must be that of its owner, who may also create roles`,
      );
    case '42P01':
      return new StartError(`the database ${database} has no schema yet: run \`npm run migrate\` first`);
    case '57P03':
      return new StartError(`the database at ${server} is starting up or shutting down: try again in a moment`);
    case '53300':
      return new StartError(
        `the database at ${server} has no connection left: raise its max_connections, or lower DATABASE_POOL_MAX`,
      );
    default:
      if (/timeout|timed out/i.test(message ?? ''))
        return new StartError(`no database answers at ${server} in time: check that it can be reached from here`);
      return error;
  }
}

/** Knex puts the statement in front. */
function withoutStatement(message = ''): string | undefined {
  return message.split(' - ').at(-1);
}
