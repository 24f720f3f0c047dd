import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AggregationType } from '../../billing/billable-metrics/aggregation.ts';
import { fromMilliseconds } from '../../billing/clock/instant.ts';
import { Decimal, sum } from '../../billing/money/decimal.ts';
import { type EventWriter, type NewEvent, createEventWriter } from '../../db/events.ts';
import { newId } from '../../db/ids.ts';
import { createOrganization } from '../../db/organizations.ts';
import { type Transaction, inOrganization } from '../../db/transaction.ts';
import { measure } from '../../billing/usage/measure.ts';
import type { UsageRequest } from '../../billing/usage/reading.ts';
import { type SupportedAggregation, readUsage as readCells, supportedAggregations } from '../../db/usage.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from '../support/database.ts';

const FROM = '2026-03-01T00:00:00.000Z';
const TO = '2026-04-01T00:00:00.000Z';
const DURING = '2026-03-10T12:00:00.000000Z';

/** A weighted sum is computed from the events themselves. */
const addedUp = supportedAggregations.filter((type) => type !== 'weighted_sum_agg' && type !== 'custom_agg');

type UsageWindow = Pick<
  UsageRequest,
  'external_subscription_id' | 'code' | 'aggregation_type' | 'field_name' | 'to'
> & {
  readonly from: string;
};

interface Reading {
  readonly units: string;
  readonly events_count: number;
}

/** What a charge without filters and groups is told of each window. */
async function readUsage(trx: Transaction, windows: readonly UsageWindow[]): Promise<Reading[]> {
  const readings = await readCells(
    trx,
    windows.map((window) => ({ ...window, keys: [], detail: 'cells' })),
  );
  return readings.map((reading, index) => {
    const metric = { aggregation_type: (windows[index] as UsageWindow).aggregation_type, filters: {} };
    const { from, to } = windows[index] as UsageWindow;
    const span = { from, to, timezone: 'UTC', period_days: 31, started_at: from, is_ended_by_upgrade: false };
    const charge = {
      charge_model: 'standard',
      properties: { amount: '1' },
      filters: [],
      prorated: false,
      isPaidAsItComes: false,
      metric,
    } as const;
    const [bucket] = measure(charge, reading, span);
    assert(bucket);
    return { units: new Decimal(bucket.usage.units).toFixed(), events_count: bucket.usage.events_count };
  });
}

interface Sent {
  readonly timestamp?: string;
  readonly properties?: Record<string, unknown>;
}

describe('reading usage', () => {
  let database: TestDatabase;
  let organization_id: string;
  let events: EventWriter;
  let subscriptions = 0;

  before(async () => {
    database = await createTestDatabase();
    const at = '2026-01-01T00:00:00.000Z';
    const { organization } = await createOrganization(database.db, {
      name: 'Usage',
      sandbox: false,
      at,
      secret: TEST_SECRET,
    });
    organization_id = organization.id;
    events = createEventWriter(database.db);
  });
  after(() => database.drop());

  /** Sends events of a new subscription, in this order, and tells its external id. */
  async function send(list: readonly Sent[], code = 'storage'): Promise<string> {
    const external_subscription_id = `subscription-${++subscriptions}`;
    const rows = list.map(({ timestamp = DURING, properties = {} }, position): NewEvent => ({
      id: newId(),
      external_subscription_id,
      transaction_id: `transaction-${position}`,
      code,
      timestamp,
      properties,
      precise_total_amount_cents: null,
      metadata: { user_agent: null, ip_address: '127.0.0.1' },
      created_at: '2026-03-31T00:00:00.000Z',
    }));
    if (rows.length > 0) assert.deepEqual(await events.write(organization_id, rows), []);
    return external_subscription_id;
  }

  function windowOf(external_subscription_id: string, aggregation_type: SupportedAggregation): UsageWindow {
    return { external_subscription_id, code: 'storage', aggregation_type, field_name: 'value', from: FROM, to: TO };
  }

  const read = (...windows: UsageWindow[]) =>
    inOrganization(database.db, organization_id, (trx) => readUsage(trx, windows));

  const values = (...list: unknown[]): Sent[] => list.map((value) => ({ properties: { value } }));
  const operations = (...list: [value: unknown, operation_type?: string][]): Sent[] =>
    list.map(([value, operation_type], day) => ({
      timestamp: `2026-03-${String(day + 1).padStart(2, '0')}T00:00:00.000000Z`,
      properties: { value, ...(operation_type !== undefined && { operation_type }) },
    }));

  const cases: [fact: string, type: SupportedAggregation, sent: Sent[], units: string, events_count: number][] = [
    ['nothing sent, nothing counted', 'count_agg', [], '0', 0],
    ['each event counts, whatever its properties', 'count_agg', values(1, 'many', null), '3', 3],
    [
      'a window takes its beginning and leaves its end',
      'count_agg',
      ['2026-02-28T23:59:59.999999Z', '2026-03-01T00:00:00.000000Z', '2026-03-31T23:59:59.999999Z', '2026-04-01T00:00:00.000000Z'].map(
        (timestamp) => ({ timestamp }),
      ),
      '2',
      2,
    ],

    ['nothing sent sums to 0', 'sum_agg', [], '0', 0],
    ['numbers and numeric texts are equal', 'sum_agg', values(1.5, '2.25'), '3.75', 2],
    ['a sum is exact', 'sum_agg', values('0.1', '0.2', 0.3, '1e2'), '0.6', 3],
    ['a sum has more digits than a float', 'sum_agg', values('12345678901234567890.123456789', '0.00000000000000000001'), '12345678901234567890.12345678900000000001', 2],
    ['texts that are no plain numbers are ignored', 'sum_agg', values('1e3', '+5', '.5', '5.', ' 5', '5\n', '', 'five', '٣', '1_000', '0x10'), '0', 0],
    ['what is neither a number nor a text is ignored', 'sum_agg', values(null, true, [5], { of: 5 }), '0', 0],
    ['events without the property are ignored', 'sum_agg', [{ properties: { other: 5 } }, ...values(2)], '2', 1],
    ['a JSON number with an exponent counts in plain notation', 'sum_agg', values(1e21, 1e-7), '1000000000000000000000.0000001', 2],
    ['a sum can be negative', 'sum_agg', values(2, -5), '-3', 2],
    ['events that sum to 0 are still events', 'sum_agg', values(5, -5), '0', 2],
    ['a text of thousands of digits is no quantity', 'sum_agg', values('9'.repeat(5000), 1), '1', 1],

    ['nothing sent has the maximum 0', 'max_agg', [], '0', 0],
    ['numbers are compared as numbers', 'max_agg', values('9', '10', 9.5), '10', 3],
    ['the maximum of negative values is negative', 'max_agg', values(-2, -7), '-2', 2],

    ['nothing sent has the latest value 0', 'latest_agg', [], '0', 0],
    [
      'the latest value is that of the latest timestamp, not of the last reception',
      'latest_agg',
      [
        { timestamp: '2026-03-20T00:00:00.000001Z', properties: { value: 7 } },
        { timestamp: '2026-03-20T00:00:00.000000Z', properties: { value: 3 } },
      ],
      '7',
      2,
    ],
    ['of one instant the value received last is the latest', 'latest_agg', values(3, 8, 5), '5', 3],
    ['a latest value below 0 is 0', 'latest_agg', values(3, -1), '0', 2],
    ['a latest value that is no number is passed over', 'latest_agg', values(3, 'none'), '3', 1],

    ['nothing sent has no values', 'unique_count_agg', [], '0', 0],
    ['each value counts once', 'unique_count_agg', values('a', 'b', 'a', 'A'), '3', 3],
    ['numbers and their texts are one value', 'unique_count_agg', values(1, '1', '1.0'), '2', 2],
    ['events without the property share one value', 'unique_count_agg', [{}, {}, ...values(null, 'a')], '2', 2],
    ['a removed value does not count', 'unique_count_agg', operations(['a', 'add'], ['b'], ['a', 'remove']), '1', 1],
    ['a first removal is ignored', 'unique_count_agg', operations(['a', 'remove'], ['b', 'add']), '1', 1],
    ['two additions count once, and one removal takes them', 'unique_count_agg', operations(['a', 'add'], ['a', 'add'], ['a', 'remove']), '0', 0],
    ['added, removed and added again counts', 'unique_count_agg', operations(['a', 'add'], ['a', 'remove'], ['a', 'add']), '1', 1],
  ]; // prettier-ignore
  for (const [fact, type, sent, units, events_count] of cases)
    it(`${type}: ${fact}`, async () => {
      assert.deepEqual(await read(windowOf(await send(sent), type)), [{ units, events_count }]);
    });

  it('answers many windows in their order, each with its own rule', async () => {
    const one = await send(values(2, 3, 3));
    const other = await send(values(10));
    const windows = [
      ...addedUp.map((type) => windowOf(one, type)),
      windowOf(other, 'sum_agg'),
      { ...windowOf(one, 'sum_agg'), code: 'unknown' },
      { ...windowOf(one, 'sum_agg'), field_name: 'unknown' },
      { ...windowOf(one, 'count_agg'), field_name: null, to: FROM },
    ];
    const units = (await read(...windows)).map((reading) => reading.units);
    assert.deepEqual(units, ['3', '8', '3', '3', '2', '10', '0', '0', '0']);
    assert.deepEqual(await read(), []);
  });

  it('sees no events of another organization', async () => {
    const subscription = await send(values(5));
    const { organization } = await createOrganization(database.db, {
      name: 'Other',
      sandbox: false,
      at: FROM,
      secret: TEST_SECRET,
    });
    const readings = await inOrganization(database.db, organization.id, (trx) =>
      readUsage(trx, [windowOf(subscription, 'sum_agg')]),
    );
    assert.deepEqual(readings, [{ units: '0', events_count: 0 }]);
  });

  it('equals a naive computation, whatever is sent', async () => {
    const value = fc.oneof(
      fc.integer({ min: -20, max: 20 }),
      fc.constantFrom('1.5', '-2.25', '007', 'x', '', null, '1e3', '0.000000000000000000000001'),
    );
    const sent = fc.record(
      {
        timestamp: fc.integer({ min: -2, max: 33 }).map((day) => fromMilliseconds(Date.parse(FROM) + day * 86_400_000)),
        properties: fc.record({ value, operation_type: fc.constantFrom('add', 'remove') }, { requiredKeys: [] }),
      },
      { requiredKeys: ['timestamp', 'properties'] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { maxLength: 30 }), async (list) => {
        const subscription = await send(list);
        const readings = await read(...addedUp.map((type) => windowOf(subscription, type)));
        for (const [position, type] of addedUp.entries()) {
          const expected = naively(list, type);
          const { units, events_count } = readings[position] ?? assert.fail();
          assert.equal(units, new Decimal(expected.units).toFixed(), type);
          assert.equal(events_count, expected.events_count, type);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** Walks the events one by one, as the rules are told. */
function naively(list: readonly Sent[], type: AggregationType): { units: Decimal | number; events_count: number } {
  const walked = list
    .filter(({ timestamp = '' }) => timestamp >= FROM && timestamp < TO)
    .map((event, position) => ({ ...event, position, value: event.properties?.['value'] }))
    .sort((a, b) => (a.timestamp ?? '').localeCompare(b.timestamp ?? '') || a.position - b.position);
  const numbers = walked
    .filter(({ value }) => value !== null && value !== undefined && /^-?\d+(\.\d+)?$/.test(String(value)))
    .map(({ value }) => new Decimal(String(value)));
  const events_count = numbers.length;
  switch (type) {
    case 'count_agg':
      return { units: walked.length, events_count: walked.length };
    case 'sum_agg':
      return { units: sum(numbers), events_count };
    case 'max_agg':
      return { units: events_count === 0 ? 0 : Decimal.max(...numbers), events_count };
    case 'latest_agg':
      return { units: Decimal.max(numbers.at(-1) ?? 0, 0), events_count };
    default: {
      const present = new Set<string>();
      let units = 0;
      for (const { value, properties } of walked) {
        const text = JSON.stringify(value === undefined || value === null ? null : String(value));
        const removes = properties?.['operation_type'] === 'remove';
        if (removes && present.delete(text)) units -= 1;
        if (!removes && !present.has(text)) units += 1;
        if (!removes) present.add(text);
      }
      return { units, events_count: units };
    }
  }
}
