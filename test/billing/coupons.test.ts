import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  afterUse,
  type CouponUse,
  type DiscountableFee,
  useCoupons,
  type UsableCoupon,
} from '../../billing/coupons/use-coupons.ts';
import { sum } from '../../billing/money/decimal.ts';
import { settleLines, type Line } from '../../billing/invoices/settle-lines.ts';
import { addOnFee } from '../../billing/invoices/one-off.ts';
import type { Tax } from '../../billing/taxes/resolve-taxes.ts';

const fixed = (amount_cents: number, more: Partial<UsableCoupon> = {}): UsableCoupon => ({
  id: `fixed-${amount_cents}`,
  coupon_type: 'fixed_amount',
  amount_cents,
  amount_currency: 'EUR',
  percentage_rate: null,
  frequency: 'forever',
  frequency_duration_remaining: null,
  plan_ids: null,
  billable_metric_ids: null,
  ...more,
});
const percent = (percentage_rate: string, more: Partial<UsableCoupon> = {}): UsableCoupon =>
  fixed(0, {
    id: `percent-${percentage_rate}`,
    coupon_type: 'percentage',
    amount_cents: null,
    percentage_rate,
    ...more,
  });

const fee = (amount_cents: number, plan_id = 'p1', billable_metric_id: string | null = null): DiscountableFee => ({
  amount_cents,
  precise_coupons_amount_cents: '0',
  plan_id,
  billable_metric_id,
});

function use(fees: readonly DiscountableFee[], coupons: readonly UsableCoupon[], currency = 'EUR') {
  const sub_total_cents = fees.reduce((total, one) => total + one.amount_cents, 0);
  const used = useCoupons(fees, coupons, { currency, sub_total_cents });
  return { credits: used.uses.map((one) => one.amount_cents), shares: used.shares, left: used.sub_total_cents };
}

describe('coupons on an invoice', () => {
  const onPlan = (...plans: string[]) => ({ plan_ids: new Set(plans) });
  const onMetric = (...metrics: string[]) => ({ billable_metric_ids: new Set(metrics) });

  const cases: [string, DiscountableFee[], UsableCoupon[], number[], string[], number][] = [
    ['take a fixed amount', [fee(5000)], [fixed(1000)], [1000], ['1000'], 4000],
    ['never take more than there is', [fee(10_000)], [fixed(1000), fixed(11_000)], [1000, 9000], ['10000'], 0],
    ['are not used where nothing is left', [fee(1000)], [fixed(1000), fixed(5)], [1000], ['1000'], 0],
    [
      'take percentages of what earlier ones left',
      [fee(10_000)],
      [percent('10'), percent('10')],
      [1000, 900],
      ['1900'],
      8100,
    ],
    ['of another currency are left out', [fee(1000)], [fixed(100, { amount_currency: 'USD' })], [], ['0'], 1000],
    ['round percentages half up', [fee(50)], [percent('29')], [15], ['15'], 35],
    [
      'limited to a plan take from its fees alone',
      [fee(17_900, 'p1'), fee(39_900, 'p2')],
      [fixed(25_000, onPlan('p2'))],
      [25_000],
      ['0', '25000'],
      32_800,
    ],
    ['limited to what is not there are left out', [fee(1000, 'p1')], [fixed(10, onPlan('p2'))], [], ['0'], 1000],
    [
      'limited to what costs nothing are used for nothing',
      [fee(0, 'p2'), fee(1000, 'p1')],
      [percent('10', onPlan('p2'))],
      [0],
      ['0', '0'],
      1000,
    ],
    [
      'spread over the fees in proportion',
      [fee(10_000), fee(5000), fee(3000), fee(2000)],
      [fixed(1000)],
      [1000],
      ['500', '250', '150', '100'],
      19_000,
    ],
    [
      'go from metrics over plans to the unlimited ones, whenever they were applied',
      [
        ...[1000, 2000, 3000, 4000].map((cents, index) => fee(cents, 's1', `a${index}`)),
        ...[1000, 2000, 3000, 4000].map((cents, index) => fee(cents, 's2', `b${index}`)),
      ],
      [fixed(500), fixed(1000, onPlan('s2')), fixed(2000, onMetric('a0', 'a1'))],
      [2000, 1000, 500],
      ['676.47059', '1352.94117', '88.23529', '117.64706', '126.47059', '252.94118', '379.41176', '505.88235'],
      16_500,
    ],
  ];
  for (const [what, fees, coupons, credits, shares, left] of cases)
    it(what, () => assert.deepEqual(use(fees, coupons), { credits, shares, left }));

  const endings: [string, UsableCoupon, number, boolean, number | null][] = [
    ['a fixed amount that is used once, with its last cent', fixed(100, { frequency: 'once' }), 100, true, null],
    ['a fixed amount that is used once, not before', fixed(100, { frequency: 'once' }), 99, false, null],
    ['a percentage that is used once, at once', percent('1', { frequency: 'once' }), 0, true, null],
    [
      'a recurring one, with its last invoice',
      fixed(1, { frequency: 'recurring', frequency_duration_remaining: 1 }),
      1,
      true,
      0,
    ],
    ['a recurring one, not before', fixed(1, { frequency: 'recurring', frequency_duration_remaining: 3 }), 0, false, 2],
    ['one that is forever, never', fixed(1), 1, false, null],
  ];
  for (const [what, coupon, amount_cents, isUsedUp, frequency_duration_remaining] of endings)
    it(`ends ${what}`, () =>
      assert.deepEqual(afterUse({ coupon, amount_cents }), { isUsedUp, frequency_duration_remaining }));

  const tax = (rate: number): Tax => ({
    id: `t${rate}`,
    name: 't',
    code: `t${rate}`,
    description: null,
    rate: String(rate),
  });
  const line = (cents: number, rates: number[], plan_id: string): Line => ({
    fee: addOnFee(
      {
        add_on: {} as never,
        unit_amount_cents: cents,
        units: '1',
        description: null,
        invoice_display_name: null,
        span: null,
        taxes: [],
      },
      'EUR',
    ),
    taxes: rates.map(tax),
    plan_id,
  });
  const usage = (cents: number, rates: number[], metric: string, plan_id: string): Line => {
    const { fee, ...rest } = line(cents, rates, plan_id);
    return { ...rest, fee: { ...fee, fee_type: 'charge', item_id: metric } };
  };

  const taxed: [string, Line[], UsableCoupon[], number, number, string][] = [
    [
      'two taxes and a coupon on one plan',
      [line(17_900, [10], 'p1'), line(39_900, [4, 16], 'p2')],
      [fixed(25_000, onPlan('p2'))],
      4770,
      37_570,
      '14.54268',
    ],
    ['nothing left to tax', [line(10_000, [10], 'p1')], [fixed(1000), fixed(11_000)], 0, 0, '10'],
    [
      'one coupon over fees of three rates',
      [line(10_000, [10], 'p'), line(5000, [0], 'p'), line(3000, [20], 'p'), line(2000, [20], 'p')],
      [fixed(1000)],
      1900,
      20_900,
      '10',
    ],
    [
      'four coupons of three kinds over eight metrics',
      [1, 2].flatMap((sub) =>
        [1000, 2000, 3000, 4000].map((cents, index) =>
          usage(cents, cents === 2000 ? [20] : [10], `${sub}-${index}`, `s${sub}`),
        ),
      ),
      [fixed(500), fixed(1000, onPlan('s2')), fixed(2000, onMetric('1-0', '1-1'))],
      // 10 % of 16 500, and 10 % more of the two fees of 2000: of 647.05883 and 1747.05882.
      1889,
      18_389,
      '11.45098',
    ],
  ];
  for (const [what, lines, coupons, taxes, total, rate] of taxed)
    it(`come before taxes: ${what}`, () => {
      const { totals } = settleLines(lines, 'EUR', { progressive_credits: [], coupons });
      assert.deepEqual([totals.taxes_amount_cents, totals.total_amount_cents], [taxes, total]);
      assert.equal(totals.taxes_rate, rate);
    });

  const anyCoupon: fc.Arbitrary<UsableCoupon> = fc
    .record({
      isFixed: fc.boolean(),
      cents: fc.integer({ min: 1, max: 20_000 }),
      rate: fc.integer({ min: 1, max: 100 }),
      limit: fc.constantFrom('none', 'plan', 'metric'),
    })
    .map(({ isFixed, cents, rate, limit }) =>
      (isFixed ? fixed : (_: number, more: Partial<UsableCoupon>) => percent(String(rate), more))(cents, {
        ...(limit === 'plan' && onPlan('p1')),
        ...(limit === 'metric' && onMetric('m')),
      }),
    );
  const anyFee = fc
    .tuple(fc.integer({ min: 0, max: 10_000 }), fc.constantFrom('p1', 'p2'), fc.constantFrom('m', null))
    .map(([cents, plan, metric]) => fee(cents, plan, metric));

  it('never take more than they are worth, nor more than there is, and are spread to the cent', () => {
    fc.assert(
      fc.property(fc.array(anyFee, { maxLength: 8 }), fc.array(anyCoupon, { maxLength: 6 }), (fees, coupons) => {
        const total = fees.reduce((cents, one) => cents + one.amount_cents, 0);
        const used = useCoupons(fees, coupons, { currency: 'EUR', sub_total_cents: total });
        for (const { coupon, amount_cents } of used.uses) {
          assert(amount_cents >= 0);
          if (coupon.coupon_type === 'fixed_amount') assert(amount_cents <= coupon.amount_cents!);
        }
        const credited = used.uses.reduce((cents, one) => cents + one.amount_cents, 0);
        assert.equal(used.sub_total_cents, total - credited);
        assert(used.sub_total_cents >= 0);
        assert(sum(used.shares).minus(credited).abs().lt(1));
        for (const [index, share] of used.shares.entries())
          assert(Number(share) >= 0 && Number(share) <= fees[index]!.amount_cents);
      }),
      { numRuns: 500 },
    );
  });

  const anyLine = fc
    .tuple(fc.integer({ min: 0, max: 10_000 }), fc.subarray([5, 7.7, 20]), fc.constantFrom('p1', 'p2'), fc.boolean())
    .map(([cents, rates, plan, isUsage]) => (isUsage ? usage(cents, rates, 'm', plan) : line(cents, rates, plan)));

  it('leave an invoice that is the sum of its parts, and never negative', () => {
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 8 }), fc.array(anyCoupon, { maxLength: 6 }), (lines, coupons) => {
        const { fees, taxes, totals, coupon_uses } = settleLines(lines, 'EUR', { progressive_credits: [], coupons });
        const credited = coupon_uses.reduce((cents, one) => cents + one.amount_cents, 0);
        assert.equal(totals.coupons_amount_cents, credited);
        assert.equal(totals.sub_total_excluding_taxes_amount_cents, totals.fees_amount_cents - credited);
        assert.equal(
          totals.total_amount_cents,
          totals.sub_total_excluding_taxes_amount_cents + totals.taxes_amount_cents,
        );
        assert(totals.sub_total_excluding_taxes_amount_cents >= 0 && totals.total_amount_cents >= 0);
        // Both are rounded: the tax of the invoice once, those of its lines and fees each.
        const near = (cents: number, count: number): boolean =>
          Math.abs(cents - totals.taxes_amount_cents) <= (count + 1) / 2;
        assert(near(Number(sum(taxes.map((one) => one.amount_cents))), taxes.length));
        assert(near(Number(sum(fees.map((one) => one.taxes_amount_cents))), fees.length));
      }),
      { numRuns: 300 },
    );
  });

  const useAlone = (coupon: UsableCoupon | undefined, cents: number): CouponUse | undefined =>
    coupon && useCoupons([fee(cents)], [coupon], { currency: 'EUR', sub_total_cents: cents }).uses[0];

  it('used once give their amount over all invoices and no more; recurring ones are on as many as they are for', () => {
    const bill = fc.integer({ min: 1, max: 3000 });
    fc.assert(
      fc.property(
        fc.array(bill, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 9000 }),
        (bills, cents) => {
          const given = { once: 0, recurring: 0 };
          let once: UsableCoupon | undefined = fixed(cents, { frequency: 'once' });
          let recurring: UsableCoupon | undefined = fixed(1, {
            frequency: 'recurring',
            frequency_duration_remaining: 3,
          });
          for (const one of bills) {
            const used = useAlone(once, one);
            given.once += used?.amount_cents ?? 0;
            once = used && !afterUse(used).isUsedUp ? { ...used.coupon, amount_cents: cents - given.once } : undefined;
            const again = useAlone(recurring, one);
            given.recurring += again?.amount_cents ?? 0;
            recurring = again && !afterUse(again).isUsedUp ? { ...again.coupon, ...afterUse(again) } : undefined;
          }
          const billed = bills.reduce((total, one) => total + one, 0);
          assert.deepEqual(given, { once: Math.min(billed, cents), recurring: Math.min(bills.length, 3) });
        },
      ),
    );
  });
});
