import assert from 'node:assert/strict';
import { Gates } from '../support/gates.ts';
import { type Installation, createInstallation } from '../support/installation.ts';
import type { ApiProcess, Caller } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { calls, openEmptyStory, subscribe } from './story.ts';

const places = {
  'before the commit': { table: 'outbox', when: 'after insert', if: `new.workflow_id like 'subscription/%'` },
  'in the commit itself': { table: 'outbox', when: 'at commit', if: `new.workflow_id like 'subscription/%'` },
} as const;

describe('an API killed', function () {
  this.timeout(240_000);
  let installation: Installation;
  let api: ApiProcess;
  let gates: Gates;

  before(async () => {
    installation = await createInstallation();
    gates = await Gates.build(installation.database.owner_url, places);
    api = await installation.processes.startApi();
  });
  after(async () => {
    await gates?.tearDown();
    await installation?.remove();
  });

  const open = (): Promise<Caller> => openEmptyStory(api.url, { sandbox: true, clock: '2026-01-15T00:00:00Z' });
  const subscriptionsOf = ({ organization_id }: Caller): Promise<object[]> =>
    installation.owner('subscriptions').where({ organization_id });
  const invoicesOf = ({ organization_id }: Caller): Promise<{ total_amount_cents: number }[]> =>
    installation.owner('invoices').where({ organization_id, status: 'finalized' });

  it('between the commit and the signal: the subscription is billed all the same', async () => {
    const { processes } = installation;
    const answered = await open();
    const [undone, unanswered] = [await open(), await open()];
    await subscribe(answered, 'in_advance');
    await gates.close('before the commit', undone.organization_id);
    await gates.close('in the commit itself', unanswered.organization_id);
    const broken = Promise.allSettled([undone, unanswered].map((acme) => subscribe(acme, 'in_advance')));
    await gates.arrival('before the commit', undone.organization_id);
    await gates.arrival('in the commit itself', unanswered.organization_id);
    assert.deepEqual(await invoicesOf(answered), [], 'nobody has rung yet');

    await api.kill();
    for (const { status } of await broken) assert.equal(status, 'rejected');
    await gates.openAll();
    await until('the commit is through', async () => (await subscriptionsOf(unanswered)).length === 1);
    assert.equal((await subscriptionsOf(undone)).length, 0, 'what was not committed has not happened');

    api = await processes.startApi();
    for (const acme of [answered, undone, unanswered]) acme.url = api.url;
    // A caller that got no answer asks again, by the same id.
    for (const acme of [undone, unanswered]) await subscribe(acme, 'in_advance');
    await processes.startWorker();
    for (const acme of [answered, undone, unanswered]) {
      await acme.arrive();
      assert.equal((await subscriptionsOf(acme)).length, 1);
      // 17 of January's 31 days: 3000 / 31 × 17, and a fifth as tax.
      assert.deepEqual((await invoicesOf(acme)).map(({ total_amount_cents: cents }) => cents), [1645 + 329]); // prettier-ignore
    }
  });

  it('while events come in: what was answered is stored, and what is sent again counts once', async () => {
    const acme = await open();
    await subscribe(acme);
    const batches = Array.from({ length: 60 }, (_, n) => calls(`batch-${n}`, 20));
    const answers: (number | undefined)[] = [];
    let stored = 0;
    await Promise.all(
      batches.map(async (events, n) => {
        const answer = await acme.call('POST', '/events/batch', { events }).catch(() => undefined);
        answers[n] = answer?.status;
        if (answer?.status === 200 && ++stored === 10) await api.kill();
      }),
    );
    assert(answers.includes(undefined), 'it was killed in the midst of it');

    api = await installation.processes.startApi();
    acme.url = api.url;
    for (const [n, events] of batches.entries()) {
      const { status } = await acme.call('POST', '/events/batch', { events });
      assert(answers[n] === 200 ? status === 422 : [200, 422].includes(status), `batch ${n}: ${answers[n]}, ${status}`);
    }
    const { body } = await acme.get('/customers/cus/current_usage?external_subscription_id=sub');
    assert.equal(body.customer_usage.charges_usage[0].units, '1200.0');
  });
});

describe('the same events sent twice, to two APIs at once', function () {
  this.timeout(240_000);
  let installation: Installation;
  let urls: string[];

  before(async () => {
    installation = await createInstallation();
    const { processes } = installation;
    const [first, second] = await Promise.all([processes.startApi(), processes.startApi(), processes.startWorker()]);
    urls = [first.url, second.url];
  });
  after(() => installation?.remove());

  it('count once, in the current usage and on the invoice', async () => {
    const [url = ''] = urls;
    const acme = await openEmptyStory(url, { sandbox: true, clock: '2026-01-01T00:00:00Z' });
    await subscribe(acme);
    const callers = urls.map((one) => acme.at(one));

    const rounds = Array.from({ length: 10 }, (_, n) => calls(`round-${n}`, 50));
    for (const events of rounds) {
      // The one whole and the other from behind; and some of them alone as well.
      const answers = await Promise.all([
        callers[0]!.call('POST', '/events/batch', { events }),
        callers[1]!.call('POST', '/events/batch', { events: events.toReversed() }),
      ]);
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422]);
    }
    const [event] = calls('alone', 1);
    const answers = await Promise.all(
      [...callers, ...callers].map((caller) => caller.call('POST', '/events', { event })),
    );
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422, 422, 422]);

    const { body } = await acme.get('/customers/cus/current_usage?external_subscription_id=sub');
    assert.equal(body.customer_usage.charges_usage[0].units, '501.0');
    await acme.moveClock('2026-02-01T00:00:00Z');
    await acme.arrive();
    const { body: found } = await acme.get('/invoices');
    // 3000 for the month and 10 for each of 501 calls, and a fifth of it as tax.
    assert.deepEqual(found.invoices.map((invoice: { total_amount_cents: number }) => invoice.total_amount_cents), [9612]); // prettier-ignore
  });
});
