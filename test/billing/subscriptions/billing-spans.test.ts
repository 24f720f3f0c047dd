import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { carriesFee } from '../../../billing/subscriptions/billing-spans.ts';
import { describeSpans, occasion } from './stories.ts';

const arrears = { interval: 'monthly', mode: 'calendar', pay: 'arrears', started_at: '2021-02-02' } as const;
const from31 = {
  interval: 'monthly',
  mode: 'anniversary',
  pay: 'arrears',
  started_at: '2024-01-31T01:00',
} as const;
const from30 = { interval: 'monthly', mode: 'anniversary', pay: 'advance', started_at: '2024-01-30' } as const;
const year = {
  interval: 'yearly',
  mode: 'anniversary',
  pay: 'advance',
  charges_monthly: true,
  started_at: '2024-01-31T01:00',
} as const;
const quarter = { interval: 'quarterly', mode: 'anniversary', started_at: '2021-02-02' } as const;

describeSpans('the spans of an invoice', [
  [
    '1: a calendar month in arrears',
    { ...arrears, at: '2022-03-01', last_periodic_at: '2022-02-01' },
    '2022-02-01T00:00:00Z → 2022-02-28T23:59:59Z',
    'same',
    28,
  ],
  [
    '2: its first part: the fee from midnight, usage from the second of the start',
    { ...arrears, started_at: '2022-02-07T05:00', at: '2022-03-01' },
    '2022-02-07T00:00:00Z → 2022-02-28T23:59:59Z',
    '2022-02-07T05:00:00Z → 2022-02-28T23:59:59Z',
    28,
  ],
  [
    '3: a calendar month in advance, with the usage of the one before',
    { ...arrears, pay: 'advance', started_at: '2023-06-16', at: '2024-02-01' },
    '2024-02-01T00:00:00Z → 2024-02-29T23:59:59Z',
    '2024-01-01T00:00:00Z → 2024-01-31T23:59:59Z',
    29,
  ],
  [
    '4: a calendar month in New York',
    { ...arrears, timezone: 'America/New_York', at: '2022-03-01T05:00' },
    '2022-02-01T05:00:00Z → 2022-03-01T04:59:59Z',
    'same',
    28,
  ],
  [
    '5: an anniversary month in arrears',
    { ...arrears, mode: 'anniversary', at: '2022-03-02' },
    '2022-02-02T00:00:00Z → 2022-03-01T23:59:59Z',
    'same',
    28,
  ],
  [
    '6: an anniversary month in advance',
    { ...arrears, mode: 'anniversary', pay: 'advance', at: '2022-03-02' },
    '2022-03-02T00:00:00Z → 2022-04-01T23:59:59Z',
    '2022-02-02T00:00:00Z → 2022-03-01T23:59:59Z',
    31,
  ],
  [
    '7: the first month from a 31st',
    { ...from31, at: '2024-02-29' },
    '2024-01-31T00:00:00Z → 2024-02-28T23:59:59Z',
    '2024-01-31T01:00:00Z → 2024-02-28T23:59:59Z',
    29,
  ],
  ['8: the second month', { ...from31, at: '2024-03-31' }, '2024-02-29T00:00:00Z → 2024-03-30T23:59:59Z', 'same', 31],
  ['9: the third month', { ...from31, at: '2024-04-30' }, '2024-03-31T00:00:00Z → 2024-04-29T23:59:59Z', 'same', 30],
  [
    '10: the creation of a plan in advance',
    { ...from30, reason: 'starting', at: '2024-01-30' },
    '2024-01-30T00:00:00Z → 2024-02-28T23:59:59Z',
    'empty',
    30,
  ],
  [
    '11: its first renewal',
    { ...from30, at: '2024-02-29' },
    '2024-02-29T00:00:00Z → 2024-03-29T23:59:59Z',
    '2024-01-30T00:00:00Z → 2024-02-28T23:59:59Z',
    30,
  ],
  [
    '12: its second renewal',
    { ...from30, at: '2024-03-30' },
    '2024-03-30T00:00:00Z → 2024-04-29T23:59:59Z',
    '2024-02-29T00:00:00Z → 2024-03-29T23:59:59Z',
    31,
  ],
  [
    '13: a week in Denver begins on the evening before in UTC',
    {
      interval: 'weekly',
      mode: 'calendar',
      pay: 'advance',
      timezone: 'America/Denver',
      started_at: '2023-06-16T05:00',
      reason: 'starting',
      at: '2023-06-16T05:00',
    },
    '2023-06-15T06:00:00Z → 2023-06-19T05:59:59Z',
    'empty',
    7,
  ],
  [
    '14: a week in Karachi begins on the day after in UTC',
    {
      interval: 'weekly',
      mode: 'calendar',
      pay: 'advance',
      timezone: 'Asia/Karachi',
      started_at: '2023-06-16T20:00',
      reason: 'starting',
      at: '2023-06-16T20:00',
    },
    '2023-06-16T19:00:00Z → 2023-06-18T18:59:59Z',
    'empty',
    7,
  ],
  [
    '15: a calendar quarter in arrears',
    { ...quarter, mode: 'calendar', pay: 'arrears', at: '2022-07-01' },
    '2022-04-01T00:00:00Z → 2022-06-30T23:59:59Z',
    'same',
    91,
  ],
  [
    '16: an anniversary quarter in arrears',
    { ...quarter, pay: 'arrears', at: '2022-05-02' },
    '2022-02-02T00:00:00Z → 2022-05-01T23:59:59Z',
    'same',
    89,
  ],
  [
    '16: the same in a leap year',
    { ...quarter, pay: 'arrears', at: '2024-05-02' },
    '2024-02-02T00:00:00Z → 2024-05-01T23:59:59Z',
    'same',
    90,
  ],
  [
    '17: an anniversary quarter in advance',
    { ...quarter, pay: 'advance', at: '2022-05-02' },
    '2022-05-02T00:00:00Z → 2022-08-01T23:59:59Z',
    '2022-02-02T00:00:00Z → 2022-05-01T23:59:59Z',
    92,
  ],
  [
    '18: an anniversary half-year',
    { interval: 'semiannual', mode: 'anniversary', pay: 'arrears', started_at: '2024-01-31', at: '2024-07-31' },
    '2024-01-31T00:00:00Z → 2024-07-30T23:59:59Z',
    'same',
    182,
  ],
  [
    '19: an anniversary year in arrears',
    { ...year, pay: 'arrears', charges_monthly: false, at: '2025-01-31' },
    '2024-01-31T00:00:00Z → 2025-01-30T23:59:59Z',
    '2024-01-31T01:00:00Z → 2025-01-30T23:59:59Z',
    366,
  ],
  [
    '20: the creation of a year in advance with monthly charges',
    { ...year, reason: 'starting', at: '2024-01-31T01:00' },
    '2024-01-31T00:00:00Z → 2025-01-30T23:59:59Z',
    'empty',
    366,
  ],
  [
    '21: its first month',
    { ...year, at: '2024-02-29' },
    '2024-01-31T00:00:00Z → 2025-01-30T23:59:59Z',
    '2024-01-31T01:00:00Z → 2024-02-28T23:59:59Z',
    366,
  ],
  [
    '22: its renewal',
    { ...year, at: '2025-01-31' },
    '2025-01-31T00:00:00Z → 2026-01-30T23:59:59Z',
    '2024-12-31T00:00:00Z → 2025-01-30T23:59:59Z',
    365,
  ],
  [
    '23: a calendar month that a termination cuts off',
    { ...arrears, reason: 'terminating', at: '2022-03-09T15:30:10', last_periodic_at: '2022-03-01' },
    '2022-03-01T00:00:00Z → 2022-03-09T15:30:10Z',
    'same',
    31,
  ],
  [
    '24: an anniversary month that a termination cuts off',
    {
      ...arrears,
      mode: 'anniversary',
      started_at: '2021-03-31',
      reason: 'terminating',
      at: '2022-03-29T09:00',
      last_periodic_at: '2022-02-28',
    },
    '2022-02-28T00:00:00Z → 2022-03-29T09:00:00Z',
    'same',
    31,
  ],
  [
    'a monthly invoice in the first year in arrears: no finished year yet',
    { ...year, pay: 'arrears', at: '2024-02-29' },
    'empty',
    '2024-01-31T01:00:00Z → 2024-02-28T23:59:59Z',
    365,
  ],
  [
    'a monthly invoice in the second year in arrears: the finished one',
    { ...year, pay: 'arrears', at: '2025-03-31' },
    '2024-01-31T00:00:00Z → 2025-01-30T23:59:59Z',
    '2025-02-28T00:00:00Z → 2025-03-30T23:59:59Z',
    366,
  ],
  [
    'the end of a trial: the running period, without usage',
    { ...from30, mode: 'calendar', reason: 'starting', at: '2024-02-11T12:00' },
    '2024-02-01T00:00:00Z → 2024-02-29T23:59:59Z',
    'empty',
    29,
  ],
]);

describe('an invoice', () => {
  it('have a fee on the invoices of the plan’s own boundaries only', () => {
    assert.equal(carriesFee(occasion({ ...year, reason: 'starting', at: '2024-01-31T01:00' })), true);
    assert.equal(carriesFee(occasion({ ...year, at: '2024-02-29' })), false);
    assert.equal(carriesFee(occasion({ ...year, at: '2025-01-31' })), true);
    assert.equal(carriesFee(occasion({ ...year, reason: 'terminating', at: '2024-02-29T10:00' })), true);
    assert.equal(carriesFee(occasion({ ...arrears, at: '2022-03-01' })), true);
  });
});
