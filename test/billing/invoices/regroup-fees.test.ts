import assert from 'node:assert/strict';
import { regroupFees } from '../../../billing/invoices/regroup-fees.ts';

const fee = (id: string, amount_cents: number, taxes_amount_cents: number) => ({
  fee: { id, amount_cents, taxes_amount_cents },
  tax: {
    fee_id: id,
    tax_id: null,
    tax_name: 'VAT',
    tax_code: 'vat',
    tax_description: null,
    tax_rate: '20',
    amount_cents: taxes_amount_cents,
  },
});

describe('paid fees on one invoice', () => {
  it('come to what they were paid with: taxes are added up, not computed anew', () => {
    const fees = [fee('renewal', 15_060, 3012), fee('a', 1707, 341), fee('b', 1606, 321)];
    const { totals, taxes } = regroupFees(
      fees.map((one) => one.fee),
      fees.map((one) => one.tax),
    );
    assert.equal(totals.fees_amount_cents, 18_373);
    assert.equal(totals.taxes_amount_cents, 3674);
    assert.equal(totals.total_amount_cents, 22_047);
    assert.equal(totals.taxes_rate, '20');
    assert.deepEqual(
      taxes.map((tax) => [tax.tax_code, tax.amount_cents, tax.fees_amount_cents]),
      [['vat', 3674, 18_373]],
    );
  });

  it('have no rate when they come to nothing', () => {
    const { totals } = regroupFees([fee('free', 0, 0).fee], []);
    assert.equal(totals.taxes_rate, '0');
    assert.equal(totals.total_amount_cents, 0);
  });
});
