import assert from 'node:assert/strict';
import fc from 'fast-check';
import pg from 'pg';
import { addMilliseconds, fromMilliseconds, toMilliseconds } from '../../billing/clock/instant.ts';
import type { UsageQuestion, UsageReading, UsageRequest } from '../../billing/usage/reading.ts';
import { findSettledArrival } from '../../db/arrivals.ts';
import { questionOf } from '../../db/charge-usage.ts';
import { EVENTS_A_MARK, type NewEvent, createEventWriter } from '../../db/events.ts';
import { newId } from '../../db/ids.ts';
import { createOrganization } from '../../db/organizations.ts';
import { readCharges } from '../../db/pricing-facts.ts';
import { type Transaction, rows } from '../../db/transaction.ts';
import { readUsage } from '../../db/usage.ts';
import { rollUp, takeUsageMarks } from '../../db/usage-rollups.ts';
import { Builders } from '../support/builders.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from '../support/database.ts';

const FROM = '2026-03-01T00:00:00.000Z';
const AT = '2026-03-31T00:00:00.000Z';
/** No event has it. */
const NO_PROPERTY = 'none';
const HOUR_MS = 3_600_000;

const metrics = [
  ['count_agg', undefined],
  ['sum_agg', 'value'],
  ['max_agg', 'value'],
  ['latest_agg', 'value'],
  ['unique_count_agg', 'value'],
] as const;

describe('usage rolled up', () => {
  let database: TestDatabase;
  let build: Builders;
  let organization_id: string;
  let plan: { readonly id: string };
  let customer: { readonly id: string };
  let questions: UsageQuestion[];
  let subscriptions = 0;
  let transactions = 0;

  before(async () => {
    database = await createTestDatabase();
    const given = { name: 'Usage', sandbox: false, at: FROM, secret: TEST_SECRET };
    organization_id = (await createOrganization(database.db, given)).organization.id;
    build = new Builders(database.db, organization_id, FROM);
    const charges = [];
    for (const [aggregation_type, field_name] of metrics) {
      const { id } = await build.metric(aggregation_type, { aggregation_type, ...(field_name && { field_name }) });
      charges.push({ billable_metric_id: id }, { billable_metric_id: id, properties: { amount: '1', pricing_group_keys: ['region'] } }); // prettier-ignore
    }
    plan = await build.plan('pro', {}, charges);
    customer = await build.customer();
    questions = (await build.write((trx) => readCharges(trx, [plan.id]))).map((charge) => questionOf(charge));
  });
  after(() => database.drop());

  async function subscribe(): Promise<string> {
    const external_id = `subscription-${++subscriptions}`;
    await build.subscription(customer, plan, { external_id });
    return external_id;
  }

  const eventOf = (external_subscription_id: string, fields: Partial<NewEvent> = {}): NewEvent => ({
    id: newId(),
    external_subscription_id,
    transaction_id: `transaction-${++transactions}`,
    code: 'sum_agg',
    timestamp: FROM,
    properties: { value: 1 },
    precise_total_amount_cents: null,
    metadata: { user_agent: null, ip_address: '127.0.0.1' },
    created_at: AT,
    ...fields,
  });

  const send = (events: readonly NewEvent[]) => createEventWriter(database.db).write(organization_id, events);

  /** Whether it pays or not. */
  async function rollUpAll(external_subscription_id: string, events_max?: number): Promise<void> {
    const options = { ...(events_max && { events_max }), cells_an_event: Infinity };
    const settled = (await findSettledArrival(database.db)) ?? assert.fail('nobody is writing');
    for (const [code] of metrics)
      while (await build.write((trx) => rollUp(trx, { external_subscription_id, code }, settled, options)));
  }

  /** Each of the questions of each window. */
  const requestsOf = (external_subscription_id: string, windows: readonly Window[]): UsageRequest[] =>
    windows.flatMap(({ from, to }) =>
      questions.map((question) => ({ external_subscription_id, ...question, from, to, detail: 'cells' })),
    );

  /** From the rollups and, in the same statement, from events alone: nobody asked for a property that no event has, so that is not rolled up. */
  async function assertSame(requests: readonly UsageRequest[]): Promise<void> {
    const raw = requests.map((request) => ({ ...request, keys: [...request.keys, NO_PROPERTY] }));
    const readings = await build.write((trx) => readUsage(trx, [...requests, ...raw]));
    const texts = readings.map(textOf);
    assert.deepEqual(texts.slice(0, requests.length), texts.slice(requests.length));
  }

  const countReady = async (external_subscription_id: string): Promise<number> =>
    build.write(async (trx) => (await rows(trx, 'usage_series').where({ external_subscription_id, is_ready: true })).length); // prettier-ignore

  it('adds up to the same as events, whatever was rolled up when', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 10 }), fc.array(window, { minLength: 3, maxLength: 6 }), async (steps, windows) => {
        const subscription = await subscribe();
        const requests = requestsOf(subscription, windows);
        for (const taken of steps) {
          if (taken.kind === 'send') await send(taken.events.map((fields) => eventOf(subscription, fields)));
          else await rollUpAll(subscription, taken.events_max);
          await assertSame(requests);
        }
      }),
      { numRuns: 25 },
    ); // prettier-ignore
  }).timeout(120_000);

  it('reads whole hours and days from what was rolled up', async () => {
    const subscription = await subscribe();
    const hours = Array.from({ length: 24 * 31 }, (_, hour) => addMilliseconds(FROM, hour * HOUR_MS + 1));
    await send(hours.map((timestamp) => eventOf(subscription, { timestamp })));
    await rollUpAll(subscription);
    assert.equal(await countReady(subscription), questions.length);
    await build
      .write(async (trx) => {
        // What was rolled up is not looked for among the events: it is counted though they are gone.
        await rows(trx, 'events').where({ external_subscription_id: subscription }).delete();
        const whole = { from: FROM, to: '2026-04-01T00:00:00.000Z' };
        const cut = { from: '2026-03-02T10:30:00.000Z', to: '2026-03-05T14:15:00.000Z' };
        const sums = async (window: Window): Promise<(string | undefined)[]> =>
          (await readUsage(trx, requestsOf(subscription, [window]))).map((reading) =>
            reading.detail === 'cells' ? reading.cells[0]?.sum : undefined,
          );
        assert.deepEqual((await sums(whole)).filter(Boolean), ['744', '744']);
        assert.deepEqual((await sums(cut)).filter(Boolean), ['75', '75']);
        await trx.rollback();
      })
      .catch((error: unknown) => assert.match(String(error), /rejected with non-error: undefined/));
  });

  /** A transaction that goes on and on. */
  async function writeSlowly(subscription: string) {
    const client = new pg.Client(database.owner_url);
    await client.connect();
    await client.query('begin');
    return {
      insert: (properties: object) =>
        client.query(
          `insert into events (id, organization_id, external_subscription_id, transaction_id, code, timestamp, properties, created_at)
           values ($1::text::uuid, $2, $3, $1::text, 'sum_agg', $4, $5, $4)`,
          [newId(), organization_id, subscription, FROM, properties],
        ),
      commit: () => client.query('commit; begin'),
      end: () => client.end(),
    };
  }

  it('waits for events whose number is lower and whose commit is later', async () => {
    const subscription = await subscribe();
    const slow = await writeSlowly(subscription);
    try {
      const requests = requestsOf(subscription, [{ from: FROM, to: AT }]);
      await slow.insert({ value: 5 });
      await send([eventOf(subscription)]);
      const settled = findSettledArrival(database.db).then(() => 'settled');
      const meanwhile = async () => {
        for (let one = 0; one < 20; one++) await send([eventOf(subscription)]);
        return 'not yet';
      };
      assert.equal(await Promise.race([settled, meanwhile()]), 'not yet');
      await slow.commit();
      await settled;
      await rollUpAll(subscription);
      await assertSame(requests);
      const [reading] = await build.write((trx) =>
        readUsage(
          trx,
          requests.filter(({ code }) => code === 'sum_agg'),
        ),
      );
      assert(reading?.detail === 'cells');
      assert.equal(reading.cells[0]?.sum, '26');
    } finally {
      await slow.end();
    }
  });

  it('loses and doubles nothing while events come in and several processes roll up', async () => {
    const subscription = await subscribe();
    const requests = requestsOf(subscription, [
      { from: FROM, to: AT },
      { from: null, to: '2026-03-09T05:20:00.000Z' },
    ]);
    let isOver = false;
    const slow = await writeSlowly(subscription);
    const [sample] = fc.sample(fc.array(fc.array(event, { minLength: 1, maxLength: 8 }), { minLength: 100, maxLength: 100 }), { seed: 1, numRuns: 1 }); // prettier-ignore
    const batches = [...(sample ?? [])];
    const lanes = Array.from({ length: 4 }, async () => {
      for (let batch = batches.pop(); batch; batch = batches.pop())
        await send(batch.map((fields) => eventOf(subscription, fields)));
    });
    const slowLane = (async () => {
      for (let one = 1; one <= 300; one++) {
        await slow.insert({ value: one });
        if (one % 100 === 0) await slow.commit();
      }
      await slow.end();
    })();
    const rollers = Array.from({ length: 2 }, async () => {
      while (!isOver) await rollUpAll(subscription, 3);
    });
    const reader = (async () => {
      while (!isOver) await assertSame(requests);
    })();
    await Promise.all([...lanes, slowLane]);
    isOver = true;
    await Promise.all([...rollers, reader]);
    await assertSame(requests);
  }).timeout(120_000);

  it('counts events of before there were numbers, which are all the first', async () => {
    const subscription = await subscribe();
    const requests = requestsOf(subscription, [{ from: FROM, to: AT }]);
    const some = () => Array.from({ length: 30 }, (_, n) => eventOf(subscription, { properties: { value: n } }));
    await send(some());
    await build.write((trx) => rows(trx, 'events').where({ external_subscription_id: subscription }).update({ arrival: 0 })); // prettier-ignore
    await rollUpAll(subscription, 7);
    await assertSame(requests);
    await send(some());
    await assertSame(requests);
    await rollUpAll(subscription, 7);
    await assertSame(requests);
    const [reading] = await build.write((trx) => readUsage(trx, requests.filter(({ code }) => code === 'sum_agg'))); // prettier-ignore
    assert(reading?.detail === 'cells');
    assert.equal(reading.cells[0]?.sum, '870');
  });

  it('begins once it pays', async () => {
    const subscription = await subscribe();
    const key = { external_subscription_id: subscription, code: 'sum_agg' };
    const isRolledUp = async (): Promise<boolean> => {
      const settled = (await findSettledArrival(database.db)) ?? assert.fail('nobody is writing');
      await build.write((trx) => rollUp(trx, key, settled));
      return (await countReady(subscription)) > 0;
    };
    const hourly = Array.from({ length: 30 }, (_, hour) => addMilliseconds(FROM, hour * HOUR_MS));
    await send(hourly.map((timestamp) => eventOf(subscription, { timestamp })));
    assert.equal(await isRolledUp(), false);
    await send(Array.from({ length: 30 }, () => eventOf(subscription, { timestamp: AT })));
    assert.equal(await isRolledUp(), false);
    await send([eventOf(subscription, { timestamp: AT }), eventOf(subscription, { timestamp: AT })]);
    assert.equal(await isRolledUp(), true);
    assert.equal(await countReady(subscription), 2);
  });

  it('is asked for by events, one in about a thousand', async () => {
    const subscription = await subscribe();
    await takeUsageMarks(database.db, 1000);
    for (let batch = 0; batch < 10; batch++)
      await send(Array.from({ length: EVENTS_A_MARK }, () => eventOf(subscription)));
    const marks = await takeUsageMarks(database.db, 1000);
    assert.deepEqual(
      marks.map((mark) => ({ ...mark })),
      [{ organization_id, external_subscription_id: subscription, code: 'sum_agg' }],
    );
  });

  it('follows the charges: what none asks for any more is removed', async () => {
    const subscription = await subscribe();
    await send([eventOf(subscription)]);
    await rollUpAll(subscription);
    const shapes = (trx: Transaction) =>
      rows(trx, 'usage_series').where({ external_subscription_id: subscription, code: 'sum_agg' }).pluck('shape');
    const series = await build.write(shapes);
    assert.equal(series.length, 2);
    const charges = await build.write((trx) => readCharges(trx, [plan.id]));
    const grouped = charges.filter(({ metric_code }) => metric_code === 'sum_agg').at(-1);
    const change = (properties: object) =>
      build.write((trx) => rows(trx, 'charges').where({ id: grouped?.id }).update({ properties }));
    await change({ amount: '1', pricing_group_keys: ['cloud'] });
    await rollUpAll(subscription);
    const after = await build.write(shapes);
    assert.equal(after.filter((shape) => series.includes(shape)).length, 1);
    assert.equal(after.length, 2);
    await change({ amount: '1', pricing_group_keys: ['region'] });
  });
});

interface Window {
  readonly from: string | null;
  readonly to: string;
}

/** Around the ends of hours and days, and somewhere within. */
const moment = fc
  .tuple(fc.integer({ min: -30, max: 100 }), fc.constantFrom(0, 0, -1, 1, 1_800_000, 2_700_000))
  .map(([hours, milliseconds]) => toMilliseconds(FROM) + hours * HOUR_MS + milliseconds);

const window = fc
  .tuple(fc.option(moment, { freq: 4 }), moment)
  .map(([a, b]): Window => (a === null ? { from: null, to: fromMilliseconds(b) } : { from: fromMilliseconds(Math.min(a, b)), to: fromMilliseconds(Math.max(a, b)) })); // prettier-ignore

const value = fc.oneof(
  fc.integer({ min: -9, max: 9 }),
  fc.constantFrom('1.50', '-2.25', '007', 'x', '', null, '1e3', '0.000000000000000000000001', 'with blanks'),
);

const event: fc.Arbitrary<Partial<NewEvent>> = fc.record({
  code: fc.constantFrom(...metrics.map(([code]) => code)),
  timestamp: fc
    .tuple(moment, fc.constantFrom('000', '001', '999'))
    .map(([at, microseconds]) => fromMilliseconds(at).replace('Z', `${microseconds}Z`)),
  properties: fc.record(
    { value, region: fc.constantFrom('eu', 'us', '', null, 'NULL', '{a,"b"}'), operation_type: fc.constantFrom('add', 'remove') },
    { requiredKeys: [] },
  ), // prettier-ignore
  precise_total_amount_cents: fc.constantFrom(null, '1.5', '-0.000000000000001'),
});

const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('send' as const), events: fc.array(event, { minLength: 1, maxLength: 15 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rollUp' as const), events_max: fc.integer({ min: 1, max: 20 }) }) },
); // prettier-ignore

/** Cells come in no order to rely on. */
function textOf(reading: UsageReading): string {
  assert(reading.detail === 'cells');
  const cells = reading.cells.map(({ dimensions: { [NO_PROPERTY]: _, ...dimensions }, ...cell }) => ({ ...cell, dimensions })); // prettier-ignore
  return JSON.stringify(cells.map((cell) => JSON.stringify(cell)).sort());
}
