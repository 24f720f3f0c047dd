import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { pino } from 'pino';
import { Pool } from 'undici';
import { connect } from '../../db/connection.ts';
import { appUrl, migrate } from '../../db/migrate.ts';
import { createOrganization } from '../../db/organizations.ts';
import { startPostgres } from '../../workers/embedded/postgres.ts';
import { UsageRoller } from '../../workers/usage-roller.ts';
import { type Call, caller, createFilteredPlan, startApi } from './api-process.ts';

/**
 * Events a second of a plain insert from one script, and of the API, in turns, on one table of one durable database, while usage is rolled up.
 * The plain insert has as many rows a statement as our batches, and ten times as many; the ratios are to the faster of both.
 */
const GOALS = { batch: 0.35, single: 0.06 };
const BATCH_EVENTS = 100;
const BATCH_CONNECTIONS = 16;
const SINGLE_CONNECTIONS = 32;
const SUBSCRIPTIONS = 200;
/** Named like its aggregation. */
const METRIC = 'sum_agg';
/** By then the code that runs hot is compiled. */
const WARM_UP_SECONDS = 4;
/** Per measurement, whatever the time. */
const EVENTS_MAX = 300_000;

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '3' } },
});
const rounds = Math.min(Math.max(Number(options.rounds), 1), 20);
const seconds = Math.min(Math.max(Number(options.seconds), 0.5), 60);

interface Measurement {
  readonly rate: number;
  readonly latencies_ms: readonly number[];
}

let sent = 0;

/** What one call of an API meter would say. */
function nextEvent() {
  sent++;
  return {
    transaction_id: `transaction-${sent}-${randomUUID().slice(0, 8)}`,
    external_subscription_id: `subscription-${sent % SUBSCRIPTIONS}`,
    code: METRIC,
    timestamp: 1_767_225_600 + sent / 1000,
    properties: { units: sent % 100, region: 'eu-west-1', operation: 'list' },
  };
}

/** Runs `work` on some lanes at a time until the time is over. Each call of it stores `events_count` events. */
async function measure(
  lanes: number,
  events_count: number,
  duration_s: number,
  work: () => Promise<void>,
): Promise<Measurement> {
  const latencies_ms: number[] = [];
  const started = performance.now();
  const isOver = (): boolean =>
    performance.now() - started > duration_s * 1000 || latencies_ms.length * events_count >= EVENTS_MAX;
  const lane = async (): Promise<void> => {
    while (!isOver()) {
      const before = performance.now();
      await work();
      latencies_ms.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { rate: (latencies_ms.length * events_count * 1000) / (performance.now() - started), latencies_ms };
}

const COLUMNS =
  'id, organization_id, external_subscription_id, transaction_id, code, timestamp, properties, metadata, created_at';

/** The rows of a plain insert, as many parameters as values. */
function nextRows(organization_id: string, count: number): unknown[][] {
  const now = new Date().toISOString();
  const metadata = JSON.stringify({ user_agent: 'script', ip_address: '127.0.0.1' });
  return Array.from({ length: count }, () => {
    const { external_subscription_id, transaction_id, code, timestamp, properties } = nextEvent();
    const at = new Date(timestamp * 1000).toISOString();
    const event = [external_subscription_id, transaction_id, code, at, JSON.stringify(properties), metadata, now];
    return [randomUUID(), organization_id, ...event];
  });
}

async function insertValues(client: pg.Client, organization_id: string, count: number): Promise<void> {
  const rows = nextRows(organization_id, count);
  const places = rows.map((row, y) => `(${row.map((_, x) => `$${y * row.length + x + 1}`).join(',')})`).join(',');
  const text = `insert into events (${COLUMNS}) values ${places}`;
  await client.query({ name: `values-${count}`, text, values: rows.flat() });
}

interface Bench {
  readonly name: string;
  readonly measurements: Measurement[];
  run(duration_s: number): Promise<Measurement>;
}

function insertBenches(client: pg.Client, organization_id: string): Bench[] {
  return [BATCH_EVENTS, 10 * BATCH_EVENTS].map((count) => ({
    name: `insert, ${count} rows a statement`,
    measurements: [],
    run: (duration_s) => measure(1, count, duration_s, () => insertValues(client, organization_id, count)),
  }));
}

function apiBench(name: string, pool: Pool, api_key: string, lanes: number, path: string, count: number): Bench {
  const headers = { authorization: `Bearer ${api_key}`, 'content-type': 'application/json' };
  const nextBody = (): string =>
    JSON.stringify(count === 1 ? { event: nextEvent() } : { events: Array.from({ length: count }, nextEvent) });
  return {
    name,
    measurements: [],
    run: (duration_s) =>
      measure(lanes, count, duration_s, async () => {
        const { statusCode, body } = await pool.request({ method: 'POST', path, headers, body: nextBody() });
        const text = await body.text();
        if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}: ${text.slice(0, 300)}`);
      }),
  };
}

const median = (list: readonly number[]): number => quantile(list, 0.5);

function quantile(list: readonly number[], q: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * q), sorted.length - 1)] ?? Number.NaN;
}

function report({ name, measurements }: Bench, lanes = 1): void {
  const latencies = measurements.flatMap(({ latencies_ms }) => latencies_ms);
  const rate = Math.round(median(measurements.map((one) => one.rate))).toLocaleString('en');
  const [p50, p99] = [quantile(latencies, 0.5), quantile(latencies, 0.99)].map((one) => one.toFixed(1));
  console.log(`${name.padEnd(44)}${rate.padStart(8)} events/s   p50 ${p50} ms, p99 ${p99} ms   (${lanes} connections)`);
}

/** Subscriptions with a charge that has filters. */
async function subscribeAll(call: Call): Promise<void> {
  await createFilteredPlan(call, 'plan', [METRIC]);
  for (let n = 0; n < SUBSCRIPTIONS; n++) {
    const subscription = { external_customer_id: `customer-${n}`, external_id: `subscription-${n}`, plan_code: 'plan' };
    await call('POST', '/subscriptions', { subscription });
  }
}

/** What was rolled up by then. */
async function countRolledUp(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    'select coalesce(sum(events_count), 0) as count from usage_rollups where hours = 1',
  );
  return Number(rows[0]?.count);
}

/** Every event of which we were told that it is stored is there, and no other. */
async function countEvents(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ count: string }>('select count(*) from events');
  return Number(rows[0]?.count);
}

async function run(owner_url: string, data_dir: string): Promise<boolean> {
  const secret = randomBytes(32).toString('hex');
  await migrate(owner_url, secret);
  const db = connect(appUrl(owner_url, secret));
  const at = new Date().toISOString();
  const { organization, api_key } = await createOrganization(db, { name: 'Load', sandbox: false, at, secret });

  const api = await startApi(owner_url, secret, data_dir);
  await subscribeAll(caller(api.url, api_key));
  // As the workers do.
  const roller = new UsageRoller({ db, log: pino({ level: 'warn' }) });
  roller.start();
  const pool = new Pool(api.url, { connections: SINGLE_CONNECTIONS, pipelining: 1 });
  const client = new pg.Client(owner_url);
  await client.connect();
  try {
    const inserts = insertBenches(client, organization.id);
    const batch = apiBench('POST /events/batch, 100 events a request', pool, api_key, BATCH_CONNECTIONS, '/api/v1/events/batch', BATCH_EVENTS); // prettier-ignore
    const single = apiBench('POST /events', pool, api_key, SINGLE_CONNECTIONS, '/api/v1/events', 1);

    for (const bench of [...inserts, batch, single]) await bench.run(WARM_UP_SECONDS);
    // In turns, so that a busy moment of the machine hits all of them.
    for (let round = 0; round < rounds; round++)
      for (const bench of [...inserts, batch, single]) bench.measurements.push(await bench.run(seconds));

    for (const bench of inserts) report(bench);
    report(batch, BATCH_CONNECTIONS);
    report(single, SINGLE_CONNECTIONS);
    const stored = await countEvents(client);
    const rolledUp = await countRolledUp(client);
    console.log(
      `${stored.toLocaleString('en')} events stored, ${sent.toLocaleString('en')} sent, ${rolledUp.toLocaleString('en')} rolled up`,
    );
    return judge(inserts, batch, single) && stored === sent;
  } finally {
    await roller.stop();
    await db.destroy();
    await client.end();
    await pool.close();
    await api.stop();
  }
}

function judge(inserts: readonly Bench[], batch: Bench, single: Bench): boolean {
  // Each to the inserts of its own round, and then the middle one.
  const ratioOf = ({ measurements }: Bench): number =>
    median(measurements.map(({ rate }, n) => rate / Math.max(...inserts.map((one) => one.measurements[n]?.rate ?? 0))));
  const ratios = { batch: ratioOf(batch), single: ratioOf(single) };
  for (const [name, ratio] of Object.entries(ratios)) {
    const goal = GOALS[name as keyof typeof GOALS];
    console.log(`${name} : best insert = ${ratio.toFixed(2)}, goal ${goal}: ${ratio >= goal ? 'reached' : 'MISSED'}`);
  }
  return ratios.batch >= GOALS.batch && ratios.single >= GOALS.single;
}

const data_dir = mkdtempSync(join(tmpdir(), 'perennial-load-'));
const { owner_url, server } = await startPostgres({ data_dir });
try {
  process.exitCode = (await run(owner_url, data_dir)) ? 0 : 1;
} finally {
  await server.stop();
  rmSync(data_dir, { recursive: true, force: true });
}
