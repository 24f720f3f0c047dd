import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { AggregationType } from '../../billing/billable-metrics/aggregation.ts';
import type { UsageRequest } from '../../billing/usage/reading.ts';
import { findSettledArrival } from '../../db/arrivals.ts';
import { type Database, connect } from '../../db/connection.ts';
import { appUrl, migrate } from '../../db/migrate.ts';
import { createOrganization } from '../../db/organizations.ts';
import { inOrganization } from '../../db/transaction.ts';
import { rollUp } from '../../db/usage-rollups.ts';
import { readUsage } from '../../db/usage.ts';
import { startPostgres } from '../../workers/embedded/postgres.ts';
import { type Call, caller, createFilteredPlan, startApi } from './api-process.ts';

/** Current usage of a subscription with very many events in its period, against one with few, in turns; and what an event costs that is read by itself. */
const RATIO_MAX = 3;
const FEW = 1_000;
/** Rolled up; each with filters. */
const AGGREGATIONS = ['count_agg', 'sum_agg', 'max_agg'] as const;
/** How many events are read one by one to tell what one costs. */
const READ_RAW = 100_000;

const { values: options } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, readings: { type: 'string', default: '60' } },
});
const many = Math.min(Math.max(Number(options.events), FEW), 20_000_000);
const readings = Math.min(Math.max(Number(options.readings), 5), 1000);

const say = (line: string): void => console.log(line);
const median = (list: readonly number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? NaN;

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const begun = performance.now();
  const result = await work();
  return { ms: performance.now() - begun, result };
}

interface Bench {
  readonly client: pg.Client;
  readonly db: Database;
  readonly organization_id: string;
  readonly call: Call;
  /** Of the period that is current. */
  readonly from: string;
  readonly to: string;
}

/** Into the real table, spread over the whole period, in the order of no column but that of reception. */
async function insertEvents({ client, organization_id, from, to }: Bench, external_id: string, count: number) {
  const { ms } = await timed(() =>
    client.query(
      `insert into events (id, organization_id, external_subscription_id, transaction_id, code, timestamp, properties, created_at)
       select uuidv7(), $1, $2, 'transaction-' || n, ($6::text[])[n % 3 + 1], $3::timestamptz + ($4::timestamptz - $3::timestamptz) * n / $5,
         jsonb_build_object('units', n % 100, 'region', (array['eu-west-1', 'us-east-1', 'ap-south-1', 'elsewhere'])[n % 4 + 1],
           'operation', (array['list', 'get', 'put'])[n % 7 % 3 + 1]), $3
       from generate_series(0, $5::int - 1) n`,
      [organization_id, external_id, from, to, count, AGGREGATIONS],
    ),
  );
  say(
    `${count.toLocaleString('en')} events inserted, ${Math.round((count * 1000) / ms).toLocaleString('en')} a second`,
  );
}

/** As the workers do behind ingestion. */
async function rollUpAll({ db, organization_id }: Bench, external_subscription_id: string, count: number) {
  const { ms } = await timed(async () => {
    const settled = (await findSettledArrival(db)) ?? Number.NaN;
    for (const code of AGGREGATIONS)
      while (
        await inOrganization(db, organization_id, (trx) => rollUp(trx, { external_subscription_id, code }, settled))
      );
  });
  say(
    `${count.toLocaleString('en')} events rolled up, ${Math.round((count * 1000) / ms).toLocaleString('en')} a second`,
  );
}

/** Medians of both, in turns, so that a busy moment of the machine hits both. */
async function compare(bench: Bench): Promise<number> {
  const read = (id: string) => bench.call('GET', `/customers/customer/current_usage?external_subscription_id=${id}`);
  const times: Record<'many' | 'few', number[]> = { many: [], few: [] };
  for (let reading = 0; reading < readings + 5; reading++)
    for (const id of ['few', 'many'] as const) times[id].push((await timed(() => read(id))).ms);
  const [of_many, of_few] = [median(times.many.slice(5)), median(times.few.slice(5))];
  say(`current usage of ${many.toLocaleString('en')} events: ${of_many.toFixed(1)} ms`);
  say(`current usage of ${FEW.toLocaleString('en')} events: ${of_few.toFixed(1)} ms`);
  return of_many / of_few;
}

/** What reading costs where nothing is rolled up, or can be: three times, the middle one. */
async function measureRaw({ db, organization_id, from, to }: Bench): Promise<void> {
  const span = Math.min(READ_RAW / many, 1) * (Date.parse(to) - Date.parse(from)) * 3;
  const until = new Date(Math.min(Date.parse(from) + span, Date.parse(to))).toISOString();
  const kinds: [AggregationType, UsageRequest['detail']][] = [
    ['count_agg', 'cells'],
    ['sum_agg', 'cells'],
    ['max_agg', 'cells'],
    ['latest_agg', 'cells'],
    ['unique_count_agg', 'cells'],
    ['weighted_sum_agg', 'events'],
  ];
  for (const [aggregation_type, detail] of kinds) {
    const request = {
      external_subscription_id: 'many',
      code: 'count_agg',
      aggregation_type,
      field_name: 'units',
      detail,
    };
    // Nobody asks for these keys in this order, so nothing is rolled up of it.
    const requests: UsageRequest[] = [{ ...request, keys: ['operation', 'region', 'none'], from, to: until }];
    const count: UsageRequest = { ...requests[0]!, aggregation_type: 'count_agg', detail: 'cells' };
    const [cells] = await inOrganization(db, organization_id, (trx) => readUsage(trx, [count]));
    const events = cells?.detail === 'cells' ? cells.cells.reduce((total, cell) => total + cell.events_count, 0) : 0;
    const times: number[] = [];
    for (let n = 0; n < 3; n++)
      times.push((await timed(() => inOrganization(db, organization_id, (trx) => readUsage(trx, requests)))).ms);
    say(`read from events, ${aggregation_type}: ${((median(times) * 1000) / events).toFixed(2)} µs an event`);
  }
}

async function run(owner_url: string, data_dir: string): Promise<boolean> {
  const secret = randomBytes(32).toString('hex');
  await migrate(owner_url, secret);
  const db = connect(appUrl(owner_url, secret));
  const at = new Date();
  const { organization, api_key } = await createOrganization(db, { name: 'Load', sandbox: false, at: at.toISOString(), secret }); // prettier-ignore
  const api = await startApi(owner_url, secret, data_dir);
  const client = new pg.Client(owner_url);
  await client.connect();
  try {
    const from = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1)).toISOString();
    const to = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1)).toISOString();
    const call = caller(api.url, api_key);
    const bench = { client, db, organization_id: organization.id, call, from, to };
    await createFilteredPlan(call, 'plan', AGGREGATIONS);
    for (const [external_id, count] of [['few', FEW], ['many', many]] as const) {
      const subscription = { external_customer_id: 'customer', plan_code: 'plan', external_id, subscription_at: from };
      await call('POST', '/subscriptions', { subscription });
      await insertEvents(bench, external_id, count);
    } // prettier-ignore
    await client.query('analyze events');
    await measureRaw(bench);
    await rollUpAll(bench, 'many', many);
    const ratio = await compare(bench);
    say(`ratio ${ratio.toFixed(2)}, goal ${RATIO_MAX}: ${ratio <= RATIO_MAX ? 'reached' : 'MISSED'}`);
    return ratio <= RATIO_MAX;
  } finally {
    await client.end();
    await db.destroy();
    await api.stop();
  }
}

const data_dir = mkdtempSync(join(tmpdir(), 'perennial-load-'));
const { owner_url, server } = await startPostgres({ data_dir });
try {
  process.exitCode = (await run(owner_url, data_dir)) ? 0 : 1;
} finally {
  await server.stop();
  rmSync(data_dir, { recursive: true, force: true });
}
