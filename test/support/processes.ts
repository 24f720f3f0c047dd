import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { isFree } from '../../workers/embedded/settings.ts';
import { TEST_SECRET } from './database.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Shared by all, so that the workflows are bundled and a browser is fetched once. */
const DATA_DIR = join(ROOT, 'node_modules/.cache/perennial-processes');
const START_MS = 60_000;
const OUTPUT_CHARACTERS_MAX = 50_000;

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const ADMIN_KEY = 'the admin key of the tests';

export interface Answer {
  readonly status: number;
  /** Whatever the server said: tests look into it as they please. */
  readonly body: ReturnType<typeof JSON.parse>;
}

/** Where a process finds the others. */
export interface Surroundings {
  readonly app_url: string;
  readonly temporal_address: string;
  readonly namespace: string;
}

/** A real process of ours, that can be ended as the machine might end it. */
export class TestProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = '';

  constructor(script: string, env: NodeJS.ProcessEnv) {
    const isEchoed = process.env['TEST_LOG_LEVEL'] !== undefined;
    // The channel tells when it is ready; and it stops by itself when the tests are gone, however that happens.
    this.#child = spawn(process.execPath, [join(ROOT, script)], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#exited = once(this.#child, 'exit');
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX);
        if (isEchoed) process.stderr.write(chunk);
      });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get output(): string {
    return this.#output;
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async ready(): Promise<this> {
    const { promise: ready, resolve } = Promise.withResolvers<true>();
    this.#child.on('message', (message) => {
      if (message === 'ready') resolve(true);
    });
    const waited = AbortSignal.timeout(START_MS);
    const timeout = new Promise<false>((expire) => waited.addEventListener('abort', () => expire(false)));
    if (!(await Promise.race([ready, this.#exited.then(() => false), timeout])))
      throw new Error(`the process did not start: ${this.#output}`);
    return this;
  }

  /** What the launcher would say. */
  tell(message: object): void {
    this.#child.send(message, () => undefined);
  }

  /** As a power cut would: nothing is finished, nothing is said. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (!this.hasExited) await this.#exited;
  }

  /** As an operator would. Answers with the code it ended with. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.ended();
  }

  async ended(): Promise<number | null> {
    if (!this.hasExited) await this.#exited;
    return this.#child.exitCode;
  }
}

export interface ApiProcess extends TestProcess {
  readonly url: string;
}

/** Starts processes, and ends what is left of them. */
export class Processes {
  readonly #surroundings: Surroundings;
  readonly #started: TestProcess[] = [];

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  async startApi(): Promise<ApiProcess> {
    const port = (await isFree(0)) as number;
    const api = await this.#start('workers/api.ts', { API_PORT: String(port) }).ready();
    api.tell({ workers: true });
    return Object.assign(api, { url: `http://127.0.0.1:${port}` });
  }

  startWorker(surroundings: Partial<Surroundings> = {}, env: NodeJS.ProcessEnv = {}): Promise<TestProcess> {
    return this.#start('workers/worker.ts', env, surroundings).ready();
  }

  /** The command that an operator runs after Temporal's data was lost. */
  async rebuild(surroundings: Partial<Surroundings> = {}): Promise<string> {
    const command = this.#start('workers/rebuild.ts', {}, surroundings);
    if ((await command.ended()) !== 0) throw new Error(command.output);
    return command.output;
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#started.map((one) => one.kill()));
  }

  #start(script: string, env: NodeJS.ProcessEnv, changed: Partial<Surroundings> = {}): TestProcess {
    const { app_url, temporal_address, namespace } = { ...this.#surroundings, ...changed };
    const started = new TestProcess(script, {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PUPPETEER_EXECUTABLE_PATH: process.env['PUPPETEER_EXECUTABLE_PATH'],
      DATA_DIR,
      DATABASE_APP_URL: app_url,
      DATABASE_POOL_MAX: '30',
      TEMPORAL_ADDRESS: temporal_address,
      TEMPORAL_NAMESPACE: namespace,
      ADMIN_API_KEY: ADMIN_KEY,
      SECRET_KEY_BASE: TEST_SECRET,
      LAGO_RSA_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      WEBHOOK_ALLOW_PRIVATE_TARGETS: 'true',
      LAGO_WEBHOOK_TIMEOUT_SECONDS: '5',
      LOG_LEVEL: process.env['TEST_LOG_LEVEL'] ?? 'warn',
      ...env,
    });
    this.#started.push(started);
    return started;
  }
}

/** Requests of one organization. Every answer must be JSON, whatever happens to the server, and come in time. */
export class Caller {
  readonly api_key: string;
  readonly organization_id: string;
  /** Where the API is at present. */
  url: string;

  constructor(url: string, organization: { readonly lago_id: string; readonly api_key: string }) {
    this.url = url;
    this.api_key = organization.api_key;
    this.organization_id = organization.lago_id;
  }

  static async create(url: string, organization: object): Promise<Caller> {
    const { status, body } = await request(url, 'POST', '/admin/organizations', {
      headers: { 'x-admin-api-key': ADMIN_KEY },
      body: { organization },
    });
    if (status !== 200) throw new Error(`no organization: ${JSON.stringify(body)}`);
    return new Caller(url, body.organization as { lago_id: string; api_key: string });
  }

  /** The same organization, at another API. */
  at(url: string): Caller {
    return new Caller(url, { lago_id: this.organization_id, api_key: this.api_key });
  }

  call(method: string, path: string, body?: unknown): Promise<Answer> {
    return request(this.url, method, `/api/v1${path}`, { body, headers: { authorization: `Bearer ${this.api_key}` } });
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path);
  }

  /** Fails unless it is taken. */
  async post(path: string, body: unknown): Promise<Answer['body']> {
    const answer = await this.call('POST', path, body);
    if (answer.status !== 200) throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Sets the clock of a sandbox in motion; `arrive` waits for it. */
  async moveClock(now: string): Promise<void> {
    const { status, body } = await this.call('PUT', '/sandbox/clock', { clock: { now } });
    if (status !== 200) throw new Error(`the clock does not move: ${JSON.stringify(body)}`);
  }

  arrive(): Promise<void> {
    return until('the clock has arrived', async () => {
      const { body } = await this.get('/sandbox/clock?wait=true');
      return body.clock?.status === 'idle';
    });
  }
}

const ANSWER_MS = 35_000;

export async function request(
  url: string,
  method: string,
  path: string,
  { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    signal: AbortSignal.timeout(ANSWER_MS),
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}
