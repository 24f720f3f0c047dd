import assert from 'node:assert/strict';
import { type Installation, createInstallation } from '../support/installation.ts';
import { Gates, type Place } from '../support/gates.ts';
import { childrenOf, isAlive } from '../support/process-tree.ts';
import type { ApiProcess, Caller } from '../support/processes.ts';
import { Proxy } from '../support/proxy.ts';
import { until } from '../support/until.ts';
import { allIsDelivered, assertBills, february, january, openStory } from './story.ts';

/** Where a worker dies, in the order in which it comes by. */
const places = {
  'as the clock moves': { table: 'sandbox_clocks', when: 'before update', if: `old.now_at < '2026-02-01' and new.now_at >= '2026-02-01'` },
  'before a ring is heard': { table: 'outbox', when: 'before delete', if: `old.workflow_id like 'subscription/%'` },
  'before the bill is begun': { table: 'invoices', when: 'before insert' },
  'before its period is noted': { table: 'billing_periods', when: 'before insert' },
  'between its fees': { table: 'fees', when: 'after insert', if: `new.fee_type = 'charge'` },
  'before it has a number': { table: 'invoice_counters', when: 'before insert' },
  'when it is final': { table: 'invoices', when: 'after update', if: `new.status = 'finalized'` },
  'before it is told of': { table: 'webhooks', when: 'before insert', if: `new.webhook_type = 'invoice.created'` },
  'before the next appointment': { table: 'agenda', when: 'before update', if: `old.step = 'bill_period' and new.due_at > old.due_at` },
  'in the commit itself': { table: 'invoices', when: 'at commit' },
  'before the document is kept': { table: 'documents', when: 'before insert' },
  'before a delivery is noted': { table: 'webhooks', when: 'before update', if: `new.webhook_type = 'invoice.created'` },
} satisfies Record<string, Place>; // prettier-ignore

const UNANSWERED = 'after the commit, before Temporal knows';
const PRINTING = 'while the document is printed';
const names: readonly string[] = [...Object.keys(places), UNANSWERED, PRINTING];

describe('a worker killed while it bills', function () {
  this.timeout(240_000);
  const stories = new Map<string, Caller>();
  let installation: Installation;
  let gates: Gates;
  let api: ApiProcess;
  let browser: number[] = [];

  before(async () => {
    installation = await createInstallation();
    const { processes, temporal, database, receiver, owner } = installation;
    const wire = await Proxy.to(temporal.address);
    gates = await Gates.build(database.owner_url, places);
    api = await processes.startApi();
    const worker = await processes.startWorker({ temporal_address: wire.address });
    for (const name of names) stories.set(name, await openStory(api.url, `${receiver.url}/${names.indexOf(name)}`));

    // All die of the same kill, each at its own place.
    const gateOf = (name: string): string => (name === UNANSWERED ? 'in the commit itself' : name);
    const story = (name: string): Caller => stories.get(name) as Caller;
    const gated = names.filter((name) => name !== PRINTING);
    for (const name of gated) await gates.close(gateOf(name), story(name).organization_id);
    for (const name of gated) await story(name).moveClock('2026-03-01T00:00:00Z');
    for (const name of gated) await gates.arrival(gateOf(name), story(name).organization_id);

    browser = childrenOf(worker);
    assert(browser.length > 0, 'documents were printed');
    for (const pid of browser) process.kill(pid, 'SIGSTOP');
    await story(PRINTING).moveClock('2026-03-01T00:00:00Z');
    await until('a document is being printed', () => isPrinting(story(PRINTING)));

    wire.goDead();
    const { organization_id } = story(UNANSWERED);
    await gates.open(gateOf(UNANSWERED), organization_id);
    await until('the bill is committed', async () => (await owner('invoices').where({ organization_id })).length === 1);
    await worker.kill();
    goOn(browser);
    await until('its browser is gone', () => !browser.some(isAlive), { within_ms: 10_000 });
    await wire.cut();
    await gates.openAll();
    await processes.startWorker();
  });
  after(async () => {
    goOn(browser);
    await gates?.tearDown();
    await installation?.remove();
  });

  async function isPrinting({ organization_id }: Caller): Promise<boolean> {
    const [id] = (await installation.owner('invoices').where({ organization_id }).pluck('id')) as string[];
    if (id === undefined) return false;
    const handle = installation.temporal.client.workflow.getHandle(`invoice/${id}`);
    const { raw } = await handle.describe().catch(() => ({ raw: undefined }));
    return raw?.pendingActivities?.some(({ activityType }) => activityType?.name === 'renderInvoice') === true;
  }

  for (const name of names)
    it(`${name}: every bill comes once, and is right`, async () => {
      const acme = stories.get(name) as Caller;
      await acme.arrive();
      await allIsDelivered(installation.owner, acme);
      await assertBills(installation.owner, acme, [january, february]);
      await assertKeys(acme, names.indexOf(name));
    });

  /** What was sent twice can be told by its key. */
  async function assertKeys({ organization_id }: Caller, path: number): Promise<void> {
    const { owner, receiver } = installation;
    const keys = receiver.received.filter((one) => one.path === `/${path}`).map((one) => one.headers['x-lago-unique-key']); // prettier-ignore
    assert.deepEqual([...new Set(keys)].sort(), await owner('webhooks').where({ organization_id }).orderBy('id').pluck('id')); // prettier-ignore
  }
});

function goOn(pids: readonly number[]): void {
  for (const pid of pids.filter(isAlive)) process.kill(pid, 'SIGCONT');
}
