import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { type EventWriter, type NewEvent, TooManyPendingEventsError, createEventWriter } from '../../db/events.ts';
import { newId } from '../../db/ids.ts';
import { createOrganization } from '../../db/organizations.ts';
import { inOrganization, rows } from '../../db/transaction.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from '../support/database.ts';

const AT = '2026-01-01T00:00:00.000Z';

describe('writing events', () => {
  let database: TestDatabase;
  let organization_id: string;
  let other_organization_id: string;
  let writer: EventWriter;

  before(async () => {
    database = await createTestDatabase();
    [organization_id, other_organization_id] = await Promise.all([newOrganization(), newOrganization()]);
  });
  beforeEach(() => {
    writer = createEventWriter(database.db);
  });
  after(() => database.drop());

  async function newOrganization(): Promise<string> {
    const { organization } = await createOrganization(database.db, {
      name: 'Events',
      sandbox: false,
      at: AT,
      secret: TEST_SECRET,
    });
    return organization.id;
  }

  function event(transaction_id: string, changes: Partial<NewEvent> = {}): NewEvent {
    return {
      id: newId(),
      external_subscription_id: 'subscription',
      transaction_id,
      code: 'calls',
      timestamp: AT,
      properties: {},
      precise_total_amount_cents: null,
      metadata: { user_agent: null, ip_address: '127.0.0.1' },
      created_at: AT,
      ...changes,
    };
  }

  const events = (...transaction_ids: string[]): NewEvent[] => transaction_ids.map((one) => event(one));
  const names = (count: number): string[] => Array.from({ length: count }, () => randomUUID());
  const name = (): string => randomUUID();

  /** How often each transaction id is stored. */
  const stored = (transaction_ids: readonly string[], owner = organization_id): Promise<number[]> =>
    inOrganization(database.db, owner, async (trx) => {
      const found = (await rows(trx, 'events')
        .whereIn('transaction_id', [...transaction_ids])
        .pluck('transaction_id')) as string[];
      return transaction_ids.map((one) => found.filter((other) => other === one).length);
    });

  it('keeps what was sent', async () => {
    const sent = event(name(), {
      timestamp: '2026-01-02T03:04:05.678901Z',
      properties: { value: '1.50', "it's": ['"', '\\', '{', '\n', '€'] },
      precise_total_amount_cents: '1234.5678',
      metadata: { user_agent: 'curl', ip_address: '::1' },
    });
    assert.deepEqual(await writer.write(organization_id, [sent]), []);
    await inOrganization(database.db, organization_id, async (trx) => {
      const { arrival, ...row } = (await rows(trx, 'events')
        .where({ transaction_id: sent.transaction_id })
        .first('*', trx.raw(`to_char(timestamp at time zone 'UTC', 'US') as microseconds`))) as { arrival: number };
      const precise_total_amount_cents = '1234.567800000000000';
      const timestamp = '2026-01-02T03:04:05.678Z';
      assert(arrival > 0);
      assert.deepEqual(
        { ...row },
        { ...sent, organization_id, timestamp, precise_total_amount_cents, microseconds: '678901' },
      );
    });
  });

  it('refuses what is already stored', async () => {
    const [a, b] = names(2) as [string, string];
    assert.deepEqual(await writer.write(organization_id, events(a)), []);
    assert.deepEqual(await writer.write(organization_id, events(a)), [0]);
    assert.deepEqual(await writer.write(organization_id, events(b, a)), [1]);
    assert.deepEqual(await stored([a, b]), [1, 0]);
  });

  it('tells transaction ids of other subscriptions and organizations apart', async () => {
    const a = name();
    await writer.write(organization_id, events(a));
    assert.deepEqual(await writer.write(organization_id, [event(a, { external_subscription_id: 'other' })]), []);
    assert.deepEqual(await writer.write(other_organization_id, events(a)), []);
    assert.deepEqual([await stored([a]), await stored([a], other_organization_id)], [[2], [1]]);
  });

  it('never takes events without a subscription for the same', async () => {
    const a = name();
    const nowhere = { external_subscription_id: null };
    assert.deepEqual(await writer.write(organization_id, [event(a, nowhere)]), []);
    assert.deepEqual(await writer.write(organization_id, [event(a, nowhere), event(a, nowhere)]), []);
    assert.deepEqual(await stored([a]), [3]);
  });

  it('counts the events of two batches at once one time, and halves none of them', async () => {
    for (let round = 0; round < 20; round++) {
      const [a, b, c] = names(3) as [string, string, string];
      const others = names(2);
      const [one, other, bystander, single] = await Promise.all([
        writer.write(organization_id, events(a, b)),
        writer.write(organization_id, events(b, c)),
        writer.write(organization_id, events(...others)),
        writer.write(organization_id, events(b)),
      ]);
      assert.deepEqual([one, other, bystander, single], [[], [0], [], [0]]);
      assert.deepEqual(await stored([a, b, c, ...others]), [1, 1, 0, 1, 1]);
    }
  });

  it('does so between processes as well', async () => {
    const writers = Array.from({ length: 4 }, () => createEventWriter(database.db, { flushes_max: 2 }));
    for (let round = 0; round < 10; round++) {
      const shared = names(30);
      // Each process sends the same events in another order, with one of its own.
      const sent = writers.map((_, n) => [...shared.slice(n * 5), name(), ...shared.slice(0, n * 5)]);
      const answers = await Promise.all(
        writers.map((one, n) => one.write(organization_id, events(...(sent[n] ?? [])))),
      );
      assert.equal(answers.filter((duplicates) => duplicates.length === 0).length, 1);
      assert.equal(answers.filter((duplicates) => duplicates.length === shared.length).length, 3);
      assert.deepEqual(
        await stored(shared),
        shared.map(() => 1),
      );
      const own = sent.map((list) => list.find((one) => !shared.includes(one)) as string);
      assert.deepEqual(
        await stored(own),
        answers.map((duplicates) => (duplicates.length === 0 ? 1 : 0)),
      );
    }
  });

  it('lets nobody suffer from what another request holds', async () => {
    const [a, b, bad] = names(3) as [string, string, string];
    const answers = await Promise.allSettled([
      writer.write(organization_id, events(a)),
      writer.write(organization_id, [event(bad, { properties: { text: '\u0000' } })]),
      writer.write(organization_id, events(b)),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await stored([a, b, bad]), [1, 1, 0]);
  });

  it('writes requests that come in together in one transaction', async () => {
    const sent = names(200);
    await Promise.all(sent.map((one) => writer.write(organization_id, events(one))));
    const transactions = await inOrganization(database.db, organization_id, (trx) =>
      rows(trx, 'events').whereIn('transaction_id', sent).distinct(trx.raw('xmin::text')),
    );
    assert.equal(transactions.length, 1);
  });

  it('refuses more when too much is waiting, and takes again when that is written', async () => {
    const small = createEventWriter(database.db, { pending_max: 10 });
    const accepted = small.write(organization_id, events(...names(8)));
    await assert.rejects(small.write(organization_id, events(...names(3))), TooManyPendingEventsError);
    assert.deepEqual(await accepted, []);
    assert.deepEqual(await small.write(organization_id, events(...names(3))), []);
  });

  it('does not answer for events that Postgres could not commit', async () => {
    const doomed = await createTestDatabase();
    const orphan = createEventWriter(doomed.db);
    await doomed.drop();
    await assert.rejects(orphan.write(organization_id, events(name())));
  });
});
