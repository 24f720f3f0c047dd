import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'mocha';
import { localDate, startOfDay } from '../../../billing/clock/calendar.ts';
import { type Instant, addMilliseconds, earliest } from '../../../billing/clock/instant.ts';
import { billingSpans, isBoundaryOpen } from '../../../billing/subscriptions/billing-spans.ts';
import { type Terms, chargesTerms, nextBoundary } from '../../../billing/subscriptions/periods.ts';
import { anyInstant, anyTerms, timezones } from './arbitraries.ts';
import { instant, occasion } from './stories.ts';

describe('a customer who moves to another time zone', () => {
  const month = { interval: 'monthly', mode: 'calendar', pay: 'arrears', started_at: '2021-02-02' } as const;

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
      activation_timezone: 'UTC',
      last_periodic_at: instant('2022-03-01'),
    };
    assert.equal(isBoundaryOpen(instant('2022-03-01T05:00'), 'America/New_York', billed), false);
    assert.equal(isBoundaryOpen(instant('2022-04-01T04:00'), 'America/New_York', billed), true);
  });

  describe('to the west, after a start shortly after midnight', () => {
    const begun = {
      ...month,
      started_at: '2022-03-01T00:30',
      activation_timezone: 'UTC',
      timezone: 'America/New_York',
    };
    const facts = {
      started_at: instant(begun.started_at),
      activated_at: instant(begun.started_at),
      activation_timezone: 'UTC',
      last_periodic_at: null,
    };

    it('is not billed for the evening before, which the start has become there', () => {
      assert.equal(isBoundaryOpen(instant('2022-03-01T05:00'), 'America/New_York', facts), false);
      assert.equal(isBoundaryOpen(instant('2022-04-01T04:00'), 'America/New_York', facts), true);
    });

    it('has the month in full with its first bill, and the usage from the start on', () => {
      const { subscription, charges } = billingSpans(occasion({ ...begun, at: '2022-04-01T04:00' }));
      assert.deepEqual(charges, { from: '2022-03-01T00:30:00.000Z', to: '2022-04-01T04:00:00.000Z' });
      assert.deepEqual(subscription, { from: '2022-03-01T05:00:00.000Z', to: '2022-04-01T04:00:00.000Z' });
    });

    it('is not billed for the months before when it was backdated', () => {
      const backdated = { ...facts, started_at: instant('2022-01-15') };
      assert.equal(isBoundaryOpen(instant('2022-03-01T05:00'), 'America/New_York', backdated), false);
    });
  });

  it('loses no usage when terminated between the two midnights', () => {
    const { charges } = billingSpans(
      occasion({
        ...month,
        timezone: 'America/New_York',
        reason: 'terminating',
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
          const start = { started_at, activated_at: started_at, activation_timezone: given.timezone };
          let last_periodic_at: Instant | null = null;
          let previous_charges_to: Instant | null = null;
          for (const timezone of moves) {
            const terms: Terms = { ...given, timezone };
            const usageTerms = chargesTerms(terms, monthly);
            let at = nextBoundary(usageTerms, last_periodic_at ?? started_at);
            if (!isBoundaryOpen(at, timezone, { ...start, last_periodic_at })) at = nextBoundary(usageTerms, at);
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
            activation_timezone: terms.timezone,
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
            activation_timezone: terms.timezone,
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
