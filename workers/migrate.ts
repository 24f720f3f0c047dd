import { SchemaTooNewError, migrate } from '../db/migrate.ts';
import { APP_ROLE } from '../db/migrations/tenancy.ts';
import { type Config, readConfig } from './config.ts';
import { explainDatabaseError } from './database.ts';
import { StartError, explain } from './start-error.ts';

try {
  const { database, secret } = readConfig();
  if (!database.owner_url)
    throw new StartError(
      'no database is configured: set DATABASE_URL (`npm start` migrates the database that it brings by itself)',
    );
  const { owner_url } = database;
  const applied = await migrate(owner_url, secret, appPassword(database)).catch((error: unknown) => {
    throw error instanceof SchemaTooNewError ? new StartError(error.message) : explainDatabaseError(error, owner_url);
  });
  console.log(applied.length === 0 ? 'The schema is up to date.' : `Applied ${applied.join(', ')}.`);
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}

/** The one in DATABASE_APP_URL, so that what the operator writes there works. */
function appPassword({ app_url }: Config['database']): string | undefined {
  const { username, password } = new URL(app_url!);
  return username === APP_ROLE ? decodeURIComponent(password) : undefined;
}
