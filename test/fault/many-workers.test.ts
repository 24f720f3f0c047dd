import assert from 'node:assert/strict';
import { Gates } from '../support/gates.ts';
import { type Installation, createInstallation } from '../support/installation.ts';
import { childrenOf, isAlive } from '../support/process-tree.ts';
import type { ApiProcess, Caller } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { allIsDelivered, assertBills, february, january, openStory } from './story.ts';

const year = [january, ...Array.from({ length: 11 }, () => february)];
const ORGANIZATIONS = 3;

describe('workers that come and go', function () {
  this.timeout(240_000);
  let installation: Installation;
  let api: ApiProcess;
  let gates: Gates;

  before(async () => {
    installation = await createInstallation();
    gates = await Gates.build(installation.database.owner_url, {
      'between its fees': { table: 'fees', when: 'after insert' },
      'before a request is done': { table: 'taxes', when: 'after insert' },
    });
    api = await installation.processes.startApi();
  });
  after(async () => {
    await gates?.tearDown();
    await installation?.remove();
  });

  const open = (): Promise<Caller> => openStory(api.url, installation.receiver.url);

  async function countInvoices(organizations: readonly Caller[]): Promise<number> {
    const ids = organizations.map(({ organization_id }) => organization_id);
    return (await installation.owner('invoices').whereIn('organization_id', ids)).length;
  }

  async function assertYear(organizations: readonly Caller[]): Promise<void> {
    for (const acme of organizations) {
      await acme.arrive();
      await allIsDelivered(installation.owner, acme);
      await assertBills(installation.owner, acme, year);
    }
  }

  const seed = Number(process.env['TEST_SEED'] ?? 1);
  it(`two at once, one of them killed again and again (seed ${seed}): a year is billed once`, async () => {
    const { processes } = installation;
    const workers = await Promise.all([processes.startWorker(), processes.startWorker()]);
    const organizations = await Promise.all(Array.from({ length: ORGANIZATIONS }, open));
    for (const acme of organizations) await acme.moveClock('2027-01-01T00:00:00Z');

    const random = seededRandom(seed);
    for (const kill of [1, 2, 3]) {
      const billed = (kill - 1) * 10 + Math.floor(random() * 10);
      await until('more has been billed', async () => (await countInvoices(organizations)) >= billed);
      const victim = random() < 0.5 ? 0 : 1;
      await workers[victim]!.kill();
      workers[victim] = await processes.startWorker();
    }
    await assertYear(organizations);
    for (const worker of workers) assert.equal(await worker.stop(), 0, worker.output);
  });

  it('one told to stop in the midst of a year, and held up by a lock, ends all the same, and the next one goes on', async () => {
    const worker = await installation.processes.startWorker();
    const [acme, blocked] = [await open(), await open()];
    await gates.close('between its fees', blocked.organization_id);
    for (const one of [acme, blocked]) await one.moveClock('2027-01-01T00:00:00Z');
    await gates.arrival('between its fees', blocked.organization_id);
    const { organization_id } = acme;
    const documents = () => installation.owner('documents').where({ organization_id });
    await until('documents are made', async () => (await documents()).length >= 2);
    const helpers = childrenOf(worker);
    assert(helpers.length > 0, 'a browser runs');

    const since = performance.now();
    assert.equal(await worker.stop(), 0, worker.output);
    assert(performance.now() - since < 15_000, `took ${performance.now() - since} ms`);
    await until('its helpers are gone', () => !helpers.some(isAlive), { within_ms: 5_000 });

    await gates.openAll();
    await installation.processes.startWorker();
    await assertYear([acme, blocked]);
  });

  it('an API told to stop answers what it has begun, and no longer waits for clocks', async () => {
    const acme = await open();
    await gates.close('before a request is done', acme.organization_id);
    const begun = acme.call('POST', '/taxes', { tax: { name: 'Late', code: 'late', rate: 1 } });
    await gates.arrival('before a request is done', acme.organization_id);
    await gates.close('between its fees', acme.organization_id);
    await acme.moveClock('2027-01-01T00:00:00Z');
    const waiting = acme.get('/sandbox/clock?wait=true');
    await gates.arrival('between its fees', acme.organization_id);

    const since = performance.now();
    const stopped = api.stop();
    assert.equal((await waiting).body.clock.status, 'advancing');
    await gates.openAll();
    assert.equal((await begun).status, 200);
    assert.equal(await stopped, 0);
    assert(performance.now() - since < 5_000, `took ${performance.now() - since} ms`);
    api = await installation.processes.startApi();
    acme.url = api.url;
    await assertYear([acme]);
  });
});

function seededRandom(seed: number): () => number {
  // A linear congruential generator, with the numbers of Numerical Recipes.
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296) / 4_294_967_296;
}
