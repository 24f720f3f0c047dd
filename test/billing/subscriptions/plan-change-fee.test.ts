import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { localDate } from '../../../billing/clock/calendar.ts';
import { addMilliseconds, fromMilliseconds, toMilliseconds } from '../../../billing/clock/instant.ts';
import { billingSpans } from '../../../billing/subscriptions/billing-spans.ts';
import { periodAt } from '../../../billing/subscriptions/periods.ts';
import { subscriptionFee } from '../../../billing/subscriptions/subscription-fee.ts';
import { anyTerms } from './arbitraries.ts';
import { type Story, describeFees } from './stories.ts';

const old = { amount: 2900, reason: 'terminating', is_upgraded: true } as const;
describeFees('the last fee of an upgraded plan, in arrears', { ...old, started_at: '2024-01-01' }, [
  ['11 of 29 days', { at: '2024-02-12T06:00', last_periodic_at: '2024-02-01' }, 1100],
  ['none for a start that is upgraded on the same day', { started_at: '2024-02-05', at: '2024-02-05T06:00' }, 0],
  ['the finished period, not billed before', { at: '2024-03-01T06:00', last_periodic_at: '2024-02-01' }, 2900],
  ['none of a period on its first day', { at: '2024-03-01T06:00', last_periodic_at: '2024-03-01' }, 0],
]);

/** Started by the change of another plan, and billed at once. */
const changed = (subscription_at: string, started_at: string): Partial<Story> => ({
  subscription_at,
  started_at,
  at: started_at,
});
const year = { amount: 36600, interval: 'yearly', mode: 'anniversary' } as const;
describeFees('the first fee after an upgrade, in advance', { pay: 'advance', reason: 'starting', change: 'upgrade' }, [
  ['20 of 31 days', { amount: 1500, ...changed('2024-03-05', '2024-03-12T12:12') }, 968],
  ['20 of 31 days after a second', { amount: 1900, ...changed('2024-03-05', '2024-03-12T13:12') }, 1226],
  ['18 of 29 days', { amount: 29000, ...changed('2024-02-01', '2024-02-12T06:00') }, 18000],
  ['275 of 366 days of an anniversary year', { ...year, ...changed('2023-06-29', '2023-09-28T05:00') }, 27500],
]);

const arrears = { ...changed('2024-03-01', '2024-03-12T12:12'), amount: 3100, mode: 'anniversary' } as const;
describeFees('the fees after an upgrade, in arrears', { ...arrears, change: 'upgrade' }, [
  ['from the day of the change on', { at: '2024-04-01' }, 2000],
  ['the period after that in full', { fees_at: ['2024-04-01'], at: '2024-05-01' }, 3100],
]);

describeFees('the fees of a downgrade', { mode: 'anniversary' }, [
  ['the old plan’s finished period', { started_at: '2023-09-05', reason: 'terminating', at: '2023-10-05' }, 1000],
  [
    '243 of 366 days of the new plan, a year in advance after months from the 19th',
    {
      ...changed('2023-07-19T12:12', '2023-11-19'),
      ...year,
      amount: 118800,
      pay: 'advance',
      reason: 'starting',
      change: 'downgrade',
    },
    78875,
  ],
]);

describe('the fees of a period', () => {
  it('of an upgraded subscription and that of its successor make up the price within a cent', () => {
    fc.assert(
      fc.property(
        anyTerms,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat({ max: 10_000_000 }),
        fc.boolean(),
        (terms, share, amount_cents, pay_in_advance) => {
          const period = periodAt(terms, terms.subscription_at);
          const [from, to] = [toMilliseconds(period.from), toMilliseconds(period.to) - 1];
          const at = fromMilliseconds(Math.floor(from + (to - from) * share));
          // Where a day comes twice the new plan has the day of the change and the old one the rest: no share of it is to be had.
          if (localDate(at, terms.timezone) < localDate(addMilliseconds(at, -3 * 3_600_000), terms.timezone)) return;
          const common = { terms, created_at: at, trial_end: null, fees_at: [] };
          const old = subscriptionFee({
            ...common,
            plan: { amount_cents, pay_in_advance: false, bill_charges_monthly: null },
            reason: 'subscription_terminating',
            at,
            span: { from: period.from, to: at },
            started_at: period.from,
            change: null,
            is_upgraded: true,
          });
          const started = billingSpans({
            terms,
            plan: { pay_in_advance, bill_charges_monthly: null },
            started_at: at,
            activated_at: at,
            activation_timezone: terms.timezone,
            reason: pay_in_advance ? 'subscription_starting' : 'subscription_periodic',
            at: pay_in_advance ? at : period.to,
            last_periodic_at: null,
            previous_charges_to: null,
          });
          const successor = subscriptionFee({
            ...common,
            plan: { amount_cents, pay_in_advance, bill_charges_monthly: null },
            reason: pay_in_advance ? 'subscription_starting' : 'subscription_periodic',
            at: pay_in_advance ? at : period.to,
            span: started.subscription,
            started_at: at,
            change: 'upgrade',
            is_upgraded: false,
          });
          assert.ok(old && successor);
          assert.equal(old.amount.plus(successor.amount).toFixed(10), `${amount_cents}.0000000000`);
          assert.ok(Math.abs(old.amount_cents + successor.amount_cents - amount_cents) <= 1);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('never exceeds the price of the plan', () => {
    fc.assert(
      fc.property(anyTerms, fc.nat({ max: 400 }), fc.nat({ max: 1_000_000 }), (terms, hours, amount_cents) => {
        const started_at = terms.subscription_at;
        const at = addMilliseconds(started_at, hours * 3_600_000);
        const plan = { amount_cents, pay_in_advance: false, bill_charges_monthly: null };
        const reason = 'subscription_terminating';
        const occasion = {
          terms,
          plan,
          started_at,
          activated_at: started_at,
          activation_timezone: terms.timezone,
          reason,
          at,
          last_periodic_at: null,
          previous_charges_to: null,
        } as const;
        const { subscription: span } = billingSpans(occasion);
        const made = subscriptionFee({
          ...occasion,
          span,
          created_at: started_at,
          trial_end: null,
          fees_at: [],
          change: null,
          is_upgraded: false,
        });
        assert.ok(made && made.amount_cents >= 0 && made.amount_cents <= amount_cents);
      }),
      { numRuns: 500 },
    );
  });
});
