import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import {
  addDays,
  addMonths,
  countDays,
  daysBetween,
  isTimeZone,
  localDate,
  spanDays,
  startOfDay,
} from '../../../billing/clock/calendar.ts';

describe('a local day', () => {
  const starts: [date: string, timezone: string, start: string][] = [
    ['2024-03-01', 'UTC', '2024-03-01T00:00:00.000Z'],
    ['2024-03-01', 'America/New_York', '2024-03-01T05:00:00.000Z'],
    ['2024-03-10', 'America/New_York', '2024-03-10T05:00:00.000Z'],
    ['2024-03-11', 'America/New_York', '2024-03-11T04:00:00.000Z'],
    ['2024-03-01', 'Asia/Kathmandu', '2024-02-29T18:15:00.000Z'],
    // Clocks skip from 00:00 to 01:00.
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
    ['2024-03-31', 'Asia/Beirut', '2024-03-30T22:00:00.000Z'],
    ['2023-04-28', 'Africa/Cairo', '2023-04-27T22:00:00.000Z'],
    ['2024-09-08', 'America/Santiago', '2024-09-08T04:00:00.000Z'],
    // Clocks go back from 24:00 to 23:00, and from 01:00 to 00:00: the day begins at the only, or the first, midnight.
    ['2018-02-18', 'America/Sao_Paulo', '2018-02-18T03:00:00.000Z'],
    ['2024-11-03', 'America/Havana', '2024-11-03T04:00:00.000Z'],
    // Samoa went over the date line and never had its 30 December 2011.
    ['2011-12-29', 'Pacific/Apia', '2011-12-29T10:00:00.000Z'],
    ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    ['2011-12-31', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    // Half an hour of daylight saving.
    ['2024-04-07', 'Australia/Lord_Howe', '2024-04-06T13:00:00.000Z'],
    ['2024-04-08', 'Australia/Lord_Howe', '2024-04-07T13:30:00.000Z'],
  ];
  for (const [date, timezone, start] of starts) {
    it(`${date} begins in ${timezone} at ${start}`, () => assert.equal(startOfDay(date, timezone), start));
  }

  it('is what clocks on the wall show', () => {
    assert.equal(localDate('2022-03-01T00:00:00.000Z', 'America/New_York'), '2022-02-28');
    assert.equal(localDate('2023-06-16T20:00:00.000Z', 'Asia/Karachi'), '2023-06-17');
    assert.equal(localDate('2011-12-30T09:59:59.999Z', 'Pacific/Apia'), '2011-12-29');
    assert.equal(localDate('2011-12-30T10:00:00.000Z', 'Pacific/Apia'), '2011-12-31');
  });

  it('is moved by days and by months', () => {
    assert.equal(addDays('2024-02-28', 2), '2024-03-01');
    assert.equal(addMonths('2024-01-31', 1), '2024-02-29');
    assert.equal(addMonths('2024-02-29', 12), '2025-02-28');
    assert.equal(addMonths('2024-02-29', 1, 31), '2024-03-31');
    assert.equal(addMonths('2024-03-31', 1, 31), '2024-04-30');
    assert.equal(daysBetween('2024-01-01', '2025-01-01'), 366);
    assert.equal(daysBetween('2024-03-01', '2024-02-01'), -29);
  });
});

describe('a time zone', () => {
  for (const name of ['UTC', 'Europe/Paris', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5', 'Asia/Kolkata']) {
    it(`can be ${name}`, () => assert.equal(isTimeZone(name), true));
  }
  for (const text of ['', '+02:00', 'Europe/Atlantis', ' UTC', 'UTC; drop table', '2024-01-01']) {
    it(`is never "${text}"`, () => assert.equal(isTimeZone(text), false));
  }
});

describe('counting days', () => {
  const cases: [from: string, to_inclusive: string, timezone: string, days: number][] = [
    ['2024-05-01T00:00:00.000Z', '2024-05-01T23:59:59.000Z', 'UTC', 1],
    ['2023-02-01T00:00:00.000Z', '2023-02-28T23:59:59.000Z', 'UTC', 28],
    ['2024-03-15T12:12:00.000Z', '2024-03-31T23:59:59.000Z', 'UTC', 17],
    ['2024-05-01T00:00:00.000Z', '2024-05-31T23:59:59.999Z', 'UTC', 31],
    ['2024-05-01T00:00:00.000Z', '2024-05-01T00:00:00.000Z', 'UTC', 1],
    ['2024-05-01T00:00:00.000Z', '2024-05-02T00:00:00.000Z', 'UTC', 2],
    ['2024-09-16T10:00:00.000Z', '2024-09-30T23:59:59.000Z', 'UTC', 15],
    // By the formula, although three dates are touched.
    ['2024-09-16T23:00:00.000Z', '2024-09-18T01:00:00.000Z', 'UTC', 2],
    ['2024-05-02T00:00:00.000Z', '2024-05-01T00:00:00.000Z', 'UTC', 0],
    // Both changes of the clocks: 31 and 30 days whatever their hours.
    ['2024-03-01T05:00:00.000Z', '2024-04-01T03:59:59.999Z', 'America/New_York', 31],
    ['2024-11-01T04:00:00.000Z', '2024-12-01T04:59:59.999Z', 'America/New_York', 30],
    // Local midnight is what begins a day, not midnight in UTC.
    ['2024-09-05T00:00:00.000Z', '2024-09-05T22:00:00.000Z', 'Europe/Paris', 1],
    ['2024-09-04T22:00:00.000Z', '2024-09-05T22:00:00.000Z', 'Europe/Paris', 2],
    // 4 November 2018 began at 01:00 on the clocks of Sao Paulo; half past midnight of the 6th is still a third day.
    ['2018-11-04T03:00:00.000Z', '2018-11-06T02:30:00.000Z', 'America/Sao_Paulo', 3],
    ['2018-11-03T03:00:00.000Z', '2018-11-04T03:00:00.000Z', 'America/Sao_Paulo', 2],
    ['2018-02-17T02:00:00.000Z', '2018-02-18T02:59:59.999Z', 'America/Sao_Paulo', 1],
  ];
  for (const [from, to, timezone, days] of cases) {
    it(`finds ${days} from ${from} to ${to} in ${timezone}`, () => assert.equal(countDays(from, to, timezone), days));
  }

  it('leaves out the day that begins where a half-open span ends', () => {
    assert.equal(spanDays({ from: '2023-02-01T00:00:00.000Z', to: '2023-03-01T00:00:00.000Z' }, 'UTC'), 28);
    assert.equal(spanDays({ from: '2023-02-01T00:00:00.000Z', to: '2023-02-01T00:00:00.000Z' }, 'UTC'), 0);
    assert.equal(spanDays({ from: '2023-02-01T00:00:00.000Z', to: '2023-02-08T00:00:00.001Z' }, 'UTC'), 8);
  });
});
