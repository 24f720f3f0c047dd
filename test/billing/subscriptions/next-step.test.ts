import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { type Instant, addMilliseconds, latest } from '../../../billing/clock/instant.ts';
import {
  type SubscriptionStepFacts,
  type SubscriptionStepKind,
  isBilledAtTrialEnd,
  nextStep,
} from '../../../billing/subscriptions/next-step.ts';
import { chargesTerms, periodAt } from '../../../billing/subscriptions/periods.ts';
import { trialEnd } from '../../../billing/subscriptions/trial.ts';
import { anyTerms } from './arbitraries.ts';
import { active, pending } from './step-facts.ts';
import { instant } from './stories.ts';

const ALERT_DAYS = [45, 15];

const inNewYork = { timezone: 'America/New_York', activation_timezone: 'America/New_York' };

const inAdvance: SubscriptionStepFacts = { ...active, pay_in_advance: true };
const terminated: SubscriptionStepFacts = {
  ...active,
  status: 'terminated',
  terminated_at: instant('2024-03-20T10:00'),
};
const backdated: SubscriptionStepFacts = { ...inAdvance, activated_at: instant('2024-03-20T10:00') };
const onTrial: SubscriptionStepFacts = { ...inAdvance, trial_period: '10' };

const cases: [name: string, facts: SubscriptionStepFacts, kind: SubscriptionStepKind, due_at: string | null][] = [
  ['a pending one starts at the first instant of its day', pending, 'start', '2024-03-05'],
  [
    'a pending one starts at the first instant of its local day',
    { ...pending, timezone: 'America/New_York', subscription_at: instant('2024-03-05T02:00') },
    'start',
    '2024-03-04T05:00',
  ],
  ['in arrears the first boundary is billed', active, 'bill_period', '2024-04-01'],
  ['in advance the start is billed', inAdvance, 'bill_start', '2024-03-05T12:12'],
  [
    'in advance the first boundary comes after that',
    { ...inAdvance, has_billed_start: true },
    'bill_period',
    '2024-04-01',
  ],
  ['boundaries follow each other', { ...active, last_periodic_at: instant('2024-05-01') }, 'bill_period', '2024-06-01'],
  [
    'a boundary missed while nobody worked comes first',
    { ...active, last_periodic_at: instant('2024-04-01'), ending_at: instant('2024-12-24') },
    'bill_period',
    '2024-05-01',
  ],
  ['a backdated one waits for the next boundary', backdated, 'bill_period', '2024-04-01'],
  [
    'boundaries before its creation are never billed',
    { ...backdated, started_at: instant('2023-03-05'), pay_in_advance: false },
    'bill_period',
    '2024-04-01',
  ],
  [
    'one created on a boundary waits for the next',
    { ...backdated, activated_at: instant('2024-04-01') },
    'bill_period',
    '2024-05-01',
  ],
  [
    'one started at an hour of today that is still to come is billed today',
    { ...inAdvance, activated_at: instant('2024-03-05T09:00') },
    'bill_start',
    '2024-03-05T09:00',
  ],
  [
    'one started yesterday in UTC and today in New York is billed today',
    { ...inAdvance, ...inNewYork, activated_at: instant('2024-03-06T02:00') },
    'bill_start',
    '2024-03-06T02:00',
  ],
  [
    'a year with monthly charges has monthly boundaries',
    { ...active, interval: 'yearly', bill_charges_monthly: true },
    'bill_period',
    '2024-04-01',
  ],
  ['a year without has its own', { ...active, interval: 'yearly' }, 'bill_period', '2025-01-01'],
  ['a boundary is at local midnight', { ...active, timezone: 'America/New_York' }, 'bill_period', '2024-04-01T04:00'],
  [
    'a boundary that was billed is not billed again in a time zone further west',
    { ...active, timezone: 'America/New_York', last_periodic_at: instant('2024-04-01') },
    'bill_period',
    '2024-05-01T04:00',
  ],
  [
    'a boundary in a time zone further east comes earlier, also when it has passed',
    { ...active, timezone: 'Asia/Tokyo', last_periodic_at: instant('2024-04-01T04:00') },
    'bill_period',
    '2024-04-30T15:00',
  ],

  ['during a trial nothing is billed at the start', onTrial, 'end_trial', '2024-03-15T12:12'],
  ['a trial ends in arrears too', { ...onTrial, pay_in_advance: false }, 'end_trial', '2024-03-15T12:12'],
  ['a trial of broken days ends to the second', { ...onTrial, trial_period: '0.5' }, 'end_trial', '2024-03-06T00:12'],
  ['a trial of no days is none', { ...onTrial, trial_period: '0' }, 'bill_start', '2024-03-05T12:12'],
  ['a trial ends once', { ...onTrial, trial_ended_at: instant('2024-03-15T12:12') }, 'bill_period', '2024-04-01'],
  ['boundaries during a trial are billed', { ...onTrial, trial_period: '45' }, 'bill_period', '2024-04-01'],
  [
    'a boundary on the day on which the trial ends comes first',
    { ...onTrial, trial_period: '27' },
    'bill_period',
    '2024-04-01',
  ],
  [
    'a boundary at the very instant at which the trial ends comes first',
    { ...onTrial, first_started_at: instant('2024-03-05'), trial_period: '27' },
    'bill_period',
    '2024-04-01',
  ],
  [
    'a trial that had passed before a backdated one was created ends at once',
    { ...backdated, trial_period: '10' },
    'end_trial',
    '2024-03-20T10:00',
  ],
  [
    'a trial of an earlier subscription does not hold up the start of its successor',
    { ...onTrial, first_started_at: instant('2024-01-05') },
    'bill_start',
    '2024-03-05T12:12',
  ],
  [
    'that successor has its trial end as well',
    { ...onTrial, first_started_at: instant('2024-01-05'), has_billed_start: true },
    'end_trial',
    '2024-03-05T12:12',
  ],

  [
    'it ends at the first instant of the day',
    { ...active, ending_at: instant('2024-03-20T18:00') },
    'end',
    '2024-03-20',
  ],
  [
    'it ends at the first instant of the local day',
    { ...active, timezone: 'America/Bogota', ending_at: instant('2024-03-20') },
    'end',
    '2024-03-19T05:00',
  ],
  [
    'it never ends before it has started',
    { ...active, timezone: 'Pacific/Kiritimati', ending_at: instant('2024-03-06T09:00') },
    'end',
    '2024-03-05T12:12',
  ],
  [
    'the end comes before the boundary of that day',
    { ...active, ending_at: instant('2024-04-01T18:00') },
    'end',
    '2024-04-01',
  ],
  [
    'the end comes before the end of a trial on that day',
    { ...onTrial, ending_at: instant('2024-03-15T18:00') },
    'end',
    '2024-03-15',
  ],
  [
    'a boundary before the end comes first',
    { ...active, ending_at: instant('2024-04-02') },
    'bill_period',
    '2024-04-01',
  ],

  ['a termination is billed', terminated, 'bill_end', '2024-03-20T10:00'],
  ['a termination is billed once', { ...terminated, has_billed_end: true }, 'over', null],
  ['a termination without an invoice is over', { ...terminated, on_termination_invoice: 'skip' }, 'over', null],
  [
    'a boundary missed before the day of the termination is billed first',
    { ...terminated, terminated_at: instant('2024-04-02T10:00') },
    'bill_period',
    '2024-04-01',
  ],
  [
    'a boundary on the day of the termination is left to the final invoice',
    { ...terminated, terminated_at: instant('2024-04-01T10:00') },
    'bill_end',
    '2024-04-01T10:00',
  ],
  [
    'a start is billed although it was terminated before that was done',
    { ...terminated, pay_in_advance: true },
    'bill_start',
    '2024-03-05T12:12',
  ],
  [
    'a trial that ended before the termination ends first',
    { ...onTrial, status: 'terminated', terminated_at: instant('2024-03-20T10:00') },
    'end_trial',
    '2024-03-15T12:12',
  ],
  [
    'a trial that was still running at the termination never ends',
    { ...onTrial, status: 'terminated', terminated_at: instant('2024-03-10T10:00') },
    'bill_end',
    '2024-03-10T10:00',
  ],
  ['a canceled one is over', { ...pending, status: 'canceled' }, 'over', null],
  [
    'usage that is paid for at once is, before anything that is due later',
    { ...active, instant_usage_at: instant('2024-03-10T08:00') },
    'charge_usage',
    '2024-03-10T08:00',
  ],
  [
    'a boundary that came before the usage is billed first',
    { ...active, instant_usage_at: instant('2024-04-10T08:00') },
    'bill_period',
    '2024-04-01',
  ],
  [
    'one that is over still charges usage that comes late',
    { ...terminated, has_billed_end: true, instant_usage_at: instant('2024-03-25T08:00') },
    'charge_usage',
    '2024-03-25T08:00',
  ],
];

describe('the next step of a subscription', () => {
  for (const [name, facts, kind, due_at] of cases) {
    it(`${kind}: ${name}`, () => {
      assert.deepEqual(nextStep(facts, []), { kind, due_at: due_at === null ? null : instant(due_at) });
    });
  }
});

describe('the end of a trial', () => {
  const ends: [name: string, facts: SubscriptionStepFacts, isBilled: boolean][] = [
    ['is billed in advance', onTrial, true],
    [
      'is billed in advance when the boundaries before it had no fee',
      { ...onTrial, trial_period: '45', last_periodic_at: instant('2024-04-01') },
      true,
    ],
    ['is billed when it was backdated', { ...backdated, trial_period: '10' }, true],
    ['is not billed in arrears', { ...onTrial, pay_in_advance: false }, false],
    [
      'is not billed when that day’s boundary was',
      { ...onTrial, trial_period: '27', last_periodic_at: instant('2024-04-01') },
      false,
    ],
    ['is not billed when the start was', { ...onTrial, has_billed_start: true }, false],
    ['is not billed without a trial', inAdvance, false],
  ];
  for (const [name, facts, isBilled] of ends) {
    it(name, () => assert.equal(isBilledAtTrialEnd(facts), isBilled));
  }

  it('is counted from the first start, in days of 24 hours', () => {
    assert.equal(trialEnd(instant('2024-03-05T12:12'), '10'), instant('2024-03-15T12:12'));
    assert.equal(trialEnd(instant('2024-03-05T12:12'), 0.25), instant('2024-03-05T18:12'));
    assert.equal(trialEnd(instant('2024-03-05T12:12'), '0'), null);
    assert.equal(trialEnd(instant('2024-03-05T12:12'), null), null);
    assert.equal(trialEnd(null, '10'), null);
  });
});

describe('the steps of a whole life', () => {
  /** What the activities do to the facts. */
  function take(facts: SubscriptionStepFacts, kind: SubscriptionStepKind, at: Instant): SubscriptionStepFacts {
    switch (kind) {
      case 'start':
        return {
          ...facts,
          status: 'active',
          started_at: at,
          activated_at: at,
          activation_timezone: facts.timezone,
          first_started_at: at,
        };
      case 'bill_start':
        return { ...facts, has_billed_start: true };
      case 'charge_usage':
        return { ...facts, instant_usage_at: null };
      case 'check_thresholds':
        return { ...facts, threshold_check_at: null };
      case 'end_trial':
        return { ...facts, trial_ended_at: at, has_billed_start: facts.has_billed_start || isBilledAtTrialEnd(facts) };
      case 'bill_period':
        return { ...facts, last_periodic_at: at };
      case 'end':
        return { ...facts, status: 'terminated', terminated_at: at };
      case 'bill_end':
        return { ...facts, has_billed_end: true };
      case 'send_termination_alert':
        return { ...facts, alerted_at: at };
      default:
        throw new Error(`${kind}: nothing of this life`);
    }
  }

  it('come in order, bill every boundary once, and end', () => {
    fc.assert(
      fc.property(
        anyTerms,
        fc.boolean(),
        fc.boolean(),
        fc.nat({ max: 60 }),
        fc.integer({ min: 2, max: 500 }),
        (terms, pay_in_advance, monthly, trial, days) => {
          const ending_at = addMilliseconds(terms.subscription_at, days * 86_400_000);
          const bill_charges_monthly = terms.interval === 'yearly' ? monthly : null;
          let facts: SubscriptionStepFacts = {
            ...pending,
            ...terms,
            ending_at,
            pay_in_advance,
            bill_charges_monthly,
            trial_period: String(trial),
          };
          const taken: { kind: SubscriptionStepKind; due_at: Instant }[] = [];
          for (let step = nextStep(facts, ALERT_DAYS); step.kind !== 'over'; step = nextStep(facts, ALERT_DAYS)) {
            assert.ok(taken.length < 200);
            assert.ok(step.due_at);
            taken.push(step);
            facts = take(facts, step.kind, step.due_at);
          }

          assert.deepEqual(
            taken,
            [...taken].sort((a, b) => (a.due_at < b.due_at ? -1 : a.due_at > b.due_at ? 1 : 0)),
          );
          assert.deepEqual([taken[0]?.kind, taken.at(-2)?.kind, taken.at(-1)?.kind], ['start', 'end', 'bill_end']);
          const usageTerms = chargesTerms(terms, bill_charges_monthly);
          let boundary = taken[0]!.due_at;
          for (const { due_at } of taken.filter(({ kind }) => kind === 'bill_period')) {
            boundary = periodAt(usageTerms, boundary).to;
            assert.equal(due_at, boundary);
          }
          assert.ok(periodAt(usageTerms, boundary).to >= latest(boundary, facts.terminated_at ?? boundary));
          assert.ok(taken.filter(({ kind }) => kind === 'bill_start' || kind === 'end_trial').length <= 1);
        },
      ),
      { numRuns: 200 },
    );
  });
});
