import { type Installation, createInstallation } from '../support/installation.ts';
import { Gates, type Place } from '../support/gates.ts';
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
  'before it has a number': { table: 'customers', when: 'before update' },
  'when it is final': { table: 'invoices', when: 'after update', if: `new.status = 'finalized'` },
  'before it is told of': { table: 'webhooks', when: 'before insert', if: `new.webhook_type = 'invoice.created'` },
  'before the next appointment': { table: 'agenda', when: 'before update', if: `old.step = 'bill_period' and new.due_at > old.due_at` },
  'in the commit itself': { table: 'invoices', when: 'at commit' },
  'before the document is kept': { table: 'documents', when: 'before insert' },
  'before a delivery is noted': { table: 'webhooks', when: 'before update', if: `new.webhook_type = 'invoice.created'` },
} satisfies Record<string, Place>; // prettier-ignore

const UNANSWERED = 'after the commit, before Temporal knows';
const names = [...(Object.keys(places) as (keyof typeof places)[]), UNANSWERED] as const;

describe('a worker killed while it bills', function () {
  this.timeout(240_000);
  const stories = new Map<string, Caller>();
  let installation: Installation;
  let gates: Gates;
  let api: ApiProcess;

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
    for (const [name, { organization_id }] of stories) await gates.close(gateOf(name), organization_id);
    for (const acme of stories.values()) await acme.moveClock('2026-03-01T00:00:00Z');
    for (const [name, { organization_id }] of stories) await gates.arrival(gateOf(name), organization_id);

    wire.goDead();
    const { organization_id } = stories.get(UNANSWERED) as Caller;
    await gates.open(gateOf(UNANSWERED), organization_id);
    await until('the bill is committed', async () => (await owner('invoices').where({ organization_id })).length === 1);
    await worker.kill();
    await wire.cut();
    await gates.openAll();
    await processes.startWorker();
  });
  after(async () => {
    await gates?.tearDown();
    await installation?.remove();
  });

  for (const name of names)
    it(`${name}: every bill comes once, and is right`, async () => {
      const acme = stories.get(name) as Caller;
      await acme.arrive();
      await allIsDelivered(installation.owner, acme);
      await assertBills(installation.owner, acme, [january, february]);
    });
});
