import assert from 'node:assert/strict';
import { creditNoteHtml } from '../../activities/templates/credit-note.html.ts';
import { locales } from '../../billing/customers/locales.ts';
import { sampleCreditNote, sampleLine, subscriptionLine } from './invoice-samples.ts';
import { textOfPage } from './page-text.ts';

describe('the page of a credit note', () => {
  it('says what is given back of an invoice, to whom, and how', () => {
    const text = textOfPage(
      creditNoteHtml(
        sampleCreditNote({
          description: 'As agreed on the phone',
          lines: [subscriptionLine({ amount_cents: 4900 }), sampleLine({ groups: ['eu'], amount_cents: 1500 })],
          coupons_adjustment_amount_cents: 400,
          sub_total_excluding_taxes_amount_cents: 6000,
          total_amount_cents: 7200,
          credit_amount_cents: 5000,
          refund_amount_cents: 2000,
          offset_amount_cents: 200,
        }),
      ),
    );
    for (const expected of [
      'Credit note number ALT-8C21-004-012-CN001 Issue date March 9, 2026 For invoice ALT-8C21-004-012',
      'Total of the credit note €72.00 As agreed on the phone Item Tax Amount Team Feb 1 – 28, 2026',
      'Subscription fee • Team 20% €49.00 API calls • eu 20% €15.00',
      'Coupons −€4.00 Subtotal excl. tax €60.00 TVA (20% on €60.00) €12.00 Total €72.00',
      'Credited to the customer balance €50.00 Refunded €20.00 Deducted from the invoice €2.00',
    ])
      assert.ok(text.includes(expected), `"${expected}" in: ${text}`);
    assert.ok(!text.includes('Payment term'));
  });

  it('shows only the ways in which something was given back', () => {
    const text = textOfPage(creditNoteHtml(sampleCreditNote({ refund_amount_cents: 0, credit_amount_cents: 100 })));
    assert.ok(text.includes('Credited to'));
    for (const absent of ['Refunded', 'Deducted', 'Coupons']) assert.ok(!text.includes(absent));
  });

  it('says why there is no tax', () => {
    const tax = { tax_code: 'lago_eu_reverse_charge', tax_name: 'Reverse Charge', tax_rate: '0', amount_cents: 0 };
    const text = textOfPage(creditNoteHtml(sampleCreditNote({ taxes: [{ ...tax, base_amount_cents: 6000 }] })));
    assert.match(text, /Reverse Charge \(0% on €60\.00\) .* liable for the VAT/);
  });

  for (const locale of locales)
    it(`is written in ${locale}`, () => {
      const text = textOfPage(creditNoteHtml(sampleCreditNote({ locale })));
      assert.doesNotMatch(text, /\b[a-z]+_[a-z_]+\b/, 'every text has been found');
    });
});
