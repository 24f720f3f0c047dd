import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Decimal, sum } from '../../../billing/money/decimal.ts';
import { applyTaxes, type TaxableFee } from '../../../billing/taxes/apply-taxes.ts';
import { fee, tax } from './taxes.ts';

describe('the taxes on a fee', () => {
  it('are rounded once from their exact sum, while each line is rounded for itself', () => {
    const [taxed] = applyTaxes([fee(105, [tax('a', '10'), tax('b', '10')])]).fees;
    assert.equal(taxed?.taxes_amount_cents, 21); // 10.5 + 10.5
    assert.deepEqual(
      taxed?.taxes.map((line) => line.amount_cents),
      [11, 11],
    );
    assert.equal(taxed?.taxes_rate, '20');
  });

  it('keep a copy of each tax', () => {
    const vat = { id: 'id', name: 'VAT', code: 'vat', description: 'French', rate: '20.5' };
    assert.deepEqual(applyTaxes([fee(1000, [vat])]).fees[0]?.taxes, [
      {
        tax_id: 'id',
        tax_name: 'VAT',
        tax_code: 'vat',
        tax_description: 'French',
        tax_rate: '20.5',
        amount_cents: 205,
      },
    ]);
  });

  it('are on what coupons left, the precise taxes on the precise amount', () => {
    const one = { ...fee(101, [tax('vat', '20')], '10.5'), precise_amount_cents: '100.5' };
    const [taxed] = applyTaxes([one]).fees;
    assert.equal(taxed?.taxes_amount_cents, 18); // 90.5 × 20 % = 18.1
    assert.equal(taxed?.taxes_precise_amount_cents, '18'); // 90 × 20 %
  });

  it('keep an exact tie exact', () => {
    assert.equal(applyTaxes([fee(50, [tax('vat', '29')])]).fees[0]?.taxes_amount_cents, 15); // 14.5
  });

  it('are 0 without a tax, and with one of 0 %', () => {
    const none = applyTaxes([fee(1000, [])]);
    assert.deepEqual(none.fees[0], {
      taxes_amount_cents: 0,
      taxes_precise_amount_cents: '0',
      taxes_rate: '0',
      taxes: [],
    });
    assert.deepEqual(none.invoice, { taxes_amount_cents: 0, taxes_rate: '0', taxes: [] });
    const exempt = applyTaxes([fee(1000, [tax('exempt', '0')])]);
    assert.equal(exempt.invoice.taxes[0]?.fees_amount_cents, 1000);
    assert.equal(exempt.invoice.taxes_amount_cents, 0);
  });
});

describe('the taxes on an invoice', () => {
  it('come from the exact amounts, not from the rounded taxes of the fees', () => {
    const vat = tax('vat', '20');
    const taxed = applyTaxes([fee(6833, [vat]), fee(6833, [vat])]);
    assert.deepEqual(
      taxed.fees.map(({ taxes_amount_cents }) => taxes_amount_cents),
      [1367, 1367],
    );
    assert.equal(taxed.invoice.taxes_amount_cents, 2733); // 2733.2, where the fees' would make 2734
    assert.deepEqual(taxed.invoice.taxes, [
      {
        tax_id: 'id-of-vat',
        tax_name: 'VAT',
        tax_code: 'vat',
        tax_description: null,
        tax_rate: '20',
        amount_cents: 2733,
        fees_amount_cents: 13666,
      },
    ]);
  });

  it('are rounded from their exact sum, not from their lines', () => {
    const taxed = applyTaxes([fee(5, [tax('a', '10')]), fee(5, [tax('b', '10')])]).invoice;
    assert.deepEqual(
      taxed.taxes.map(({ amount_cents }) => amount_cents),
      [1, 1],
    );
    assert.equal(taxed.taxes_amount_cents, 1); // 0.5 + 0.5
  });

  it('show what each tax is on cut to whole cents', () => {
    const [line] = applyTaxes([fee(1000, [tax('vat', '10')], '0.00001')]).invoice.taxes;
    assert.equal(line?.fees_amount_cents, 999);
    assert.equal(line?.amount_cents, 100);
  });

  it('show a rate weighted by what each tax is on', () => {
    const both = [tax('a', '10'), tax('b', '10')];
    const taxed = applyTaxes([fee(17_900, [tax('a', '10')]), fee(39_900, both, '25000')]).invoice;
    assert.equal(taxed.taxes_amount_cents, 4770); // 1790 + 2980
    assert.equal(taxed.taxes_rate, '14.54268'); // (10 × 17 900 + 20 × 14 900) / 32 800
  });

  it('show a rate weighted by the fees where nothing is left to tax', () => {
    const vat = tax('vat', '10');
    assert.equal(applyTaxes([fee(10_000, [vat], '10000')]).invoice.taxes_rate, '10');
    assert.equal(applyTaxes([fee(0, [vat]), fee(0, [vat]), fee(0, [])]).invoice.taxes_rate, '6.66667');
  });

  const anyTaxes = fc.subarray([tax('a', '20'), tax('b', '5.5'), tax('c', '0'), tax('d', '8.875')]);
  const anyFee: fc.Arbitrary<TaxableFee> = fc
    .tuple(fc.integer({ min: 0, max: 1_000_000 }), fc.integer({ min: 0, max: 100_000 }), anyTaxes)
    .map(([amount_cents, share, taxes]) =>
      fee(amount_cents, taxes, new Decimal(amount_cents).times(share).div(100_000).toDecimalPlaces(5).toFixed()),
    );
  const someFees = fc.array(anyFee, { maxLength: 12 });

  it('are never further from their lines or from the taxes of the fees than rounding explains', () => {
    fc.assert(
      fc.property(someFees, (fees) => {
        const taxed = applyTaxes(fees);
        const total = taxed.invoice.taxes_amount_cents;
        const lines = sum(taxed.invoice.taxes.map(({ amount_cents }) => amount_cents));
        const ofFees = sum(taxed.fees.map(({ taxes_amount_cents }) => taxes_amount_cents));
        assert.ok(
          lines
            .minus(total)
            .abs()
            .lte(taxed.invoice.taxes.length / 2 + 0.5),
        );
        assert.ok(
          ofFees
            .minus(total)
            .abs()
            .lte(fees.length / 2 + 0.5),
        );
      }),
    );
  });

  it('are never negative, and never above the highest rate', () => {
    fc.assert(
      fc.property(someFees, (fees) => {
        const { taxes_amount_cents, taxes_rate, taxes } = applyTaxes(fees).invoice;
        const base = sum(fees.map((one) => new Decimal(one.amount_cents).minus(one.precise_coupons_amount_cents)));
        const highest = sum(taxes.map(({ tax_rate }) => tax_rate));
        assert.ok(taxes_amount_cents >= 0);
        assert.ok(new Decimal(taxes_amount_cents).lte(base.times(highest).div(100).plus('0.5')));
        assert.ok(new Decimal(taxes_rate).gte(0));
      }),
    );
  });

  it('do not depend on the order of the fees', () => {
    fc.assert(
      fc.property(someFees, (fees) => {
        const { taxes_amount_cents, taxes_rate, taxes } = applyTaxes(fees).invoice;
        const reversed = applyTaxes([...fees].reverse()).invoice;
        const byCode = (lines: typeof taxes): unknown => Object.fromEntries(lines.map((line) => [line.tax_code, line]));
        assert.deepEqual([reversed.taxes_amount_cents, reversed.taxes_rate], [taxes_amount_cents, taxes_rate]);
        assert.deepEqual(byCode(reversed.taxes), byCode(taxes));
      }),
    );
  });
});
