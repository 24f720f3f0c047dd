import assert from 'node:assert/strict';
import { priceCharge } from '../../../billing/charge-models/price-charge.ts';
import { Decimal } from '../../../billing/money/decimal.ts';
import { type MeasuredCharge, measure, needsEvents } from '../../../billing/usage/measure.ts';
import type { UsageCell, UsageEvent } from '../../../billing/usage/reading.ts';

const FROM = '2026-03-01T00:00:00.000Z';
const span = { from: FROM, to: '2026-04-01T00:00:00.000Z', timezone: 'UTC', period_days: 31, started_at: FROM, is_ended_by_upgrade: false }; // prettier-ignore

function charge(changes: Partial<MeasuredCharge> = {}): MeasuredCharge {
  return {
    charge_model: 'standard',
    properties: { amount: '1' },
    filters: [],
    prorated: false,
    isPaidAsItComes: false,
    metric: { aggregation_type: 'sum_agg', filters: {} },
    ...changes,
  };
}

function cell(sum: string, dimensions: Record<string, string | null> = {}): UsageCell {
  return { dimensions, events_count: 1, sum, max: null, latest: null, value: null, operation: 'add', dynamic_amount_cents: '0' }; // prettier-ignore
}

let ids = 0;
function event(value: string, operation: 'add' | 'remove' = 'add'): UsageEvent {
  ids += 1;
  return { id: String(ids), dimensions: {}, timestamp: '2026-03-02T00:00:00.000000Z', value, operation, precise_total_amount_cents: null }; // prettier-ignore
}

describe('what was used of a charge', () => {
  it('comes by groups: missing, empty and blank values are one', () => {
    const grouped = charge({ properties: { amount: '1', pricing_group_keys: ['cloud'] } });
    const cells = [
      cell('1', { cloud: 'aws' }),
      cell('2', { cloud: null }),
      cell('4', { cloud: '' }),
      cell('8', { cloud: '  ' }),
    ];
    const buckets = measure(grouped, { detail: 'cells', cells }, span);
    const found = buckets.map(({ grouped_by, usage }) => [grouped_by['cloud'], new Decimal(usage.units).toNumber()]);
    assert.deepEqual(new Map(found as [string | null, number][]), new Map([['aws', 1], [null, 14]])); // prettier-ignore
  });

  it('comes by filters, each with its own groups, and what none of them matches', () => {
    const filter = { id: 'f', values: { cloud: ['aws'], region: ['__ALL_FILTER_VALUES__'] }, invoice_display_name: null, properties: { amount: '12', pricing_group_keys: ['country'] } }; // prettier-ignore
    const filtered = charge({ filters: [filter], metric: { aggregation_type: 'sum_agg', filters: { cloud: ['aws', 'gcp'], region: ['us', 'europe', 'asia'] } } }); // prettier-ignore
    const cells = [
      cell('10', { cloud: 'aws', region: 'us', country: 'us' }),
      cell('10', { cloud: 'aws', region: 'europe', country: 'france' }),
      cell('10', { cloud: 'aws', region: 'asia', country: null }),
      cell('10', { cloud: 'gcp', region: 'asia', country: 'china' }),
    ];
    const buckets = measure(filtered, { detail: 'cells', cells }, span);
    const amounts = buckets.map(({ filter: of, grouped_by, usage }) => [
      of?.id ?? null,
      grouped_by,
      priceCharge({ ...usage, charge_model: 'standard', properties: of?.properties ?? { amount: '10' }, currency: 'EUR' }).amount_cents, // prettier-ignore
    ]);
    assert.deepEqual(amounts.filter(([of]) => of === 'f').map(([, , cents]) => cents), [12_000, 12_000, 12_000]); // prettier-ignore
    assert.deepEqual(amounts.filter(([of]) => of === null), [[null, {}, 10_000]]); // prettier-ignore
  });

  it('is one result of nothing when there was no event', () => {
    const [bucket, ...more] = measure(charge(), { detail: 'cells', cells: [] }, span);
    assert.deepEqual([bucket?.usage.events_count, more.length], [0, 0]);
  });
});

describe('current usage of what is paid as it comes', () => {
  const paid = charge({ isPaidAsItComes: true });
  const uniquePaid = charge({ isPaidAsItComes: true, metric: { aggregation_type: 'unique_count_agg', filters: {} } });

  const cases: [string, MeasuredCharge, UsageEvent[], string, number][] = [
    ['a removal shows fewer units and takes back no amount', paid, [event('10'), event('-4')], '6', 1000],
    ['what is added again up to the most that was there costs nothing', paid, [event('10'), event('-4'), event('3')], '9', 1000],
    ['what goes beyond it does', paid, [event('10'), event('-4'), event('8')], '14', 1400],
    ['a value that was removed has been paid for', uniquePaid, [event('a'), event('a', 'remove'), event('b')], '1', 100],
    ['a value counts once', uniquePaid, [event('a'), event('a'), event('b')], '2', 200],
  ]; // prettier-ignore
  const before = (of: UsageEvent): UsageEvent => ({ ...of, timestamp: '2026-02-10T00:00:00.000000Z' });
  const prorated = { ...paid, prorated: true };
  const day = (of: UsageEvent, date: string): UsageEvent => ({ ...of, timestamp: `2026-03-${date}T10:00:00.000000Z` });
  cases.push(
    ['what was there before the period has been paid for', paid, [before(event('5')), event('2')], '7', 700],
    ['what was there before the period may go', paid, [before(event('5')), event('-2')], '3', 300],
    ['prorated: what was there is paid for whole, and the rest from its day on', prorated, [before(event('5')), day(event('2'), '16')], '7', 603],
    ['prorated: a removal takes nothing back', prorated, [before(event('5')), event('-2')], '3', 500],
  ); // prettier-ignore
  for (const [fact, of, events, units, amount_cents] of cases)
    it(fact, () => {
      assert.ok(needsEvents(of));
      const [bucket] = measure(of, { detail: 'events', events }, span);
      assert.ok(bucket);
      const fee = priceCharge({
        ...bucket.usage,
        charge_model: 'standard',
        properties: of.properties,
        currency: 'EUR',
      });
      assert.deepEqual([fee.units, fee.amount_cents], [units, amount_cents]);
    });
});
