import assert from 'node:assert/strict';
import { graduated } from '../../../billing/charge-models/graduated.ts';
import { Decimal } from '../../../billing/money/decimal.ts';
import type { UsageEvent } from '../../../billing/usage/reading.ts';
import {
  type MeasuredSpan,
  daysUsed,
  proratedSum,
  proratedUniqueCount,
  proratedUniqueCountChanges,
  weightedSum,
} from '../../../billing/usage/time-weighted.ts';

function span(from: string, to: string, period_days: number, timezone = 'UTC'): MeasuredSpan {
  const instant = (text: string): string => (text.length === 10 ? `${text}T00:00:00.000Z` : text);
  return {
    from: instant(from),
    to: instant(to),
    timezone,
    period_days,
    started_at: instant(from),
    is_ended_by_upgrade: false,
  };
}

function event(
  timestamp: string,
  value: string | number | null,
  operation: UsageEvent['operation'] = 'add',
): UsageEvent {
  const at = timestamp.length === 10 ? `${timestamp}T12:00:00` : timestamp;
  return {
    id: `${at} ${value}`,
    timestamp: `${at}.000000Z`,
    value: value === null ? null : String(value),
    operation,
    dimensions: {},
    precise_total_amount_cents: null,
  };
}

describe('a prorated sum', () => {
  const may = span('2024-05-01', '2024-06-01', 31);

  it('counts what was carried over for the whole span, and each event from its day on', () => {
    const events = [
      event('2024-04-03', '2.5'),
      event('2024-04-20', '2.5'),
      event('2024-05-26', 12),
      event('2024-05-26', 12),
    ];
    const usage = proratedSum(events, may);
    assert.equal(usage.units.toFixed(), '9.64517'); // 5 + 24 × 6/31
    assert.equal(usage.full_units.toFixed(), '29');
  });

  it('divides last: seats of 20, 19, 18, 17 and 16 of 30 days are 3 exactly', () => {
    const june = span('2024-06-01', '2024-07-01', 30);
    const events = [11, 12, 13, 14, 15].map((day) => event(`2024-06-${day}`, 1));
    assert.equal(proratedSum(events, june).units.toFixed(), '3');
  });

  it('counts the day of a termination', () => {
    const ended = span('2024-07-01', '2024-07-15T10:00:00.001Z', 31);
    assert.equal(proratedSum([event('2024-06-11', 5)], ended).units.toFixed(), '2.41936'); // 5 × 15/31
  });

  it('leaves the day of an upgrade to the next plan for what was carried over, not for the events of the period', () => {
    const upgraded = { ...span('2024-10-01', '2024-10-18T05:20:00.000Z', 31), is_ended_by_upgrade: true };
    const usage = proratedSum([event('2024-09-05', 75), event('2024-10-17', 20)], upgraded);
    assert.equal(usage.units.toFixed(), new Decimal(75).times(17).plus(20 * 2).div(31).toDecimalPlaces(5, Decimal.ROUND_CEIL).toFixed()); // prettier-ignore
  });

  it('counts by the days of the customer', () => {
    const april = span('2024-03-31T22:00:00.000Z', '2024-04-30T22:00:00.000Z', 30, 'Europe/Paris');
    assert.equal(proratedSum([event('2024-04-29T22:30:00', 30)], april).units.toFixed(), '1'); // The 30th there: 30 × 1/30
  });
});

describe('a prorated unique count', () => {
  const august = span('2024-08-01', '2024-09-01', 31);

  it('counts each value for the days it was there, added and removed days included', () => {
    const events = [
      event('2024-08-16T08:00:00', 'a'),
      event('2024-08-16T09:00:00', 'b'),
      event('2024-08-16T10:00:00', 'b', 'remove'),
      event('2024-08-16T11:00:00', 'b'),
      event('2024-08-18T09:00:00', 'b', 'remove'),
      event('2024-08-18', 'c'),
      event('2024-08-19', 'd'),
      event('2024-08-20', 'e'),
    ];
    const usage = proratedUniqueCount(events, august);
    assert.equal(usage.units.toFixed(), new Decimal(16 + 3 + 14 + 13 + 12).div(31).toDecimalPlaces(5, Decimal.ROUND_CEIL).toFixed()); // prettier-ignore
    assert.equal(usage.full_units.toFixed(), '4');
  });

  it('counts nothing for what was removed before the period', () => {
    const events = [event('2024-07-02', 'a'), event('2024-07-20', 'a', 'remove')];
    assert.equal(proratedUniqueCount(events, august).units.toFixed(), '0');
    assert.deepEqual(proratedUniqueCountChanges(events, august), []);
  });

  it('counts one day for a value added and removed on it', () => {
    const events = [event('2024-08-10T08:00:00', 'a'), event('2024-08-10T18:00:00', 'a', 'remove')];
    assert.equal(proratedUniqueCount(events, august).units.toFixed(), '0.03226');
  });
});

describe('a weighted sum', () => {
  const august = span('2023-08-01', '2023-09-01', 31);

  it('is the running total averaged over the seconds of the period', () => {
    const events = [
      event('2023-08-01T00:00:00', 2),
      event('2023-08-01T01:00:00', 3),
      event('2023-08-01T01:30:00', 1),
      event('2023-08-01T02:00:00', -4),
      event('2023-08-01T04:00:00', -2),
      event('2023-08-01T05:00:00', 10),
      event('2023-08-01T05:30:00', -10),
    ];
    const usage = weightedSum(events, august, { isGrouped: false });
    assert.equal(usage.units.toDecimalPlaces(5).toFixed(), '0.02218'); // 16.5 / 744
    assert.equal(usage.total_aggregated_units?.toFixed(), '0');
  });

  it('is the whole value when it was there all the time', () => {
    assert.equal(
      weightedSum([event('2023-08-01T00:00:00', 1000)], august, { isGrouped: false }).units.toFixed(),
      '1000',
    );
  });

  it('goes on from the total before the period', () => {
    const usage = weightedSum([event('2023-07-10', 1000)], august, { isGrouped: false });
    assert.deepEqual(
      [usage.units.toFixed(), usage.total_aggregated_units?.toFixed(), usage.events_count],
      ['1000', '1000', 0],
    );
  });
});

describe('prorated graduated prices', () => {
  const properties = {
    graduated_ranges: [
      { from_value: 0, to_value: 5, per_unit_amount: '10', flat_amount: '100' },
      { from_value: 6, to_value: null, per_unit_amount: '5', flat_amount: '50' },
    ],
  };
  const cases: [string, number[], string[], string][] = [
    ['a', [5, 5, 10, -6], ['3.5', '2.66667', '2', '-2.2'], '197.33'],
    ['b', [2, 5, 10, -6], ['1.4', '2.66667', '2', '-2.2'], '184.33'],
    ['c', [5, -2], ['3.5', '-1'], '125'],
    ['d', [4, 2, -3], ['2.8', '1', '-0.6'], '180.5'],
    ['e', [5, 2, -4, 10], ['3.5', '1', '-1.6', '2'], '190'],
    ['f', [1, 4, 1, -5, -1], ['0.7097', '1.54839', '0.2258', '-0.80645', '-0.0645'], '165.81'],
    ['g', [5, -100], ['2', '-33.33'], '0'],
    ['h', [1], ['0.7'], '107'],
    ['no events', [], [], '100'],
  ];
  for (const [name, units, prorated, amount] of cases)
    it(`case ${name} costs ${amount}`, () => {
      const price = graduated.price({
        units: new Decimal(0),
        events_count: units.length,
        currency: 'EUR',
        properties,
        prorated_changes: units.map((one, index) => ({
          units: new Decimal(one),
          prorated: new Decimal(prorated[index] ?? 0),
        })),
      });
      assert.equal(price.amount.toDecimalPlaces(2).toFixed(), amount);
    });
});

describe('the days that units were there', () => {
  const may = span('2024-05-01', '2024-06-01', 31);
  const partsOf = (...terms: Parameters<typeof daysUsed>): [string, number][] =>
    daysUsed(...terms).map(({ units, days }) => [units.toFixed(), days]);
  const prorated = (parts: readonly [string, number][]): string =>
    parts
      .reduce((total, [units, days]) => total.plus(new Decimal(units).times(days)), new Decimal(0))
      .div(31)
      .toDecimalPlaces(5, Decimal.ROUND_CEIL)
      .toFixed();

  it('add up to a prorated sum', () => {
    const events = [event('2024-04-03', '2.5'), event('2024-04-20', '2.5'), event('2024-05-26', 12), event('2024-05-26', 12)]; // prettier-ignore
    const parts = partsOf('sum_agg', events, may);
    assert.deepEqual(parts, [['5', 31], ['24', 6]]); // prettier-ignore
    assert.equal(prorated(parts), proratedSum(events, may).units.toFixed());
  });

  it('add up to a prorated unique count', () => {
    const events = [event('2024-04-03', 'a'), event('2024-05-22', 'b'), event('2024-05-22', 'c'), event('2024-05-26', 'a', 'remove')]; // prettier-ignore
    const parts = partsOf('unique_count_agg', events, may);
    assert.deepEqual(parts, [['1', 26], ['2', 10]]); // prettier-ignore
    assert.equal(prorated(parts), proratedUniqueCount(events, may).units.toFixed());
  });

  it('leave out what was taken back', () => {
    const events = [event('2024-05-26', 12), event('2024-05-26', -12)];
    assert.deepEqual(partsOf('sum_agg', events, may), []);
  });
});
