import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Span } from '../../../billing/clock/instant.ts';
import { billedDays, billingSpans } from '../../../billing/subscriptions/billing-spans.ts';
import { type Story, describeSpans, occasion } from './stories.ts';

const arrears = { interval: 'monthly', mode: 'calendar', pay: 'arrears', started_at: '2021-02-02' } as const;
const year = {
  interval: 'yearly',
  mode: 'anniversary',
  pay: 'advance',
  charges_monthly: true,
  started_at: '2024-01-31T01:00',
} as const;

describeSpans('the spans of a final invoice', [
  [
    'a year in arrears with monthly charges, terminated: the year so far, and the month so far',
    { ...year, pay: 'arrears', reason: 'terminating', at: '2024-05-10T12:00', last_periodic_at: '2024-04-30' },
    '2024-01-31T00:00:00Z → 2024-05-10T12:00:00Z',
    '2024-04-30T00:00:00Z → 2024-05-10T12:00:00Z',
    366,
  ],
  [
    'a monthly day of it, not billed yet, and terminated: the finished month',
    { ...year, pay: 'arrears', reason: 'terminating', at: '2024-04-30T12:00', last_periodic_at: '2024-03-31' },
    '2024-01-31T00:00:00Z → 2024-04-30T12:00:00Z',
    '2024-03-31T00:00:00Z → 2024-04-29T23:59:59Z',
    366,
  ],
  [
    'terminated on the first day of a period before the finished one was billed: that one in full',
    { ...arrears, reason: 'terminating', at: '2022-03-01T09:00', last_periodic_at: '2022-02-01' },
    '2022-02-01T00:00:00Z → 2022-02-28T23:59:59Z',
    'same',
    28,
  ],
  [
    'terminated on the first day of a period after the finished one was billed: that day',
    { ...arrears, reason: 'terminating', at: '2022-03-01T09:00', last_periodic_at: '2022-03-01' },
    '2022-03-01T00:00:00Z → 2022-03-01T09:00:00Z',
    'same',
    31,
  ],
  [
    'terminated on the second day of a period: never the finished one',
    { ...arrears, reason: 'terminating', at: '2022-03-02', last_periodic_at: '2022-02-01' },
    '2022-03-01T00:00:00Z → 2022-03-02T00:00:00Z',
    'same',
    31,
  ],
  [
    'terminated on the day of the start, a first of the month',
    { ...arrears, started_at: '2022-03-01T08:00', reason: 'terminating', at: '2022-03-01T09:00' },
    '2022-03-01T00:00:00Z → 2022-03-01T09:00:00Z',
    '2022-03-01T08:00:00Z → 2022-03-01T09:00:00Z',
    31,
  ],
  [
    'terminated on a first of the month on which it was created and backdated: periods before are never billed',
    { ...arrears, created_at: '2022-03-01T08:00', reason: 'terminating', at: '2022-03-01T09:00' },
    '2022-03-01T00:00:00Z → 2022-03-01T09:00:00Z',
    'same',
    31,
  ],
  [
    'in advance, terminated on the first day of a period before it was billed: no new period',
    { ...arrears, pay: 'advance', reason: 'terminating', at: '2022-03-01T09:00', last_periodic_at: '2022-02-01' },
    '2022-02-01T00:00:00Z → 2022-02-28T23:59:59Z',
    'same',
    28,
  ],
  [
    'in advance, terminated later: up to the instant',
    { ...arrears, pay: 'advance', reason: 'terminating', at: '2022-03-09T09:00', last_periodic_at: '2022-03-01' },
    '2022-03-01T00:00:00Z → 2022-03-09T09:00:00Z',
    'same',
    31,
  ],
  [
    'terminated before the hour of a start later that day: a day of the fee and no usage',
    {
      ...arrears,
      started_at: '2022-03-05T18:00',
      created_at: '2022-03-05T08:00',
      reason: 'terminating',
      at: '2022-03-05T09:00',
    },
    '2022-03-05T00:00:00Z → 2022-03-05T09:00:00Z',
    'empty',
    31,
  ],
]);

describe('the instant of an end', () => {
  it('is billed by a termination, and left to the new plan by an upgrade', () => {
    const story: Story = { ...arrears, reason: 'terminating', at: '2022-03-09T12:00', last_periodic_at: '2022-03-01' };
    assert.equal(billingSpans(occasion(story)).charges.to, '2022-03-09T12:00:00.001Z');
    assert.equal(billingSpans(occasion({ ...story, is_upgraded: true })).charges.to, '2022-03-09T12:00:00.000Z');
  });
});

describe('the days that a span costs', () => {
  const month = { from: '2024-02-01T00:00:00.000Z', to: '2024-03-01T00:00:00.000Z' };
  const cases: [name: string, span: Span, is_upgraded: boolean, days: number][] = [
    ['all of a period', month, false, 29],
    ['all of it also when an upgrade follows at its end', month, true, 29],
    ['a termination’s own day', { from: month.from, to: '2024-02-12T06:00:00.001Z' }, false, 12],
    ['not an upgrade’s own day', { from: month.from, to: '2024-02-12T06:00:00.000Z' }, true, 11],
    ['not an upgrade’s own day that has just begun', { from: month.from, to: '2024-02-12T00:00:00.000Z' }, true, 11],
    ['a day that has just begun at a termination', { from: month.from, to: '2024-02-12T00:00:00.001Z' }, false, 12],
    ['nothing when upgraded on the first day', { from: month.from, to: '2024-02-01T06:00:00.000Z' }, true, 0],
    ['nothing when upgraded at once', { from: month.from, to: month.from }, true, 0],
    ['nothing when empty', { from: month.from, to: month.from }, false, 0],
  ];
  for (const [name, span, is_upgraded, days] of cases) {
    it(`${days}: ${name}`, () => assert.equal(billedDays(span, month, 'UTC', is_upgraded), days));
  }
});
