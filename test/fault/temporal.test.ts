import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { type EmbeddedTemporal, startTemporal } from '../../workers/embedded/temporal.ts';
import { type Installation, createInstallation } from '../support/installation.ts';
import { type ApiProcess, type Caller, Processes, type TestProcess } from '../support/processes.ts';
import { Proxy } from '../support/proxy.ts';
import { until } from '../support/until.ts';
import { allIsDelivered, assertBills, february, january, openEmptyStory, openStory, subscribe } from './story.ts';

const NAMESPACE = 'default';

/** A Temporal server of its own, so that it can be killed, and its data deleted or put back. */
describe('without Temporal', function () {
  this.timeout(240_000);
  let installation: Installation;
  let data_dir: string;
  let temporal: EmbeddedTemporal;
  let wire: Proxy;
  let processes: Processes;
  let api: ApiProcess;
  let worker: TestProcess;

  const start = async (): Promise<void> => {
    const options = { data_dir, namespace: NAMESPACE, say: () => undefined };
    temporal = await startTemporal({ ...options, cli_path: process.env['TEMPORAL_CLI_PATH'] });
  };
  const files = (): { db: string; copy: string }[] =>
    ['temporal.db', 'temporal.db-wal', 'temporal.db-shm'].map((name) => ({
      db: join(data_dir, name),
      copy: join(data_dir, `${name}.copy`),
    }));

  before(async () => {
    data_dir = await mkdtemp(join(tmpdir(), 'perennial-temporal-'));
    [installation] = await Promise.all([createInstallation(), start()]);
    wire = await Proxy.to(temporal.address);
    const { app_url } = installation.database;
    processes = new Processes({ app_url, temporal_address: wire.address, namespace: NAMESPACE });
    [api, worker] = await Promise.all([processes.startApi(), processes.startWorker()]);
  });
  after(async () => {
    await processes?.killAll();
    await wire?.cut();
    await temporal?.server.stop();
    await installation?.remove();
    await rm(data_dir, { recursive: true, force: true });
  });

  const open = (): Promise<Caller> => openStory(api.url, installation.receiver.url);
  const openAtOnce = (): Promise<Caller> =>
    openEmptyStory(api.url, { sandbox: true, clock: '2026-01-01T00:00:00Z' }, installation.receiver.url);

  async function subscribeMeanwhile(): Promise<Caller> {
    const acme = await openAtOnce();
    await subscribe(acme, 'in_advance');
    return acme;
  }

  async function assertBilledAtStart(acme: Caller): Promise<void> {
    await acme.arrive();
    await allIsDelivered(installation.owner, acme);
    await assertBills(installation.owner, acme, [february]);
    assert(!worker.hasExited, worker.output);
  }

  it('requests are taken while it is down, and everything follows when it is back', async () => {
    await temporal.server.stop(0);
    const acme = await subscribeMeanwhile();
    await start();
    await assertBilledAtStart(acme);
  });

  it('a server that takes connections and says nothing holds up nobody afterwards', async () => {
    wire.goDead();
    const said = worker.output.length;
    const acme = await subscribeMeanwhile();
    await until('the relay gives up', () => worker.output.slice(said).includes('could not be rung'));
    await wire.mend();
    await assertBilledAtStart(acme);
  });

  it('its data deleted and rebuilt in the midst of a year: no bill is missing, and none is there twice', async () => {
    const [acme, live] = [await open(), await openEmptyStory(api.url, {})];
    await subscribe(live);
    const { organization_id } = live;
    await until(
      'live is planned',
      async () => !(await installation.owner('outbox').where({ organization_id }).first()),
    );

    await acme.moveClock('2027-01-01T00:00:00Z');
    const billed = () => installation.owner('invoices').where({ organization_id: acme.organization_id });
    await until('a part of the year has been billed', async () => (await billed()).length >= 3);
    await temporal.server.stop(0);
    await Promise.all(files().map(({ db }) => rm(db, { force: true })));
    await start();
    assert.match(await processes.rebuild(), /^Rang \d+ workflows/);

    await acme.arrive();
    await allIsDelivered(installation.owner, acme);
    await assertBills(installation.owner, acme, [january, ...Array.from({ length: 11 }, () => february)]);

    const [{ id } = { id: '' }] = (await installation.owner('subscriptions').where({ organization_id })) as {
      id: string;
    }[];
    const connection = await Connection.connect({ address: temporal.address });
    const { workflow } = new Client({ connection, namespace: NAMESPACE });
    await until('the live one lives', async () => {
      const status = await workflow.getHandle(`subscription/${id}`).describe().then((one) => one.status.name, () => null); // prettier-ignore
      return status === 'RUNNING';
    });
    await connection.close();
  });

  it('older data put back: what it has forgotten is not done again', async () => {
    const acme = await open();
    await temporal.server.stop();
    for (const { db, copy } of files()) await copyFile(db, copy).catch(() => undefined);
    await start();
    await acme.moveClock('2026-03-01T00:00:00Z');
    await acme.arrive();
    await allIsDelivered(installation.owner, acme);
    await temporal.server.stop(0);
    for (const { db, copy } of files()) {
      await rm(db, { force: true });
      await copyFile(copy, db).catch(() => undefined);
    }
    await start();
    await processes.rebuild();
    await acme.moveClock('2026-05-01T00:00:00Z');
    await acme.arrive();
    await allIsDelivered(installation.owner, acme);
    await assertBills(installation.owner, acme, [january, february, february, february]);
  });
});
