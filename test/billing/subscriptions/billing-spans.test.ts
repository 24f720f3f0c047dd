import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { localDate, startOfDay } from '../../../billing/clock/calendar.ts';
import { type Instant, type Span, addMilliseconds, earliest, toWireSeconds } from '../../../billing/clock/instant.ts';
import {
  type BillingOccasion,
  billedDays,
  billingSpans,
  carriesFee,
  isBoundaryOpen,
} from '../../../billing/subscriptions/billing-spans.ts';
import {
  type BillingTime,
  type Interval,
  type Terms,
  chargesTerms,
  nextBoundary,
} from '../../../billing/subscriptions/periods.ts';
import { anyInstant, anyTerms, timezones } from './arbitraries.ts';

/** `2022-03-01` or `2022-03-01T05:00`, with or without seconds. */
function instant(text: string): Instant {
  return new Date(`${text.length === 10 ? `${text}T00:00` : text}Z`).toISOString();
}

interface Story {
  interval: Interval;
  mode: BillingTime;
  pay: 'advance' | 'arrears';
  timezone?: string;
  charges_monthly?: boolean;
  subscription_at: string;
  started_at?: string;
  activated_at?: string;
  reason?: BillingOccasion['reason'];
  at: string;
  last_periodic_at?: string;
  previous_charges_to?: string;
  is_upgraded?: boolean;
}

function occasion(story: Story): BillingOccasion {
  const { interval, mode, pay, timezone = 'UTC', charges_monthly = null, subscription_at, at, reason } = story;
  const started_at = story.started_at ?? subscription_at;
  return {
    terms: { interval, billing_time: mode, subscription_at: instant(subscription_at), timezone },
    plan: { pay_in_advance: pay === 'advance', bill_charges_monthly: charges_monthly },
    started_at: instant(started_at),
    activated_at: instant(story.activated_at ?? started_at),
    reason: reason ?? 'subscription_periodic',
    at: instant(at),
    is_upgraded: story.is_upgraded ?? false,
    last_periodic_at: story.last_periodic_at === undefined ? null : instant(story.last_periodic_at),
    previous_charges_to: story.previous_charges_to === undefined ? null : instant(story.previous_charges_to),
  };
}

/** As tables write spans: inclusive, in seconds. */
function inclusive({ from, to }: Span): string {
  return from === to ? 'empty' : `${toWireSeconds(from)} → ${toWireSeconds(addMilliseconds(to, -1))}`;
}

function assertSpans(story: Story, subscription: string, charges: string, days: number): void {
  const spans = billingSpans(occasion(story));
  assert.equal(inclusive(spans.subscription), subscription);
  assert.equal(inclusive(spans.charges), charges === 'same' ? subscription : charges);
  assert.equal(spans.period.days, days);
}

const starting = 'subscription_starting';
const terminating = 'subscription_terminating';

describe('the spans of an invoice', () => {
  const arrears = { interval: 'monthly', mode: 'calendar', pay: 'arrears', subscription_at: '2021-02-02' } as const;
  const from31 = {
    interval: 'monthly',
    mode: 'anniversary',
    pay: 'arrears',
    subscription_at: '2024-01-31T01:00',
  } as const;
  const from30 = { interval: 'monthly', mode: 'anniversary', pay: 'advance', subscription_at: '2024-01-30' } as const;
  const year = {
    interval: 'yearly',
    mode: 'anniversary',
    pay: 'advance',
    charges_monthly: true,
    subscription_at: '2024-01-31T01:00',
  } as const;
  const quarter = { interval: 'quarterly', mode: 'anniversary', subscription_at: '2021-02-02' } as const;

  const cases: [name: string, story: Story, subscription: string, charges: string, days: number][] = [
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
      { ...arrears, pay: 'advance', subscription_at: '2023-06-16', at: '2024-02-01' },
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
      { ...from30, reason: starting, at: '2024-01-30' },
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
        subscription_at: '2023-06-16T05:00',
        reason: starting,
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
        subscription_at: '2023-06-16T20:00',
        reason: starting,
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
      { interval: 'semiannual', mode: 'anniversary', pay: 'arrears', subscription_at: '2024-01-31', at: '2024-07-31' },
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
      { ...year, reason: starting, at: '2024-01-31T01:00' },
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
      { ...arrears, reason: terminating, at: '2022-03-09T15:30:10', last_periodic_at: '2022-03-01' },
      '2022-03-01T00:00:00Z → 2022-03-09T15:30:10Z',
      'same',
      31,
    ],
    [
      '24: an anniversary month that a termination cuts off',
      {
        ...arrears,
        mode: 'anniversary',
        subscription_at: '2021-03-31',
        reason: terminating,
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
      'a year in arrears with monthly charges, terminated: the year so far, and the month so far',
      { ...year, pay: 'arrears', reason: terminating, at: '2024-05-10T12:00', last_periodic_at: '2024-04-30' },
      '2024-01-31T00:00:00Z → 2024-05-10T12:00:00Z',
      '2024-04-30T00:00:00Z → 2024-05-10T12:00:00Z',
      366,
    ],
    [
      'a monthly day of it, not billed yet, and terminated: the finished month',
      { ...year, pay: 'arrears', reason: terminating, at: '2024-04-30T12:00', last_periodic_at: '2024-03-31' },
      '2024-01-31T00:00:00Z → 2024-04-30T12:00:00Z',
      '2024-03-31T00:00:00Z → 2024-04-29T23:59:59Z',
      366,
    ],
    [
      'terminated on the first day of a period before the finished one was billed: that one in full',
      { ...arrears, reason: terminating, at: '2022-03-01T09:00', last_periodic_at: '2022-02-01' },
      '2022-02-01T00:00:00Z → 2022-02-28T23:59:59Z',
      'same',
      28,
    ],
    [
      'terminated on the first day of a period after the finished one was billed: that day',
      { ...arrears, reason: terminating, at: '2022-03-01T09:00', last_periodic_at: '2022-03-01' },
      '2022-03-01T00:00:00Z → 2022-03-01T09:00:00Z',
      'same',
      31,
    ],
    [
      'terminated on the second day of a period: never the finished one',
      { ...arrears, reason: terminating, at: '2022-03-02', last_periodic_at: '2022-02-01' },
      '2022-03-01T00:00:00Z → 2022-03-02T00:00:00Z',
      'same',
      31,
    ],
    [
      'terminated on the day of the start, a first of the month',
      { ...arrears, subscription_at: '2022-03-01T08:00', reason: terminating, at: '2022-03-01T09:00' },
      '2022-03-01T00:00:00Z → 2022-03-01T09:00:00Z',
      '2022-03-01T08:00:00Z → 2022-03-01T09:00:00Z',
      31,
    ],
    [
      'terminated on a first of the month on which it was created and backdated: periods before are never billed',
      { ...arrears, activated_at: '2022-03-01T08:00', reason: terminating, at: '2022-03-01T09:00' },
      '2022-03-01T00:00:00Z → 2022-03-01T09:00:00Z',
      'same',
      31,
    ],
    [
      'in advance, terminated on the first day of a period before it was billed: no new period',
      { ...arrears, pay: 'advance', reason: terminating, at: '2022-03-01T09:00', last_periodic_at: '2022-02-01' },
      '2022-02-01T00:00:00Z → 2022-02-28T23:59:59Z',
      'same',
      28,
    ],
    [
      'in advance, terminated later: up to the instant',
      { ...arrears, pay: 'advance', reason: terminating, at: '2022-03-09T09:00', last_periodic_at: '2022-03-01' },
      '2022-03-01T00:00:00Z → 2022-03-09T09:00:00Z',
      'same',
      31,
    ],
    [
      'terminated before the hour of a start later that day: a day of the fee and no usage',
      {
        ...arrears,
        subscription_at: '2022-03-05T18:00',
        activated_at: '2022-03-05T08:00',
        reason: terminating,
        at: '2022-03-05T09:00',
      },
      '2022-03-05T00:00:00Z → 2022-03-05T09:00:00Z',
      'empty',
      31,
    ],
    [
      'the end of a trial: the running period, without usage',
      { ...from30, mode: 'calendar', reason: starting, at: '2024-02-11T12:00' },
      '2024-02-01T00:00:00Z → 2024-02-29T23:59:59Z',
      'empty',
      29,
    ],
  ];
  for (const [name, story, subscription, charges, days] of cases) {
    it(name, () => assertSpans(story, subscription, charges, days));
  }

  it('keep the instant of a termination and leave that of an upgrade to the new plan', () => {
    const story: Story = { ...arrears, reason: terminating, at: '2022-03-09T12:00', last_periodic_at: '2022-03-01' };
    assert.equal(billingSpans(occasion(story)).charges.to, '2022-03-09T12:00:00.001Z');
    assert.equal(billingSpans(occasion({ ...story, is_upgraded: true })).charges.to, '2022-03-09T12:00:00.000Z');
  });

  it('have a fee on the invoices of the plan’s own boundaries only', () => {
    assert.equal(carriesFee(occasion({ ...year, reason: starting, at: '2024-01-31T01:00' })), true);
    assert.equal(carriesFee(occasion({ ...year, at: '2024-02-29' })), false);
    assert.equal(carriesFee(occasion({ ...year, at: '2025-01-31' })), true);
    assert.equal(carriesFee(occasion({ ...year, reason: terminating, at: '2024-02-29T10:00' })), true);
    assert.equal(carriesFee(occasion({ ...arrears, at: '2022-03-01' })), true);
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

describe('a customer who moves to another time zone', () => {
  const month = { interval: 'monthly', mode: 'calendar', pay: 'arrears', subscription_at: '2021-02-02' } as const;

  it('to the west is billed from where the last invoice ended, not twice for some hours', () => {
    const { charges } = billingSpans(
      occasion({
        ...month,
        timezone: 'America/New_York',
        at: '2022-04-01T04:00',
        last_periodic_at: '2022-03-01',
        previous_charges_to: '2022-03-01',
      }),
    );
    assert.deepEqual(charges, { from: '2022-03-01T00:00:00.000Z', to: '2022-04-01T04:00:00.000Z' });
  });

  it('to the east is billed from where the last invoice ended, and no event twice', () => {
    const { charges } = billingSpans(
      occasion({
        ...month,
        timezone: 'Asia/Tokyo',
        at: '2022-03-31T15:00',
        last_periodic_at: '2022-03-01T05:00',
        previous_charges_to: '2022-03-01T05:00',
      }),
    );
    assert.deepEqual(charges, { from: '2022-03-01T05:00:00.000Z', to: '2022-03-31T15:00:00.000Z' });
  });

  it('is not billed again at the same midnight further west', () => {
    const billed = {
      started_at: instant('2021-02-02'),
      activated_at: instant('2021-02-02'),
      last_periodic_at: instant('2022-03-01'),
    };
    assert.equal(isBoundaryOpen(instant('2022-03-01T05:00'), billed), false);
    assert.equal(isBoundaryOpen(instant('2022-04-01T04:00'), billed), true);
  });

  it('loses no usage when terminated between the two midnights', () => {
    const { charges } = billingSpans(
      occasion({
        ...month,
        timezone: 'America/New_York',
        reason: 'subscription_terminating',
        at: '2022-03-01T02:00',
        last_periodic_at: '2022-03-01',
        previous_charges_to: '2022-03-01',
      }),
    );
    assert.deepEqual(charges, { from: '2022-03-01T00:00:00.000Z', to: '2022-03-01T02:00:00.001Z' });
  });

  it('has no gap and no overlap between charges spans, wherever and whenever', () => {
    fc.assert(
      fc.property(
        anyTerms,
        fc.boolean(),
        fc.array(fc.constantFrom(...timezones), { minLength: 6, maxLength: 6 }),
        (given, monthly, moves) => {
          const plan = { pay_in_advance: false, bill_charges_monthly: monthly };
          const started_at = given.subscription_at;
          const start = { started_at, activated_at: started_at };
          let last_periodic_at: Instant | null = null;
          let previous_charges_to: Instant | null = null;
          for (const timezone of moves) {
            const terms: Terms = { ...given, timezone };
            const usageTerms = chargesTerms(terms, monthly);
            let at = nextBoundary(usageTerms, last_periodic_at ?? started_at);
            if (!isBoundaryOpen(at, { ...start, last_periodic_at })) at = nextBoundary(usageTerms, at);
            const { charges } = billingSpans({
              terms,
              plan,
              ...start,
              reason: 'subscription_periodic',
              at,
              last_periodic_at,
              previous_charges_to,
            });
            if (previous_charges_to === null) assert.equal(charges.from, started_at);
            else if (given.billing_time === 'calendar') assert.equal(charges.from, previous_charges_to);
            // A move can shift the anniversary itself by a day, and with it the boundaries: never an overlap, even then.
            else assert.ok(charges.from >= previous_charges_to);
            assert.ok(charges.to > charges.from);
            last_periodic_at = at;
            previous_charges_to = charges.to;
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the spans of a subscription’s life', () => {
  it('add up to the time from its start to its end, whenever it ends', () => {
    fc.assert(
      fc.property(
        anyTerms,
        fc.boolean(),
        fc.nat({ max: 5 }),
        fc.nat({ max: 40 * 86_400_000 }),
        (terms, monthly, renewals, rest) => {
          const started_at = terms.subscription_at;
          const plan = { pay_in_advance: false, bill_charges_monthly: monthly };
          const usageTerms = chargesTerms(terms, monthly);
          const occasionAt = (at: Instant, last_periodic_at: Instant | null) => ({
            terms,
            plan,
            started_at,
            activated_at: started_at,
            at,
            last_periodic_at,
            previous_charges_to: last_periodic_at,
          });

          let last_periodic_at: Instant | null = null;
          let usedUntil: Instant = started_at;
          for (let renewal = 0; renewal < renewals; renewal += 1) {
            const at = nextBoundary(usageTerms, last_periodic_at ?? started_at);
            const spans = billingSpans({ ...occasionAt(at, last_periodic_at), reason: 'subscription_periodic' });
            assert.equal(spans.charges.from, usedUntil);
            usedUntil = spans.charges.to;
            last_periodic_at = at;
          }

          const begun = last_periodic_at ?? started_at;
          const end = earliest(addMilliseconds(begun, rest), addMilliseconds(nextBoundary(usageTerms, begun), -1));
          const spans = billingSpans({ ...occasionAt(end, last_periodic_at), reason: 'subscription_terminating' });
          assert.equal(spans.charges.from, usedUntil);
          assert.equal(spans.charges.to, addMilliseconds(end, 1));
          assert.ok(spans.subscription.from >= startOfDay(localDate(started_at, terms.timezone), terms.timezone));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never end before they begin', () => {
    fc.assert(
      fc.property(
        anyTerms,
        anyInstant,
        fc.boolean(),
        fc.boolean(),
        fc.constantFrom('subscription_starting', 'subscription_periodic', 'subscription_terminating'),
        (terms, at, pay_in_advance, monthly, reason) => {
          const started_at = earliest(terms.subscription_at, at);
          const spans = billingSpans({
            terms,
            plan: { pay_in_advance, bill_charges_monthly: monthly },
            started_at,
            activated_at: started_at,
            reason,
            at,
            last_periodic_at: null,
            previous_charges_to: null,
          });
          assert.ok(spans.subscription.from <= spans.subscription.to);
          assert.ok(spans.charges.from <= spans.charges.to);
          assert.ok(spans.subscription.to <= spans.period.to || spans.subscription.from === spans.subscription.to);
        },
      ),
      { numRuns: 500 },
    );
  });
});
