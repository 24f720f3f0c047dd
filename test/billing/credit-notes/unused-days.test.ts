import assert from 'node:assert/strict';
import { computeItems } from '../../../billing/credit-notes/compute-items.ts';
import { NO_PARTS } from '../../../billing/credit-notes/credit-note.ts';
import { settleCreditNote } from '../../../billing/credit-notes/settle-credit-note.ts';
import {
  type BilledFee,
  type EarlyEnd,
  isForPeriod,
  splitUnused,
  unusedAmount,
  unusedDays,
} from '../../../billing/credit-notes/unused-days.ts';
import { periodAt, type Terms } from '../../../billing/subscriptions/periods.ts';
import { feeOf, invoiceOf } from './fees.ts';

interface Story {
  readonly terms?: Partial<Terms>;
  readonly at: string;
  readonly occasion?: EarlyEnd['occasion'];
  readonly trial_end?: string;
  readonly plan: number;
  readonly fee?: number;
  readonly rates?: readonly string[];
  readonly coupons?: string;
  readonly credited?: number;
  /** Where it does not begin with the period. */
  readonly from?: string;
}

function endOf({ terms, at, occasion = 'termination', trial_end = undefined }: Story): EarlyEnd {
  const whole = {
    interval: 'monthly',
    billing_time: 'calendar',
    subscription_at: at,
    timezone: 'UTC',
    ...terms,
  } as const;
  return { period: periodAt(whole, at), timezone: whole.timezone, at, trial_end: trial_end ?? null, occasion };
}

function feeIn(story: Story, { period }: EarlyEnd): BilledFee {
  const { plan, fee = plan, rates = [], coupons = '0', credited = 0, from = period.from } = story;
  return {
    ...feeOf({ cents: fee, rates, coupons, credited }),
    plan_amount_cents: plan,
    from_at: from,
    to_at: period.to,
  };
}

function credited(story: Story): { item: string; total: number } {
  const end = endOf(story);
  const fee = feeIn(story, end);
  const amount = unusedAmount(end, fee);
  // Beside another fee, so that it is not the last that can be given back.
  const invoice = { ...invoiceOf([]), taxes_amount_cents: 1_000_000, fees: [fee, feeOf({ cents: 1 }, 'other')] };
  const computed = computeItems([{ fee, amount }], invoice);
  const wanted = { ...NO_PARTS, credit_amount_cents: computed.expected_total_cents };
  const { total_amount_cents } = settleCreditNote(computed, wanted, { refundable_cents: 0, due_cents: 0 });
  return { item: amount.toFixed(), total: total_amount_cents };
}

describe('the unused days of a plan in advance', () => {
  const cases: [string, Story, number][] = [
    ['the first day of 21 in February', { at: '2023-02-08T00:00:00.000Z', plan: 5000, fee: 3750, rates: ['20'] }, 4285],
    ['the evening before, in Los Angeles', { at: '2023-02-08T00:00:00.000Z', plan: 5000, fee: 3929, rates: ['20'], terms: { timezone: 'America/Los_Angeles' } }, 4500],
    ['the first day of an anniversary month', { at: '2023-02-08T00:00:00.000Z', plan: 5000, rates: ['20'], terms: { billing_time: 'anniversary' } }, 5785],
    ['16 of 31 days', { at: '2022-10-15T10:00:00.000Z', plan: 3100, rates: ['20'] }, 1920],
    ['16 days after 10 were credited', { at: '2022-10-15T10:00:00.000Z', plan: 3100, rates: ['20'], credited: 1000 }, 720],
    ['29 of 30 days', { at: '2024-04-01T08:00:00.000Z', plan: 20_000, rates: ['25'] }, 24_166],
    ['29 of 30 days, rounded up', { at: '2024-04-01T08:00:00.000Z', plan: 16_000, rates: ['25'] }, 19_334],
    ['6 days of a week', { at: '2024-04-01T08:00:00.000Z', plan: 2999, rates: ['23.33'], terms: { interval: 'weekly' } }, 3171],
    ['half a month', { at: '2024-04-15T08:00:00.000Z', plan: 999 }, 500],
    ['an upgrade, which does not use its day', { at: '2024-03-12T12:12:00.000Z', plan: 1000, fee: 871, rates: ['25'], occasion: 'upgrade' }, 806],
    ['a second upgrade on one day, never above the fee', { at: '2024-03-12T13:12:00.000Z', plan: 1500, fee: 968, rates: ['25'], occasion: 'upgrade' }, 1210],
    ['an upgrade on the last day', { at: '2024-09-28T05:00:00.000Z', plan: 1000, occasion: 'upgrade', terms: { billing_time: 'anniversary', subscription_at: '2024-06-29T00:00:00.000Z' } }, 32],
    ['an upgrade in February', { at: '2024-02-12T06:00:00.000Z', plan: 2900, occasion: 'upgrade' }, 1800],
    ['the day on which the trial ended', { at: '2024-03-11T15:00:00.000Z', plan: 3500, fee: 2371, trial_end: '2024-03-11T12:00:00.000Z' }, 2371],
    ['a draft of 17 days', { at: '2022-12-20T10:00:00.000Z', plan: 1000, fee: 548, rates: ['20'] }, 426],
    ['the last day: nothing', { at: '2024-04-30T23:00:00.000Z', plan: 3000 }, 0],
  ]; // prettier-ignore
  for (const [name, story, expected] of cases)
    it(`are worth ${expected} for ${name}`, () => {
      assert.equal(credited(story).total, expected);
    });

  it('are cut to five decimals', () => {
    assert.equal(credited({ at: '2024-04-01T08:00:00.000Z', plan: 20_000, rates: ['25'] }).item, '19333.33333');
  });

  it('are counted after a trial only', () => {
    const story = { at: '2024-03-20T10:00:00.000Z', plan: 3100, trial_end: '2024-03-11T12:00:00.000Z' };
    assert.equal(unusedDays(endOf(story)), 11);
  });

  it('are those of the running period, in whatever time zone it was billed', () => {
    const { period } = endOf({ at: '2024-03-20T10:00:00.000Z', plan: 1, terms: { timezone: 'Asia/Tokyo' } });
    const march = { from_at: '2024-03-01T00:00:00.000Z', to_at: '2024-04-01T00:00:00.000Z' };
    const february = { from_at: '2024-02-01T00:00:00.000Z', to_at: '2024-03-01T00:00:00.000Z' };
    assert.deepEqual([isForPeriod(march, period), isForPeriod(february, period)], [true, false]);
  });
});

describe('the refund of unused days', () => {
  const october = { at: '2022-10-15T10:00:00.000Z', plan: 3100, rates: ['20'] };
  const february = { at: '2025-02-21T00:00:00.000Z', plan: 10_000, fee: 7500, rates: ['20'], from: '2025-02-08T00:00:00.000Z' }; // prettier-ignore
  const split = (story: Story, paid: number, of: number, option: 'refund' | 'offset' | 'credit' = 'refund') => {
    const end = endOf(story);
    const fee = feeIn(story, end);
    const invoice = { ...invoiceOf([]), taxes_amount_cents: 1_000_000, fees: [fee, feeOf({ cents: 1 }, 'other')] };
    const computed = computeItems([{ fee, amount: unusedAmount(end, fee) }], invoice);
    const wanted = splitUnused(option, computed, end, fee, {
      total_paid_amount_cents: paid,
      sub_total_including_taxes_amount_cents: of,
      due_cents: of - paid,
      refundable_cents: paid,
    });
    const made = settleCreditNote(computed, wanted, { refundable_cents: paid, due_cents: of - paid });
    return [made.refund_amount_cents, made.credit_amount_cents, made.offset_amount_cents];
  };

  const cases: [string, number[], number[]][] = [
    ['half of an invoice paid to three quarters', split(october, 5580, 7440), [990, 930, 0]],
    ['a fee with a coupon and an earlier note', split({ ...october, coupons: '500', credited: 200 }, 5580, 6840), [1035, 374, 0]],
    ['a first month', split(february, 7500, 9000), [1500, 1500, 0]],
    ['what was paid in full', split(february, 9000, 9000), [3000, 0, 0]],
    ['what was not paid', split(february, 0, 9000), [0, 3000, 0]],
    ['what is taken off the rest of the invoice', split(february, 7500, 9000, 'offset'), [1500, 0, 1500]],
    ['what is owed less than the rest', split(february, 8000, 9000, 'offset'), [2000, 0, 1000]],
    ['what is only credited', split(february, 9000, 9000, 'credit'), [0, 3000, 0]],
    ['a trial that ended on the day', split({ at: '2024-03-11T15:00:00.000Z', plan: 3500, fee: 2371, trial_end: '2024-03-11T12:00:00.000Z' }, 2371, 2371), [2371, 0, 0]],
  ]; // prettier-ignore
  for (const [name, found, expected] of cases)
    it(`is right for ${name}`, () => {
      assert.deepEqual(found, expected);
    });
});
