import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { type SubscriptionStepFacts, nextStep } from '../../../billing/subscriptions/next-step.ts';
import { planChange } from '../../../billing/subscriptions/plan-change.ts';
import { active } from './step-facts.ts';
import { instant } from './stories.ts';

const waitedFor = { next_status: 'pending', next_change: 'downgrade', next_created_at: instant('2024-03-10') } as const;
const upgraded: SubscriptionStepFacts = {
  ...active,
  status: 'terminated',
  terminated_at: instant('2024-03-20T10:00'),
  next_status: 'active',
  next_change: 'upgrade',
  next_created_at: instant('2024-03-20T10:00'),
};
const follower: SubscriptionStepFacts = { ...active, previous_subscription_id: 'before' };
const yearly = { interval: 'yearly', bill_charges_monthly: true } as const;

describe('the next step around a change of plan', () => {
  const cases: [name: string, facts: SubscriptionStepFacts, step: string][] = [
    ['a lower plan takes over at the end of the period', { ...active, ...waitedFor }, 'downgrade 2024-04-01'],
    ['at the local midnight', { ...active, ...waitedFor, timezone: 'America/New_York' }, 'downgrade 2024-04-01T04:00'],
    ['of the plan’s own period, not of its usage', { ...active, ...waitedFor, ...yearly }, 'bill_period 2024-04-01'],
    [
      'which may be long',
      { ...active, ...waitedFor, ...yearly, last_periodic_at: instant('2024-12-01') },
      'downgrade 2025-01-01',
    ],
    [
      'not of one that had ended when it was asked for',
      { ...active, ...waitedFor, next_created_at: instant('2024-04-01T00:00:01') },
      'bill_period 2024-04-01',
    ],
    [
      'the end of the subscription goes before it',
      { ...active, ...waitedFor, ending_at: instant('2024-04-01T20:00') },
      'end 2024-04-01',
    ],
    ['an upgrade is billed at once', upgraded, 'bill_upgrade 2024-03-20T10:00'],
    [
      'whatever is said of invoices at the end',
      { ...upgraded, on_termination_invoice: 'skip' },
      'bill_upgrade 2024-03-20T10:00',
    ],
    ['once', { ...upgraded, has_billed_end: true }, 'over'],
    [
      'after the period that nobody has billed',
      { ...upgraded, terminated_at: instant('2024-04-20') },
      'bill_period 2024-04-01',
    ],
    ['a plan waits for the one before it to be billed', follower, 'follow'],
    ['also for its first bill', { ...follower, pay_in_advance: true }, 'follow'],
    ['also for its start', { ...follower, status: 'pending', started_at: null, activated_at: null }, 'follow'],
    ['and goes on then', { ...follower, has_billed_previous: true }, 'bill_period 2024-04-01'],
    ['but not when it is canceled', { ...follower, status: 'canceled' }, 'over'],
  ];
  for (const [name, facts, expected] of cases)
    it(`${expected}: ${name}`, () => {
      const { kind, due_at } = nextStep(facts, []);
      const [expected_kind, expected_at = null] = expected.split(' ');
      assert.deepEqual([kind, due_at], [expected_kind, expected_at && instant(expected_at)]);
    });
});

describe('the alerts before an end', () => {
  const ending = { ending_at: instant('2024-06-30T18:00'), ending_set_at: instant('2024-03-05T12:12') } as const;
  const busy = { ...active, ...ending, last_periodic_at: instant('2024-06-01') };
  const cases: [name: string, facts: SubscriptionStepFacts, step: string][] = [
    ['come 45 days before', busy, 'send_termination_alert 2024-05-16'],
    ['and 15', { ...busy, alerted_at: instant('2024-05-16') }, 'send_termination_alert 2024-06-15'],
    ['once each', { ...busy, alerted_at: instant('2024-06-15') }, 'end 2024-06-30'],
    ['in days of UTC', { ...busy, timezone: 'America/Los_Angeles' }, 'send_termination_alert 2024-05-16'],
    [
      'not for days that had passed when the end was set',
      { ...busy, ending_set_at: instant('2024-05-17') },
      'send_termination_alert 2024-06-15',
    ],
    [
      'at once on the very day',
      { ...busy, ending_set_at: instant('2024-06-15T20:00') },
      'send_termination_alert 2024-06-15T20:00',
    ],
    ['not for an end that is closer', { ...busy, ending_set_at: instant('2024-06-16') }, 'end 2024-06-30'],
    ['not before the start', { ...busy, activated_at: instant('2024-06-20') }, 'end 2024-06-30'],
    [
      'again for another end',
      { ...busy, alerted_at: instant('2024-05-16'), ending_at: instant('2024-08-01'), ending_set_at: instant('2024-05-20') }, // prettier-ignore
      'send_termination_alert 2024-06-17',
    ],
    [
      'not twice on one day',
      { ...busy, alerted_at: instant('2024-06-15'), ending_at: instant('2024-07-30'), ending_set_at: instant('2024-06-15T09:00') }, // prettier-ignore
      'bill_period 2024-07-01',
    ],
  ];
  for (const [name, facts, expected] of cases)
    it(`${name}: ${expected}`, () => {
      const { kind, due_at } = nextStep(facts, [15, 45]);
      assert.equal(
        `${kind} ${due_at}`,
        expected.replace(/ (.*)$/, (_, at: string) => ` ${instant(at)}`),
      );
    });

  it('are as many as the operator says', () => {
    const { kind, due_at } = nextStep(busy, [1]);
    assert.deepEqual([kind, due_at], ['send_termination_alert', instant('2024-06-29')]);
    assert.equal(nextStep(busy, []).kind, 'end');
  });
});

describe('a change of plan', () => {
  const cases: [from: [string, number], to: [string, number], expected: 'upgrade' | 'downgrade'][] = [
    [['monthly', 1000], ['monthly', 1001], 'upgrade'],
    [['monthly', 1000], ['monthly', 1000], 'upgrade'],
    [['monthly', 1000], ['monthly', 999], 'downgrade'],
    [['monthly', 1000], ['yearly', 12_000], 'upgrade'],
    [['monthly', 1000], ['yearly', 11_999], 'downgrade'],
    [['monthly', 1300], ['weekly', 300], 'upgrade'],
    [['monthly', 1300], ['weekly', 299], 'downgrade'],
    [['quarterly', 3000], ['semiannual', 6000], 'upgrade'],
    [['yearly', 4], ['quarterly', 1], 'upgrade'],
    [['yearly', 9_007_199_254_740_991], ['weekly', 173_215_370_283_480], 'downgrade'], // 9,007,199,254,740,960 a year.
  ];
  for (const [[interval, amount_cents], [other, other_cents], expected] of cases)
    it(`from ${amount_cents} ${interval} to ${other_cents} ${other} is an ${expected}`.replace('an d', 'a d'), () => {
      const plan = (text: string, cents: number) => ({ interval: text as 'monthly', amount_cents: cents });
      assert.equal(planChange(plan(interval, amount_cents), plan(other, other_cents)), expected);
    });
});
