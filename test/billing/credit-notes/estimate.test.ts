import assert from 'node:assert/strict';
import fc from 'fast-check';
import { computeItems } from '../../../billing/credit-notes/compute-items.ts';
import { estimateCreditNote } from '../../../billing/credit-notes/estimate-credit-note.ts';
import { rescaleItem, settleDraft } from '../../../billing/credit-notes/rescale-draft.ts';
import { NO_PARTS, totalOf } from '../../../billing/credit-notes/credit-note.ts';
import { useBalances } from '../../../billing/credit-notes/use-credit-notes.ts';
import { creditableCents, spreadOverFees } from '../../../billing/credit-notes/void-credit.ts';
import { feeOf, invoiceOf, itemsOf } from './fees.ts';

describe('the estimate of a credit note', () => {
  it('settles roundings in the taxes', () => {
    const coupons = ['479.91802', '1448.93772', '15.12884', '31.22440', '15.12884', '9.66216'];
    const fees = [99_290, 299_770, 3130, 6460, 3130, 1999].map((cents, at) => ({ cents, rates: ['10'], coupons: coupons[at]! })); // prettier-ignore
    const invoice = invoiceOf(fees, { paid: 40 });
    const estimate = estimateCreditNote(computeItems(itemsOf(invoice, [0, 100, 100, 100, 100, 100]), invoice), invoice);
    assert.deepEqual(
      [estimate.coupons_adjustment_amount_cents, estimate.sub_total_excluding_taxes_amount_cents, estimate.taxes_amount_cents, estimate.max_creditable_amount_cents, estimate.max_refundable_amount_cents],
      [2, 498, 49, 547, 40],
    ); // prettier-ignore
  });

  const fees = [{ cents: 10_000, rates: ['20'] }];
  const cases: [string, ReturnType<typeof invoiceOf>, number][] = [
    ['what was paid', invoiceOf(fees, { paid: 6000 }), 6000],
    ['all of it', invoiceOf(fees, { paid: 12_000 }), 12_000],
    ['nothing of a draft', invoiceOf(fees, { paid: 6000, status: 'draft' }), 0],
    ['nothing while the payment is on its way', invoiceOf(fees, { paid: 12_000, payment_status: 'pending' }), 0],
    ['what was not paid back before', { ...invoiceOf(fees, { paid: 12_000 }), given: { ...NO_PARTS, refund_amount_cents: 5000 } }, 7000], // prettier-ignore
  ];
  for (const [name, invoice, expected] of cases)
    it(`allows to pay back ${name}`, () => {
      const computed = computeItems(itemsOf(invoice, [10_000]), invoice);
      assert.equal(estimateCreditNote(computed, invoice).max_refundable_amount_cents, expected);
    });
});

describe('the note of a draft', () => {
  const settle = (precise: string, before: number, fee: ReturnType<typeof feeOf>) => {
    const invoice = { ...invoiceOf([]), fees: [fee], taxes_amount_cents: 1_000_000 };
    const computed = computeItems([rescaleItem(precise, before, fee)], invoice);
    return settleDraft(computed, NO_PARTS, { refundable_cents: 0, due_cents: 0 });
  };

  it('follows its fee', () => {
    assert.equal(settle('354.83870', 548, feeOf({ cents: 548, rates: ['20'] })).credit_amount_cents, 426);
    assert.equal(settle('354.83870', 548, feeOf({ cents: 274, rates: ['20'] })).credit_amount_cents, 212); // 177.41935 + 35
  });

  it('comes to nothing where the fee was nothing, or a coupon covers it', () => {
    assert.equal(settle('0', 0, feeOf({ cents: 500, rates: ['20'] })).total_amount_cents, 0);
    assert.equal(settle('354.83870', 548, feeOf({ cents: 548, coupons: '548', rates: ['20'] })).total_amount_cents, 0);
  });

  it('has taxes that are the sum of its lines', () => {
    // 10.5 % and 10.5 % of 5.00: 52.5 → 53 each.
    const note = settle('500', 500, feeOf({ cents: 500, rates: ['10.5', '10.5'] }));
    assert.deepEqual([note.taxes_amount_cents, note.total_amount_cents], [106, 606]);
  });
});

describe('the credit of notes', () => {
  it('is used one after the other, and never more than there is to pay', () => {
    const notes = [{ id: 'a', balance_amount_cents: 300 }, { id: 'b', balance_amount_cents: 500 }, { id: 'c', balance_amount_cents: 100 }]; // prettier-ignore
    assert.deepEqual(useBalances(notes, 600), [
      { id: 'a', amount_cents: 300, balance_amount_cents: 0 },
      { id: 'b', amount_cents: 300, balance_amount_cents: 200 },
    ]);
  });
});

describe('the credit for an invoice that is voided', () => {
  it('is spread over its fees to the cent of what is wanted', () => {
    const fee = fc.record({ cents: fc.integer({ min: 1, max: 500_000 }), rates: fc.constantFrom(['20'], ['5.5', '10'], []) }); // prettier-ignore
    fc.assert(
      fc.property(fc.array(fee, { minLength: 1, maxLength: 5 }), fc.double({ min: 0, max: 1, noNaN: true }), (sketches, share) => {
          const invoice = invoiceOf(sketches);
          const wanted = Math.ceil(creditableCents(invoice) * share);
          const items = spreadOverFees(wanted, invoice);
          const { expected_total_cents } = computeItems(items, invoice);
          assert(Math.abs(expected_total_cents - wanted) <= 1);
          for (const { fee: of, amount } of items) assert(amount.lte(of.amount_cents));
          assert(totalOf({ ...NO_PARTS, credit_amount_cents: wanted }) <= creditableCents(invoice));
        }), // prettier-ignore
    );
  });
});
