import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';

export interface ApiProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** An API of its own process, which logs beside its data. */
export async function startApi(owner_url: string, secret: string, data_dir: string): Promise<ApiProcess> {
  const port = await findFreePort();
  const file = join(data_dir, 'api.log');
  const log = openSync(file, 'a');
  const env = { DATABASE_URL: owner_url, SECRET_KEY_BASE: secret, DATA_DIR: data_dir, API_PORT: String(port) };
  // With a channel to us it stops when we do, whatever becomes of us.
  const api = fork(join(import.meta.dirname, '../../workers/api.ts'), {
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  const first = await Promise.race([once(api, 'message'), once(api, 'exit')]);
  if (first[0] !== 'ready') throw new Error(`the API did not start: see ${file}`);
  return { url: `http://127.0.0.1:${port}`, stop: () => stop(api) };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function stop(api: ChildProcess): Promise<void> {
  const gone = once(api, 'exit');
  api.kill('SIGTERM');
  await gone;
}

/** Asks the API, and accepts no refusal. */
export type Call = <T>(method: string, path: string, body?: object) => Promise<T>;

export function caller(url: string, api_key: string): Call {
  const headers = { authorization: `Bearer ${api_key}`, 'content-type': 'application/json' };
  return async <T>(method: string, path: string, body?: object) => {
    const response = await fetch(`${url}/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) }); // prettier-ignore
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  };
}

const REGIONS = ['eu-west-1', 'us-east-1', 'ap-south-1'];
const OPERATIONS = ['list', 'get', 'put'];

/** A plan with charges of one metric for each of the aggregations, each with filters; the metrics' codes are the names of the aggregations. */
export async function createFilteredPlan(call: Call, code: string, aggregations: readonly string[]): Promise<void> {
  const charges = [];
  for (const aggregation_type of aggregations) {
    const { billable_metric } = await call<{ billable_metric: { lago_id: string } }>('POST', '/billable_metrics', {
      billable_metric: {
        name: aggregation_type,
        code: aggregation_type,
        aggregation_type,
        ...(aggregation_type !== 'count_agg' && { field_name: 'units' }),
        ...(aggregation_type === 'weighted_sum_agg' && { weighted_interval: 'seconds' }),
        filters: [
          { key: 'region', values: REGIONS },
          { key: 'operation', values: OPERATIONS },
        ],
      },
    });
    charges.push({
      billable_metric_id: billable_metric.lago_id,
      charge_model: 'standard',
      properties: { amount: '0.01' },
      filters: [
        { values: { region: ['eu-west-1'] }, properties: { amount: '0.02' } },
        { values: { region: ['us-east-1'], operation: ['put'] }, properties: { amount: '0.03' } },
      ],
    });
  }
  const plan = {
    name: code,
    code,
    interval: 'monthly',
    amount_cents: 0,
    amount_currency: 'EUR',
    pay_in_advance: false,
  };
  await call('POST', '/plans', { plan: { ...plan, charges } });
}
