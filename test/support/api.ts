import { generateKeyPairSync, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createApp, describeApi } from '../../api/app.ts';
import type { ApiDeps } from '../../api/deps.ts';
import { wallNow } from '../../api/middleware/clock.ts';
import { Listener } from '../../db/listener.ts';
import { type NewOrganization, type OrganizationRow, createOrganization } from '../../db/organizations.ts';
import { AnswerValidator } from './answers.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from './database.ts';

/** Whatever the server said: tests look into it as they please. */
type Body = ReturnType<typeof JSON.parse>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** Calls the API as one organization, and holds every answer against our own document. */
export interface ApiClient {
  readonly organization: OrganizationRow;
  readonly api_key: string;
  get(path: string): Promise<Answer>;
  post(path: string, body?: unknown): Promise<Answer>;
  put(path: string, body?: unknown): Promise<Answer>;
  delete(path: string, body?: unknown): Promise<Answer>;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
}

export interface TestApi extends TestDatabase {
  readonly url: string;
  readonly deps: ApiDeps;
  /** A raw request, of nobody. Paths are whole. A text is sent as it is. */
  request(
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** A new organization and a client that has its key. Live, unless a clock is given. */
  newOrganization(options?: Partial<NewOrganization>): Promise<ApiClient>;
  client(organization: OrganizationRow, api_key: string): ApiClient;
  stop(): Promise<void>;
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const webhook_private_key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

export const ADMIN_KEY = randomUUID();

/** The API on a port of its own over a database of its own. */
export async function startApi(overrides: Partial<ApiDeps> = {}): Promise<TestApi> {
  const database = await createTestDatabase();
  const listener = new Listener(database.app_url);
  const deps: ApiDeps = {
    db: database.db,
    listener,
    log: pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' }),
    metrics: new Registry(),
    settings: {
      api_url: 'http://localhost',
      secret: TEST_SECRET,
      admin_api_key: ADMIN_KEY,
      webhook_private_key,
      version: 'test',
    },
    isReady: () => Promise.resolve({ database: true }),
    ...overrides,
  };
  const server = createApp(deps).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  await listener.start();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answers = new AnswerValidator(describeApi(deps));

  const request: TestApi['request'] = async (method, path, { body, headers = {} } = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    const answer = {
      status: response.status,
      headers: response.headers,
      body: isJson ? (JSON.parse(text) as Body) : text,
    };
    answers.validate(method, path, answer.status, answer.body);
    return answer;
  };
  const client: TestApi['client'] = (organization, api_key) => {
    const call: ApiClient['call'] = (method, path, body) =>
      request(method, `/api/v1${path}`, { body, headers: { authorization: `Bearer ${api_key}` } });
    return {
      organization,
      api_key,
      call,
      get: (path) => call('GET', path),
      post: (path, body) => call('POST', path, body),
      put: (path, body) => call('PUT', path, body),
      delete: (path, body) => call('DELETE', path, body),
    };
  };
  return {
    ...database,
    url,
    deps,
    request,
    client,
    async newOrganization(options = {}) {
      const sandbox = options.sandbox ?? options.clock !== undefined;
      const made = await createOrganization(database.db, {
        name: 'Acme',
        at: wallNow(),
        secret: TEST_SECRET,
        ...options,
        sandbox,
      });
      return client(made.organization, made.api_key);
    },
    async stop() {
      await listener.stop();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await database.drop();
    },
  };
}
