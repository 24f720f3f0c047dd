import assert from 'node:assert/strict';
import { checkParts, readItems } from '../../../billing/credit-notes/check-credit-note.ts';
import { computeItems } from '../../../billing/credit-notes/compute-items.ts';
import { NO_PARTS, type Parts } from '../../../billing/credit-notes/credit-note.ts';
import type { CreditableInvoice } from '../../../billing/credit-notes/creditable-invoice.ts';
import { BillingError } from '../../../billing/errors.ts';
import { invoiceOf, itemsOf } from './fees.ts';

/** The code, and what is wrong with which field. */
function complaint(work: () => unknown): unknown {
  try {
    work();
    return 'nothing';
  } catch (error) {
    if (!(error instanceof BillingError)) throw error;
    return error.kind === 'invalid' ? error.details : error.code;
  }
}

describe('the items of a credit note', () => {
  const { fees } = invoiceOf([{ cents: 6833 }, { cents: 1000, credited: 400 }]);
  const cases: [string, [string, string | undefined][], unknown][] = [
    ['all that is left', [['fee-1', '6833'], ['fee-2', '600']], 'nothing'],
    ['a part of a cent', [['fee-1', '66.66667']], 'nothing'],
    ['an unknown fee', [['fee-3', '1']], 'fee_not_found'],
    ['less than nothing', [['fee-1', '-1']], { amount_cents: ['invalid_value'] }],
    ['no number', [['fee-1', undefined]], { amount_cents: ['invalid_value'] }],
    ['more than the fee', [['fee-1', '6834']], { amount_cents: ['higher_than_remaining_fee_amount'] }],
    ['more than is left of the fee', [['fee-2', '601']], { amount_cents: ['higher_than_remaining_fee_amount'] }],
    ['more than is left, twice', [['fee-2', '400'], ['fee-2', '300']], { amount_cents: ['higher_than_remaining_fee_amount'] }],
    ['several that are wrong: the first stops', [['fee-1', '-1'], ['fee-3', '1']], { amount_cents: ['invalid_value'] }],
  ]; // prettier-ignore
  for (const [name, asked, expected] of cases)
    it(`may be ${name}, or are told so`, () => {
      const items = asked.map(([fee_id, amount_cents]) => ({ fee_id, amount_cents }));
      assert.deepEqual(complaint(() => readItems(items, fees)), expected); // prettier-ignore
    });
});

describe('what is wanted of a credit note', () => {
  // 100.00 and 20 %: 120.00.
  const fees = [{ cents: 10_000, rates: ['20'] }];
  const unpaid = invoiceOf(fees);
  const half = invoiceOf(fees, { paid: 6000 });
  const paid = invoiceOf(fees, { paid: 12_000 });
  const part = (credit: number, refund = 0, offset = 0): Parts => ({ credit_amount_cents: credit, refund_amount_cents: refund, offset_amount_cents: offset }); // prettier-ignore
  const given = (invoice: CreditableInvoice, parts: Parts): CreditableInvoice => ({ ...invoice, given: parts });
  const cases: [string, CreditableInvoice, number, Parts, unknown][] = [
    ['a credit', unpaid, 10_000, part(12_000), 'nothing'],
    ['a credit a cent off', unpaid, 5000, part(6001), 'nothing'],
    ['a refund of what was paid', half, 5000, part(0, 6000), 'nothing'],
    ['a refund and a credit', half, 10_000, part(6000, 6000), 'nothing'],
    ['what is still owed', half, 5000, part(0, 0, 6000), 'nothing'],
    ['a refund of what was not paid', unpaid, 5000, part(0, 6000), { refund_amount_cents: ['cannot_refund_unpaid_invoice', 'higher_than_remaining_invoice_amount'] }],
    ['a refund of more than was paid', half, 10_000, part(0, 12_000), { refund_amount_cents: ['higher_than_remaining_invoice_amount'] }],
    ['a refund of what was paid back', given(half, part(0, 6000)), 5000, part(0, 6000), { refund_amount_cents: ['higher_than_remaining_invoice_amount'] }],
    ['a refund of what is being paid', invoiceOf(fees, { paid: 12_000, payment_status: 'pending' }), 5000, part(0, 6000), { refund_amount_cents: ['cannot_refund_unpaid_invoice', 'higher_than_remaining_invoice_amount'] }],
    ['a credit of what was credited', given(unpaid, part(12_000)), 1000, part(1200), { credit_amount_cents: ['higher_than_remaining_invoice_amount'], base: ['higher_than_remaining_invoice_amount'] }],
    ['more than is owed', half, 10_000, part(0, 0, 12_000), { offset_amount_cents: ['higher_than_remaining_invoice_amount'] }],
    ['what the items do not come to', unpaid, 5000, part(5000), { base: ['does_not_match_item_amounts'] }],
    ['nothing', unpaid, 0, part(0), { base: ['total_amount_must_be_positive'] }],
    ['credit on what was bought in advance of use', { ...paid, invoice: { ...paid.invoice, invoice_type: 'credit' } }, 5000, part(6000), { credit_amount_cents: ['cannot_credit_invoice'] }],
  ]; // prettier-ignore
  for (const [name, invoice, item, wanted, expected] of cases)
    it(`is checked: ${name}`, () => {
      const computed = computeItems(itemsOf(invoice, [item]), invoice);
      assert.deepEqual(complaint(() => checkParts(wanted, computed, invoice)), expected); // prettier-ignore
    });

  it('is nothing that a coupon has paid for', () => {
    const covered = invoiceOf([{ cents: 3100, rates: ['20'], coupons: '3100' }]);
    const computed = computeItems(itemsOf(covered, [1600]), covered);
    assert.deepEqual(complaint(() => checkParts(NO_PARTS, computed, covered)), { base: ['total_amount_must_be_positive'] }); // prettier-ignore
  });
});
