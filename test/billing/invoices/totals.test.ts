import assert from 'node:assert/strict';
import fc from 'fast-check';
import { computeTotals, type Totals } from '../../../billing/invoices/totals.ts';
import { applyTaxes, type TaxableFee } from '../../../billing/taxes/apply-taxes.ts';
import { fee, tax } from '../taxes/taxes.ts';

function totals(fees: readonly TaxableFee[], coupons_amount_cents = 0): Totals {
  return computeTotals({ fees, taxes: applyTaxes(fees).invoice, coupons_amount_cents });
}

describe('the order of arithmetic on an invoice', () => {
  const ten = tax('ten', '10');
  const twenty = tax('twenty', '20');

  it('is fees, then taxes', () => {
    assert.deepEqual(totals([fee(6833, [twenty]), fee(6833, [twenty])]), {
      fees_amount_cents: 13_666,
      progressive_billing_credit_amount_cents: 0,
      coupons_amount_cents: 0,
      sub_total_excluding_taxes_amount_cents: 13_666,
      taxes_amount_cents: 2733,
      taxes_rate: '20',
      sub_total_including_taxes_amount_cents: 16_399,
      total_amount_cents: 16_399,
    });
  });

  it('takes coupons off before taxes', () => {
    const fees = [
      fee(10_000, [ten], '500'), // plan
      fee(5000, [tax('exempt', '0')], '250'), // charge
      fee(3000, [twenty], '150'), // charge
      fee(2000, [twenty], '100'), // its true-up
    ];
    assert.deepEqual(
      applyTaxes(fees).fees.map(({ taxes_amount_cents }) => taxes_amount_cents),
      [950, 0, 570, 380],
    );
    const result = totals(fees, 1000);
    assert.equal(result.sub_total_excluding_taxes_amount_cents, 19_000);
    assert.equal(result.taxes_amount_cents, 1900);
    assert.equal(result.total_amount_cents, 20_900);
  });

  it('ends at 0 where coupons take everything', () => {
    const result = totals([fee(10_000, [ten], '10000')], 10_000); // 1000, then 9000 of 11 000
    assert.deepEqual(
      [result.sub_total_excluding_taxes_amount_cents, result.taxes_amount_cents, result.total_amount_cents],
      [0, 0, 0],
    );
    assert.equal(result.taxes_rate, '10');
  });

  it('keeps the exact shares of three coupons over two subscriptions', () => {
    const shares = [
      '676.47059',
      '1352.94117',
      '88.23529',
      '117.64706',
      '126.47059',
      '252.94118',
      '379.41176',
      '505.88235',
    ];
    const amounts = [1000, 2000, 3000, 4000, 1000, 2000, 3000, 4000];
    const fees = amounts.map((amount, index) => fee(amount, [amount === 2000 ? twenty : ten], shares[index]));
    const result = totals(fees, 3500);
    assert.deepEqual(
      [
        result.fees_amount_cents,
        result.sub_total_excluding_taxes_amount_cents,
        result.taxes_amount_cents,
        result.total_amount_cents,
      ],
      [20_000, 16_500, 1889, 18_389],
    );
  });

  it('adds taxes up that are on one fee', () => {
    const fees = [fee(17_900, [ten]), fee(39_900, [ten, tax('other', '10')], '25000')];
    const result = totals(fees, 25_000);
    assert.deepEqual(
      [result.taxes_amount_cents, result.taxes_rate, result.total_amount_cents],
      [4770, '14.54268', 37_570],
    );
  });

  it('makes 0 of no fees', () => {
    const result = totals([]);
    assert.deepEqual([result.fees_amount_cents, result.total_amount_cents, result.taxes_rate], [0, 0, '0']);
  });

  const impossible: { name: string; fees: TaxableFee[]; coupons: number }[] = [
    { name: 'a negative fee', fees: [fee(-1, [])], coupons: 0 },
    { name: 'a coupon above its fee', fees: [fee(100, [], '101'), fee(100, [], '0')], coupons: 101 },
    { name: 'coupons that no fee has a share of', fees: [fee(100, [])], coupons: 50 },
    { name: 'shares without coupons', fees: [fee(100, [], '50')], coupons: 0 },
    { name: 'a coupon that adds', fees: [fee(100, [], '-5'), fee(100, [], '5')], coupons: 0 },
  ];
  for (const { name, fees, coupons } of impossible) {
    it(`refuses ${name} as a bug of ours`, () => {
      assert.throws(() => totals(fees, coupons), /assertion failed: invoice/);
    });
  }

  it('adds up, whatever the fees', () => {
    const anyFee = fc
      .tuple(fc.integer({ min: 0, max: 10_000_000 }), fc.subarray([ten, twenty]))
      .map(([amount, taxes]) => fee(amount, taxes));
    fc.assert(
      fc.property(fc.array(anyFee), (fees) => {
        const result = totals(fees);
        assert.equal(
          result.fees_amount_cents,
          fees.reduce((total, { amount_cents }) => total + amount_cents, 0),
        );
        assert.equal(result.total_amount_cents, result.fees_amount_cents + result.taxes_amount_cents);
        assert.ok(result.total_amount_cents >= result.fees_amount_cents);
      }),
    );
  });
});
