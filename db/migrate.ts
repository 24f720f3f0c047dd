import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect } from './connection.ts';
import { migrations } from './migrations/index.ts';
import { APP_ROLE } from './migrations/tenancy.ts';

/** The database is of a newer release than this code: it must not be touched. */
export class SchemaTooNewError extends Error {
  override readonly name = 'SchemaTooNewError';
}

const MIGRATION_LOCK = 0x70657265; // 'pere'
const SCRAM_ROUNDS = 4096;

/** The password of the application's role: derived from the secret, so that nothing has to be handed around. */
export function appRolePassword(secret: string): string {
  return createHmac('sha256', secret).update('database role').digest('hex');
}

/** From the owner's URL to that of the role that the API and the workers use. */
export function appUrl(owner_url: string, secret: string): string {
  const url = new URL(owner_url);
  url.username = APP_ROLE;
  url.password = appRolePassword(secret);
  return url.toString();
}

/**
 * Brings the schema up to date; returns the names of the migrations applied. The application's role gets the password derived from the secret,
 * unless another is given. Two at once queue on a lock and the second finds nothing to do.
 * @throws SchemaTooNewError when the database has migrations that this code does not know.
 */
export async function migrate(
  owner_url: string,
  secret: string,
  app_password = appRolePassword(secret),
): Promise<string[]> {
  const db = connect(owner_url, { pool_max: 1, application_name: 'perennial-migrate', statement_timeout_ms: 0 });
  try {
    await db.raw('select pg_advisory_lock(?)', [MIGRATION_LOCK]);
    await createAppRole(db, app_password);
    await db.raw(
      'create table if not exists migrations (name text primary key, applied_at timestamptz not null default clock_timestamp())',
    );
    const applied = new Set<string>(await db('migrations').pluck('name'));
    const unknown = [...applied].filter((name) => !(name in migrations)).sort();
    if (unknown.length > 0)
      throw new SchemaTooNewError(
        `the database has migrations of a newer release (${unknown.join(', ')}): run that release, or restore a backup`,
      );
    const pending = Object.entries(migrations).filter(([name]) => !applied.has(name));
    for (const [name, { up }] of pending)
      await db.transaction(async (trx) => {
        await up(trx);
        await trx('migrations').insert({ name });
      });
    await db.raw(`grant select on migrations to ${APP_ROLE}`);
    return pending.map(([name]) => name);
  } finally {
    await db.destroy();
  }
}

/** Whether the schema is exactly the one this code knows. Asked by every process before it serves. */
export async function schemaState(db: ReturnType<typeof connect>): Promise<'current' | 'too_old' | 'too_new'> {
  const applied = new Set<string>(await db('migrations').pluck('name'));
  if ([...applied].some((name) => !(name in migrations))) return 'too_new';
  return Object.keys(migrations).every((name) => applied.has(name)) ? 'current' : 'too_old';
}

/** Roles belong to the whole cluster, locks to one database: databases migrated at the same time meet here, and the later tries again. */
async function createAppRole(db: ReturnType<typeof connect>, password: string, attempts_left = 5): Promise<void> {
  try {
    const known = await db('pg_roles').where({ rolname: APP_ROLE }).first();
    if (!known) await db.raw(`create role ${APP_ROLE} login nosuperuser nobypassrls nocreatedb nocreaterole`);
    await db.raw(`alter role ${APP_ROLE} password '${verifierOf(password)}'`);
  } catch (error) {
    const isRace = ['42710', '23505', 'XX000'].includes((error as { code?: string }).code ?? '');
    if (!isRace || attempts_left === 0) throw error;
    await createAppRole(db, password, attempts_left - 1);
  }
}

/** What Postgres stores of a password (SCRAM, RFC 5803). Sent in its place, as statements are logged, and quoted in errors. */
function verifierOf(password: string): string {
  const salt = randomBytes(16);
  const key = pbkdf2Sync(password, salt, SCRAM_ROUNDS, 32, 'sha256');
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const stored_key = createHash('sha256').update(sign('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${SCRAM_ROUNDS}:${salt.toString('base64')}$${stored_key}:${sign('Server Key').toString('base64')}`;
}
