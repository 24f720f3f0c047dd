import { join } from 'node:path';
import { connect } from '../db/connection.ts';
import { SchemaTooNewError, appUrl, migrate } from '../db/migrate.ts';
import { createOrganization } from '../db/organizations.ts';
import { type Child, startChild } from './child.ts';
import type { Config } from './config.ts';
import { explainDatabaseError } from './database.ts';
import { startPostgres } from './embedded/postgres.ts';
import { isFree } from './embedded/settings.ts';
import { startTemporal } from './embedded/temporal.ts';
import { type LauncherLock, lockDataFolder } from './launcher-lock.ts';
import { StartError } from './start-error.ts';
import { type Part, Supervised } from './supervised.ts';

/** A small nursery, which keeps a process at rest small: most of what a request makes dies with it all the same. */
const NODE_FLAGS = ['--max-semi-space-size=8'];

/** Few pools of memory for native threads, and code compiled once: 800 MB for everything after a year's billing instead of 950, and a faster start. */
const frugal = (data_dir: string): NodeJS.ProcessEnv => ({
  MALLOC_ARENA_MAX: '2',
  NODE_COMPILE_CACHE: join(data_dir, 'cache', 'compiled'),
});

export interface Addresses {
  readonly api: string;
  /** Undefined where Temporal is somebody else's. */
  readonly temporal_ui?: string;
  readonly data_dir: string;
  /** Of the organization made on the very first start. Said once: only its digest is kept. */
  readonly first_api_key?: string;
}

interface Temporal {
  readonly address: string;
  readonly ui_url?: string;
  readonly isNew: boolean;
}

/** Everything that this software needs to run: what is not configured from outside is brought along, and all of it is kept running. */
export class System {
  readonly #config: Config;
  readonly #say: (line: string) => void;
  readonly #lock: LauncherLock;
  readonly #servers: Supervised<Part>[] = [];
  readonly #processes: Supervised<Part>[] = [];
  #api: Child | undefined;
  #areWorkersReady = false;

  constructor(config: Config, say: (line: string) => void) {
    this.#config = config;
    this.#say = say;
    this.#lock = lockDataFolder(config.data_dir);
  }

  /** Answers when everything serves. What has started by then must be stopped even if this fails. */
  async start(): Promise<Addresses> {
    const { api, data_dir, secret } = this.#config;
    if (!(await isFree(api.port, api.host)))
      throw new StartError(`port ${api.port} is taken: stop what listens there, or set API_PORT to another`);
    const [owner_url, temporal] = await both(this.#findDatabase(), this.#findTemporal());
    const app_url = this.#config.database.app_url ?? (owner_url && appUrl(owner_url, secret));
    const first_api_key = owner_url && (await prepareDatabase(owner_url, app_url!, secret));
    if (app_url && (temporal.isNew || this.#lock.wasLeft)) await ringEverything(app_url);

    const env = this.#environment(app_url, temporal.address);
    await both(this.#startWorker(env), this.#startApi(env));
    return { api: api.url, temporal_ui: temporal.ui_url, data_dir, first_api_key };
  }

  /** Those who ask before those who are asked. */
  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((part) => part.stop()));
    await Promise.all(this.#servers.map((part) => part.stop()));
    this.#lock.release();
  }

  /** The owner's URL; undefined where only the application's was given, and somebody else migrates. */
  async #findDatabase(): Promise<string | undefined> {
    const { database, data_dir } = this.#config;
    if (database.owner_url ?? database.app_url) return database.owner_url;
    let port = database.port;
    let owner_url: string | undefined;
    await this.#keep(this.#servers, 'Postgres', async () => {
      const postgres = await startPostgres({ data_dir, port });
      owner_url = postgres.owner_url;
      // Whoever is connected expects it where it was.
      port = Number(new URL(owner_url).port);
      return postgres.server;
    });
    this.#say(`Postgres: the one that npm brings, on port ${port}`);
    return owner_url;
  }

  async #findTemporal(): Promise<Temporal> {
    const { temporal: given, data_dir } = this.#config;
    if (given.address) return { address: given.address, isNew: false };
    const { namespace, cli_path } = given;
    let { port, ui_port } = given;
    let found: Temporal | undefined;
    await this.#keep(this.#servers, 'Temporal', async () => {
      const say = found ? () => undefined : this.#say;
      const temporal = await startTemporal({ data_dir, namespace, cli_path, port, ui_port, say });
      found ??= temporal;
      port = Number(temporal.address.split(':')[1]);
      ui_port = Number(new URL(temporal.ui_url).port);
      return temporal.server;
    });
    return found!;
  }

  async #startWorker(env: NodeJS.ProcessEnv): Promise<void> {
    await this.#keep(this.#processes, 'the worker', async () => {
      const onExit = (): void => this.#tellApi(false);
      const worker = await startChild('worker.ts', { env, node_flags: NODE_FLAGS, onExit });
      this.#tellApi(true);
      return worker;
    });
  }

  async #startApi(env: NodeJS.ProcessEnv): Promise<void> {
    await this.#keep(this.#processes, 'the API', async () => {
      this.#api = await startChild('api.ts', { env, node_flags: NODE_FLAGS });
      this.#tellApi(this.#areWorkersReady);
      return this.#api;
    });
  }

  /** The API answers on `/health/ready` for the whole. */
  #tellApi(areWorkersReady: boolean): void {
    this.#areWorkersReady = areWorkersReady;
    this.#api?.send({ workers: areWorkersReady });
  }

  async #keep(list: Supervised<Part>[], name: string, start: () => Promise<Part>): Promise<void> {
    const part = new Supervised(name, start, this.#say);
    list.push(part);
    await part.start();
  }

  /** As ours, except that the processes get to know the application's URL alone. */
  #environment(app_url: string | undefined, temporal_address: string): NodeJS.ProcessEnv {
    const { DATABASE_URL: _, ...inherited } = process.env;
    const { data_dir, admin_api_key, secret, webhook_private_key } = this.#config;
    return {
      ...frugal(data_dir),
      ...inherited,
      DATA_DIR: data_dir,
      DATABASE_APP_URL: app_url,
      TEMPORAL_ADDRESS: temporal_address,
      ADMIN_API_KEY: admin_api_key,
      SECRET_KEY_BASE: secret,
      LAGO_RSA_PRIVATE_KEY: Buffer.from(webhook_private_key).toString('base64'),
    };
  }
}

/** Waits for both even if one fails, so that nothing is still about to start when everything is stopped. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return Promise.all([one, other]);
}

/** Brings the schema up to date. Answers with the API key of a first organization, made if there is none. */
async function prepareDatabase(owner_url: string, app_url: string, secret: string): Promise<string | undefined> {
  const owner = connect(owner_url, { pool_max: 1, application_name: 'perennial-launcher' });
  const app = connect(app_url, { pool_max: 1, application_name: 'perennial-launcher' });
  try {
    await migrate(owner_url, secret, decodeURIComponent(new URL(app_url).password));
    if (await owner('organizations').first('id')) return undefined;
    const at = new Date().toISOString();
    return (await createOrganization(app, { name: 'My company', sandbox: false, at, secret })).api_key;
  } catch (error) {
    throw error instanceof SchemaTooNewError ? new StartError(error.message) : explainDatabaseError(error, owner_url);
  } finally {
    await owner.destroy();
    await app.destroy();
  }
}

/** Temporal may have lost something: it is new, or it was not stopped in good order. The rows know what should be alive. */
async function ringEverything(app_url: string): Promise<void> {
  const db = connect(app_url, { pool_max: 1, application_name: 'perennial-launcher' });
  try {
    await db.raw('select ring_everything()');
  } catch (error) {
    throw explainDatabaseError(error, app_url);
  } finally {
    await db.destroy();
  }
}
