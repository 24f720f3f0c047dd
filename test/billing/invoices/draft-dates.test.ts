import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  draftDates,
  finalDates,
  isDatedBy,
  issuingDateAdjustments,
  issuingDateAnchors,
  type PaymentTerms,
} from '../../../billing/invoices/draft-dates.ts';

const TERMS: PaymentTerms = {
  invoice_grace_period: 3,
  net_payment_term: 10,
  issuing_date_anchor: 'next_period_start',
  issuing_date_adjustment: 'align_with_finalization_date',
};
const MAY = { billing_at: '2026-05-01T00:00:00.000Z', timezone: 'UTC', occasion: 'periodic' };

describe('the dates of a draft', () => {
  it('are those of the day on which it will be final', () => {
    assert.deepEqual(draftDates(MAY, TERMS, MAY.billing_at), {
      issuing_date: '2026-05-04',
      payment_due_date: '2026-05-14',
      net_payment_term: 10,
      expected_finalization_date: '2026-05-04',
    });
  });

  it('are not before today, when its grace period is cut short', () => {
    const terms = { ...TERMS, invoice_grace_period: 0 };
    const dates = draftDates(MAY, terms, '2026-05-03T12:00:00.000Z');
    assert.deepEqual([dates.issuing_date, dates.expected_finalization_date], ['2026-05-03', '2026-05-03']);
  });

  it('may be kept while its finalization moves', () => {
    const terms = { ...TERMS, issuing_date_adjustment: 'keep_anchor' } as const;
    const dates = draftDates(MAY, terms, MAY.billing_at);
    assert.deepEqual(
      [dates.issuing_date, dates.payment_due_date, dates.expected_finalization_date],
      ['2026-05-01', '2026-05-11', '2026-05-04'],
    );
  });

  it('of anything but a period follow the finalization', () => {
    const terms = { ...TERMS, issuing_date_anchor: 'current_period_end', issuing_date_adjustment: 'keep_anchor' } as const; // prettier-ignore
    for (const occasion of ['starting/sub', 'terminating/sub', 'one-off/1', 'advance-charges/periodic'])
      assert.equal(draftDates({ ...MAY, occasion }, terms, MAY.billing_at).issuing_date, '2026-05-04');
    assert.equal(draftDates({ ...MAY, occasion: 'periodic/sub' }, terms, MAY.billing_at).issuing_date, '2026-04-30');
  });

  const terms = fc.record({
    invoice_grace_period: fc.integer({ min: 0, max: 40 }),
    net_payment_term: fc.integer({ min: 0, max: 90 }),
    issuing_date_anchor: fc.constantFrom(...issuingDateAnchors),
    issuing_date_adjustment: fc.constantFrom(...issuingDateAdjustments),
  });

  it('are those of its terms once it was dated by them', () => {
    fc.assert(
      fc.property(terms, (agreed) => {
        const draft = { ...MAY, ...draftDates(MAY, agreed, MAY.billing_at) };
        assert(isDatedBy(draft, agreed));
        assert(!isDatedBy(draft, { ...agreed, invoice_grace_period: agreed.invoice_grace_period + 1 }));
        assert(!isDatedBy(draft, { ...agreed, net_payment_term: agreed.net_payment_term + 1 }));
      }),
    );
  });

  it('are those of the final invoice when it becomes final on its day', () => {
    fc.assert(
      fc.property(terms, (agreed) => {
        const draft = { ...MAY, ...draftDates(MAY, agreed, MAY.billing_at) };
        const final = finalDates(draft, agreed, `${draft.expected_finalization_date}T00:00:00.000Z`);
        assert.deepEqual([final.issuing_date, final.payment_due_date], [draft.issuing_date, draft.payment_due_date]);
      }),
    );
  });

  it('move to the day on which somebody makes it final, unless they are to be kept', () => {
    const early = '2026-05-02T12:00:00.000Z';
    const draft = { ...MAY, ...draftDates(MAY, TERMS, MAY.billing_at) };
    assert.equal(finalDates(draft, TERMS, early).issuing_date, '2026-05-02');
    const keep = { ...TERMS, issuing_date_adjustment: 'keep_anchor' } as const;
    const kept = { ...MAY, ...draftDates(MAY, keep, MAY.billing_at) };
    assert.equal(finalDates(kept, keep, early).issuing_date, '2026-05-01');
  });
});
