import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { spanDays, startOfDay } from '../../../billing/clock/calendar.ts';
import {
  type BillingTime,
  type Interval,
  type Terms,
  chargesTerms,
  nextBoundary,
  nextPeriod,
  periodAt,
  previousPeriod,
} from '../../../billing/subscriptions/periods.ts';
import { anyInstant, anyTerms, timezones } from './arbitraries.ts';

function terms(interval: Interval, billing_time: BillingTime, subscription_at: string, timezone = 'UTC'): Terms {
  return { interval, billing_time, subscription_at: `${subscription_at}.000Z`, timezone };
}

describe('a billing period', () => {
  const leapDay = '2024-02-29T10:00:00';
  const cases: [terms: Terms, at: string, from_date: string, to_date: string, days: number][] = [
    [terms('weekly', 'calendar', leapDay), '2024-02-29T00:00:00', '2024-02-26', '2024-03-04', 7],
    [terms('weekly', 'calendar', leapDay), '2024-03-03T23:59:59', '2024-02-26', '2024-03-04', 7],
    [terms('weekly', 'calendar', leapDay), '2024-03-04T00:00:00', '2024-03-04', '2024-03-11', 7],
    [terms('weekly', 'anniversary', leapDay), '2024-03-06T00:00:00', '2024-02-29', '2024-03-07', 7],
    [terms('weekly', 'anniversary', leapDay), '2024-02-28T00:00:00', '2024-02-22', '2024-02-29', 7],
    [terms('monthly', 'calendar', leapDay), '2024-02-10T00:00:00', '2024-02-01', '2024-03-01', 29],
    [terms('monthly', 'anniversary', leapDay), '2025-02-28T00:00:00', '2025-02-28', '2025-03-29', 29],
    [terms('monthly', 'anniversary', leapDay), '2024-02-01T00:00:00', '2024-01-29', '2024-02-29', 31],
    [terms('monthly', 'anniversary', '2024-01-31T01:00:00'), '2024-02-28T00:00:00', '2024-01-31', '2024-02-29', 29],
    [terms('monthly', 'anniversary', '2024-01-31T01:00:00'), '2024-02-29T00:00:00', '2024-02-29', '2024-03-31', 31],
    [terms('monthly', 'anniversary', '2024-01-31T01:00:00'), '2024-04-29T00:00:00', '2024-03-31', '2024-04-30', 30],
    [terms('monthly', 'anniversary', '2021-03-31T00:00:00'), '2022-03-29T12:00:00', '2022-02-28', '2022-03-31', 31],
    [terms('quarterly', 'calendar', leapDay), '2022-06-30T23:59:59', '2022-04-01', '2022-07-01', 91],
    [terms('quarterly', 'anniversary', '2021-02-02T00:00:00'), '2022-05-01T00:00:00', '2022-02-02', '2022-05-02', 89],
    [terms('quarterly', 'anniversary', '2021-02-02T00:00:00'), '2024-05-01T00:00:00', '2024-02-02', '2024-05-02', 90],
    [terms('quarterly', 'anniversary', '2021-02-02T00:00:00'), '2022-05-02T00:00:00', '2022-05-02', '2022-08-02', 92],
    [terms('quarterly', 'anniversary', '2023-11-30T00:00:00'), '2024-02-29T00:00:00', '2024-02-29', '2024-05-30', 91],
    [terms('semiannual', 'calendar', leapDay), '2024-12-31T00:00:00', '2024-07-01', '2025-01-01', 184],
    [terms('semiannual', 'anniversary', '2024-01-31T00:00:00'), '2024-07-30T00:00:00', '2024-01-31', '2024-07-31', 182],
    [terms('yearly', 'calendar', leapDay), '2024-12-31T23:59:59', '2024-01-01', '2025-01-01', 366],
    [terms('yearly', 'anniversary', leapDay), '2025-02-27T23:59:59', '2024-02-29', '2025-02-28', 365],
    [terms('yearly', 'anniversary', leapDay), '2025-02-28T00:00:00', '2025-02-28', '2026-02-28', 365],
    [terms('yearly', 'anniversary', leapDay), '2028-02-29T00:00:00', '2028-02-29', '2029-02-28', 365],
    [terms('yearly', 'anniversary', '2024-01-31T01:00:00'), '2025-01-30T00:00:00', '2024-01-31', '2025-01-31', 366],
    // The day of the subscription is the local one.
    [
      terms('weekly', 'calendar', '2023-06-16T05:00:00', 'America/Denver'),
      '2023-06-16T05:00:00',
      '2023-06-12',
      '2023-06-19',
      7,
    ],
    [
      terms('monthly', 'anniversary', '2024-03-01T03:00:00', 'America/New_York'),
      '2024-03-01T03:00:00',
      '2024-02-29',
      '2024-03-29',
      29,
    ],
    [
      terms('monthly', 'calendar', '2021-02-02T00:00:00', 'America/New_York'),
      '2022-03-01T00:00:00',
      '2022-02-01',
      '2022-03-01',
      28,
    ],
  ];
  for (const [given, at, from_date, to_date, days] of cases) {
    const name = `${given.interval} ${given.billing_time} from ${given.subscription_at} (${given.timezone}) at ${at}`;
    it(`${name} runs from ${from_date} until ${to_date}`, () => {
      assert.deepEqual(periodAt(given, `${at}.000Z`), {
        from: startOfDay(from_date, given.timezone),
        to: startOfDay(to_date, given.timezone),
        from_date,
        to_date,
        days,
      });
    });
  }

  it('has no day that its place never had', () => {
    const apia = terms('weekly', 'anniversary', '2011-12-09T12:00:00', 'Pacific/Apia');
    assert.equal(periodAt(apia, '2011-12-24T12:00:00.000Z').days, 7);
    assert.equal(periodAt(apia, '2011-12-31T12:00:00.000Z').days, 6);
  });

  it('begins at local midnight, in winter and in summer', () => {
    const paris = terms('quarterly', 'calendar', '2024-01-01T00:00:00', 'Europe/Paris');
    const boundaries = ['2024-01-15T00:00:00.000Z'];
    for (let count = 0; count < 4; count += 1) boundaries.push(nextBoundary(paris, boundaries.at(-1)!));
    assert.deepEqual(boundaries.slice(1), [
      '2024-03-31T22:00:00.000Z',
      '2024-06-30T22:00:00.000Z',
      '2024-09-30T22:00:00.000Z',
      '2024-12-31T23:00:00.000Z',
    ]);
  });

  it('is followed by the next one strictly after its own beginning', () => {
    const month = terms('monthly', 'calendar', '2024-01-01T00:00:00');
    assert.equal(nextBoundary(month, '2024-01-31T23:59:59.999Z'), '2024-02-01T00:00:00.000Z');
    assert.equal(nextBoundary(month, '2024-02-01T00:00:00.000Z'), '2024-03-01T00:00:00.000Z');
  });

  it('of charges is a month when the plan bills them monthly, on the same nominal day', () => {
    const year = terms('yearly', 'anniversary', '2024-01-31T01:00:00');
    assert.equal(chargesTerms(year, false), year);
    assert.equal(chargesTerms(year, null), year);
    const dates: string[] = [];
    let month = periodAt(chargesTerms(year, true), '2024-01-31T00:00:00.000Z');
    for (; dates.length < 13; month = nextPeriod(chargesTerms(year, true), month)) dates.push(month.from_date);
    assert.deepEqual(dates.slice(0, 5), ['2024-01-31', '2024-02-29', '2024-03-31', '2024-04-30', '2024-05-31']);
    assert.equal(dates[12], '2025-01-31');
  });
});

describe('the periods of any terms', () => {
  it('tile time: no instant is in two of them or in none', () => {
    fc.assert(
      fc.property(anyTerms, anyInstant, (given, at) => {
        const period = periodAt(given, at);
        assert.ok(period.from <= at && at < period.to);
        assert.ok(period.days > 0);

        const next = nextPeriod(given, period);
        assert.equal(next.from, period.to);
        assert.equal(next.from_date, period.to_date);
        assert.deepEqual(previousPeriod(given, next), period);
      }),
      { numRuns: 1000 },
    );
  });

  it('begin at their boundaries', () => {
    fc.assert(
      fc.property(anyTerms, anyInstant, (given, at) => {
        const boundary = nextBoundary(given, at);
        assert.ok(boundary > at);
        assert.equal(periodAt(given, boundary).from, boundary);
      }),
      { numRuns: 500 },
    );
  });

  it('have as many days as are counted between their ends', () => {
    fc.assert(
      fc.property(anyTerms, anyInstant, (given, at) => {
        const period = periodAt(given, at);
        assert.equal(spanDays(period, given.timezone), period.days);
      }),
      { numRuns: 1000 },
    );
  });

  it('of a year and of its months share the beginning of the year', () => {
    fc.assert(
      fc.property(anyTerms, anyInstant, (given, at) => {
        if (given.interval === 'weekly') return;
        const period = periodAt(given, at);
        assert.equal(periodAt(chargesTerms(given, true), period.from).from, period.from);
      }),
      { numRuns: 300 },
    );
  });

  for (const timezone of timezones) {
    it(`follow each other through ten years in ${timezone}`, () => {
      const given = terms('monthly', 'anniversary', '2009-12-30T15:00:00', timezone);
      let period = periodAt(given, '2010-01-01T00:00:00.000Z');
      for (let count = 0; count < 120; count += 1) {
        const next = nextPeriod(given, period);
        assert.equal(next.from, period.to);
        assert.ok(next.days >= 28 && next.days <= 31);
        period = next;
      }
      assert.equal(period.from_date.slice(0, 7), periodAt(given, '2019-12-31T23:00:00.000Z').from_date.slice(0, 7));
    });
  }
});
