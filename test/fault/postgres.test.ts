import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, connect } from '../../db/connection.ts';
import { appUrl, migrate } from '../../db/migrate.ts';
import { type EmbeddedPostgres, startPostgres } from '../../workers/embedded/postgres.ts';
import { TEST_SECRET } from '../support/database.ts';
import {
  type Answer,
  type ApiProcess,
  type Caller,
  Processes,
  type TestProcess,
  request,
} from '../support/processes.ts';
import { Proxy } from '../support/proxy.ts';
import { type Installation, createInstallation } from '../support/installation.ts';
import { type TestTemporal, createTestNamespace } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { type WebhookReceiver, startWebhookReceiver } from '../support/webhook-receiver.ts';
import { allIsDelivered, assertBills, calls, february, january, openStory } from './story.ts';

const UNAVAILABLE = { status: 503, error: 'Service Unavailable', code: 'service_unavailable' };
/** One way to ask of each kind: by a key that is remembered or not, with a transaction and without, for many and for one. */
const questions: readonly [string, string, object?][] = [
  ['GET', '/taxes'],
  ['POST', '/taxes', { tax: { name: 'New', code: 'new', rate: 1 } }],
  ['GET', '/invoices?page=1'],
  ['GET', '/customers/cus/current_usage?external_subscription_id=sub'],
  ['GET', '/sandbox/clock'],
  ['PUT', '/sandbox/clock', { clock: { now: '2027-01-01T00:00:00Z' } }],
  ['POST', '/events', { event: calls('unlucky', 1)[0] }],
  ['POST', '/events/batch', { events: calls('unlucky', 3) }],
  ['DELETE', '/subscriptions/sub'],
];

/** A Postgres of its own, so that it can be stopped and killed. */
describe('without Postgres', function () {
  this.timeout(240_000);
  let data_dir: string;
  let postgres: EmbeddedPostgres;
  let wire: Proxy;
  let temporal: TestTemporal;
  let receiver: WebhookReceiver;
  let processes: Processes;
  let owner: Database;
  let api: ApiProcess;
  let worker: TestProcess;

  const start = async (): Promise<void> => {
    postgres = await startPostgres({ data_dir });
  };
  const kill = async (): Promise<void> => {
    const [pid] = (await readFile(join(data_dir, 'postgres/postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGKILL');
    await postgres.server.exited;
  };

  before(async () => {
    data_dir = await mkdtemp(join(tmpdir(), 'perennial-postgres-'));
    await chmod(data_dir, 0o755);
    [temporal, receiver] = await Promise.all([createTestNamespace(), startWebhookReceiver(), start()]);
    const { owner_url } = postgres;
    await migrate(owner_url, TEST_SECRET);
    wire = await Proxy.to(new URL(owner_url).host);
    owner = connect(owner_url, { pool_max: 2 });
    const app_url = new URL(appUrl(owner_url, TEST_SECRET));
    app_url.host = wire.address;
    const { address: temporal_address, namespace } = temporal;
    processes = new Processes({ app_url: app_url.toString(), temporal_address, namespace });
    [api, worker] = await Promise.all([processes.startApi(), processes.startWorker()]);
  });
  after(async () => {
    await processes?.killAll();
    await wire?.cut();
    await receiver?.stop();
    await temporal?.close();
    await owner?.destroy();
    await postgres?.server.stop();
    await rm(data_dir, { recursive: true, force: true });
  });

  /** The year is under way, and events come in all the time, when it happens. */
  async function play({
    fail,
    mend,
    within_ms,
  }: {
    fail: () => Promise<void>;
    mend: () => Promise<void>;
    within_ms: number;
  }): Promise<void> {
    const acme = await openStory(api.url, receiver.url);
    const stream = new Stream(acme);
    await stream.accepts(20);
    await acme.moveClock('2027-01-01T00:00:00Z');
    const { organization_id } = acme;
    await until('a part of the year has been billed', async () => {
      return (await owner('invoices').where({ organization_id })).length >= 3;
    });

    await fail();
    const asked = [...questions.map((question) => acme.call(...question)), askAdmin()];
    for (const [n, answer] of (await Promise.all(asked.map((one) => timed(one)))).entries()) {
      assert.deepEqual([answer.status, answer.body], [503, UNAVAILABLE], `${questions[n]}`);
      assert(answer.ms < within_ms, `${questions[n]} took ${answer.ms} ms`);
    }
    assert.equal((await request(api.url, 'GET', '/health/ready')).status, 503);
    await mend();

    await until('it is ready again', async () => (await request(api.url, 'GET', '/health/ready')).status === 200);
    await stream.accepts(20);
    await stream.end();
    await acme.arrive();
    await allIsDelivered(owner, acme);
    await assertBills(owner, acme, [january, ...Array.from({ length: 11 }, () => february)]);
    assert.deepEqual(new Set(stream.statuses), new Set([200, 503]));
    const stored = await owner('events').where({ organization_id }).pluck('transaction_id');
    assert.deepEqual(stream.accepted.filter((id) => !stored.includes(id)), [], 'nothing accepted is lost'); // prettier-ignore
    assert.equal(new Set(stored).size, stored.length);
    for (const one of [api, worker]) assert(!one.hasExited, one.output);
  }

  const askAdmin = (): Promise<Answer> =>
    request(api.url, 'POST', '/admin/organizations', {
      headers: { 'x-admin-api-key': 'the admin key of the tests' },
      body: { organization: { name: 'Late' } },
    });

  it('shut down and started again', () => play({ fail: () => postgres.server.stop(), mend: start, within_ms: 5_000 }));
  it('killed and started again', () => play({ fail: kill, mend: start, within_ms: 5_000 }));
  it('silent for a while', () =>
    play({
      fail: () => Promise.resolve(wire.goDead()),
      mend: () => wire.mend(),
      within_ms: 30_000,
    }));
});

describe('with a full disk', function () {
  this.timeout(240_000);
  const tables = ['events', 'taxes', 'invoices'];
  let installation: Installation;
  let api: ApiProcess;
  let worker: TestProcess;

  before(async () => {
    installation = await createInstallation();
    const { processes, owner } = installation;
    [api, worker] = await Promise.all([processes.startApi(), processes.startWorker()]);
    await owner.raw(`create function fill_disk() returns trigger language plpgsql as $$
      begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`);
  });
  after(() => installation?.remove());

  it('what cannot be stored is answered with 503, and bills wait until there is room', async () => {
    const { owner, receiver } = installation;
    const acme = await openStory(api.url, receiver.url);
    for (const table of tables)
      await owner.raw(`create trigger full_disk before insert on ${table} execute function fill_disk()`);
    const events = calls('late', 2);
    for (const [path, body] of [
      ['/taxes', { tax: { name: 'Late', code: 'late', rate: 0 } }],
      ['/events', { event: calls('late', 1)[0] }],
      ['/events/batch', { events }],
    ] as const) {
      const { status, body: answer } = await acme.call('POST', path, body);
      assert.deepEqual([status, answer], [503, UNAVAILABLE]);
    }
    await acme.moveClock('2026-03-01T00:00:00Z');
    const { organization_id } = acme;
    await until('the first bill was tried', () => /Activity failed/.test(worker.output));
    assert.equal((await owner('invoices').where({ organization_id })).length, 0);
    for (const table of tables) await owner.raw(`drop trigger full_disk on ${table}`);

    await acme.arrive();
    await allIsDelivered(owner, acme);
    await assertBills(owner, acme, [january, february]);
    assert.equal((await acme.call('POST', '/events/batch', { events })).status, 200);
  });
});

async function timed(asked: Promise<Answer>): Promise<Answer & { ms: number }> {
  const since = performance.now();
  const answer = await asked;
  return { ...answer, ms: performance.now() - since };
}

/** Sends event after event, of a day that is billed long since, and notes what became of each. */
class Stream {
  readonly accepted: string[] = [];
  readonly statuses: number[] = [];
  readonly #sending: Promise<void>[];
  #isOver = false;

  constructor(acme: Caller) {
    this.#sending = ['a', 'b', 'c'].map((lane) => this.#send(acme, lane));
  }

  async #send(acme: Caller, lane: string): Promise<void> {
    for (let n = 0; !this.#isOver; n++) {
      const transaction_id = `${lane}-${n}`;
      const event = { transaction_id, external_subscription_id: 'sub', code: 'calls', timestamp: 1_700_000_000 };
      const { status } = await acme.call('POST', '/events', { event });
      this.statuses.push(status);
      if (status === 200) this.accepted.push(transaction_id);
    }
  }

  async accepts(count: number): Promise<void> {
    const wanted = this.accepted.length + count;
    await until(`${count} more events are taken`, () => this.accepted.length >= wanted);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#sending);
  }
}
