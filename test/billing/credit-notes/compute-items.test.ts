import assert from 'node:assert/strict';
import fc from 'fast-check';
import { computeItems } from '../../../billing/credit-notes/compute-items.ts';
import { type CreditNoteAmounts, NO_PARTS } from '../../../billing/credit-notes/credit-note.ts';
import { type CreditableInvoice, roomOf } from '../../../billing/credit-notes/creditable-invoice.ts';
import { settleCreditNote } from '../../../billing/credit-notes/settle-credit-note.ts';
import { roundToCents } from '../../../billing/money/cents.ts';
import { Decimal, sum } from '../../../billing/money/decimal.ts';
import { afterNote, type FeeSketch, invoiceOf, itemsOf } from './fees.ts';

/** A note over the items with all of it credited, and the invoice after it. */
function credit(
  invoice: CreditableInvoice,
  amounts: readonly (string | number)[],
  wanted?: number,
): { note: CreditNoteAmounts; invoice: CreditableInvoice } {
  const computed = computeItems(itemsOf(invoice, amounts), invoice);
  const parts = { ...NO_PARTS, credit_amount_cents: wanted ?? computed.expected_total_cents };
  const note = settleCreditNote(computed, parts, roomOf(invoice));
  return { note, invoice: afterNote(invoice, computed, note) };
}

function shown(note: CreditNoteAmounts) {
  const { coupons_adjustment_amount_cents, sub_total_excluding_taxes_amount_cents, taxes_amount_cents } = note;
  return [coupons_adjustment_amount_cents, sub_total_excluding_taxes_amount_cents, taxes_amount_cents, note.total_amount_cents, note.taxes_rate]; // prettier-ignore
}

describe('what a credit note comes to', () => {
  const couponed: FeeSketch[] = [
    { cents: 17_900, rates: ['10'] },
    { cents: 39_900, rates: ['10', '10'], coupons: '25000' },
  ];
  const cases: [string, FeeSketch[], (string | number)[], number | undefined, unknown[]][] = [
    ['a part of a fee with a coupon', couponed, [0, 26_260], undefined, [16_454, 9806, 1961, 11_767, '20']],
    ['two fees in full', couponed, [17_900, 39_900], undefined, [25_000, 32_800, 4770, 37_570, '14.54268']],
    ['a cent asked too much', [{ cents: 76_900, rates: ['20'] }], [72_686], 87_224, [0, 72_686, 14_537, 87_223, '20']],
    ['29 of 30 days of 200.00', [{ cents: 20_000, rates: ['25'] }], ['19333.33333'], undefined, [0, 19_333, 4833, 24_166, '25']], // prettier-ignore
    ['29 of 30 days of 160.00', [{ cents: 16_000, rates: ['25'] }], ['15466.66666'], undefined, [0, 15_467, 3867, 19_334, '25']], // prettier-ignore
    ['6 of 7 days of 29.99', [{ cents: 2999, rates: ['23.33'] }], ['2570.57142'], undefined, [0, 2571, 600, 3171, '23.33']], // prettier-ignore
    ['15 of 30 days of 9.99', [{ cents: 999 }], ['499.5'], undefined, [0, 500, 0, 500, '0']],
    ['a fee that a coupon covers', [{ cents: 3100, rates: ['20'], coupons: '3100' }], [1600], undefined, [1600, 0, 0, 0, '0']], // prettier-ignore
  ];
  for (const [name, fees, amounts, wanted, expected] of cases)
    it(`holds for ${name}`, () => {
      assert.deepEqual(shown(credit(invoiceOf(fees), amounts, wanted).note), expected);
    });

  it('is given back by the last note to the cent of the taxes', () => {
    const first = credit(
      invoiceOf([
        { cents: 6833, rates: ['20'] },
        { cents: 6833, rates: ['20'] },
      ]),
      [6833, 0],
    );
    assert.equal(first.note.precise_taxes_amount_cents, '1366.6');
    assert.equal(first.note.total_amount_cents, 8200);
    const second = credit(first.invoice, [0, 6833]);
    assert.equal(second.note.precise_taxes_amount_cents, '1366.2');
    assert.equal(second.note.total_amount_cents, 8199);
  });

  it('adds up over parts of fees', () => {
    let invoice = invoiceOf(Array.from({ length: 4 }, () => ({ cents: 6833, rates: ['20'] })));
    const totals = [[6833], [0, 6833], [0, 0, 6833], [0, 0, 0, 1367], [0, 0, 0, 2233], [0, 0, 0, 3233]].map(
      (amounts) => {
        const made = credit(invoice, amounts);
        invoice = made.invoice;
        return made.note.total_amount_cents;
      },
    );
    assert.deepEqual(totals, [8200, 8200, 8200, 1640, 2680, 3878]);
  });

  it('adds up where a coupon has been spread', () => {
    const coupons = ['69.25342', '236.72267', '694.02390'];
    let invoice = invoiceOf([1999, 6833, 20_033].map((cents, at) => ({ cents, rates: ['20'], coupons: coupons[at]! })));
    const notes = [[1999], [0, 6833], [0, 0, 20_033]].map((amounts) => {
      const made = credit(invoice, amounts);
      invoice = made.invoice;
      return made.note;
    });
    assert.deepEqual(
      notes.map((note) => [note.precise_taxes_amount_cents, note.taxes_amount_cents, note.total_amount_cents]),
      [
        ['385.94932', 386, 2316],
        ['1319.25547', 1319, 7915],
        ['3868.00001', 3868, 23_207],
      ],
    );
  });
});

const rate = fc.constantFrom('0', '5.5', '10', '19', '20', '23.33', '33.3');
const cents = fc.integer({ min: 1, max: 1_000_000 });

describe('credit notes of one invoice', () => {
  it('give back all of it when all is credited, in whatever parts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ cents, rates: fc.array(rate, { maxLength: 2 }) }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 }),
        (sketches, shares) => {
          let invoice = invoiceOf(sketches);
          let total = 0;
          for (const share of [...shares, 1]) {
            const amounts = invoice.fees.map((fee) => {
              const left = fee.amount_cents - fee.credited_cents;
              return share === 1 ? left : Math.floor(left * share);
            });
            const made = credit(invoice, amounts);
            invoice = made.invoice;
            total += made.note.total_amount_cents;
          }
          assert.equal(total, invoice.invoice.total_amount_cents);
        },
      ),
    );
  });

  it('never give back more taxes than were billed, also with coupons', () => {
    const fee = fc.record({ cents, rates: fc.array(rate, { minLength: 1, maxLength: 2 }), part: fc.integer({ max: 100_000, min: 0 }) }); // prettier-ignore
    fc.assert(
      fc.property(fc.array(fee, { minLength: 1, maxLength: 4 }), (sketches) => {
        const coupons = sketches.map((one) => new Decimal(one.cents).times(one.part).div(100_000).toDecimalPlaces(5));
        let invoice = invoiceOf(sketches.map((one, at) => ({ ...one, coupons: coupons[at]!.toFixed() })));
        let [taxes, items] = [0, 0];
        for (const index of invoice.fees.keys()) {
          const { amount_cents } = invoice.fees[index]!;
          const made = credit(invoice, [...Array<number>(index).fill(0), amount_cents]);
          invoice = made.invoice;
          taxes += made.note.taxes_amount_cents;
          items += made.note.sub_total_excluding_taxes_amount_cents;
        }
        assert.equal(taxes, invoice.taxes_amount_cents);
        // Each subtotal is rounded on its own.
        const sub_total = sum(sketches.map((one) => one.cents)).minus(sum(coupons));
        assert(Math.abs(items - roundToCents(sub_total)) <= sketches.length / 2 + 0.5);
      }),
    );
  });

  it('say the same in total, subtotal and taxes', () => {
    fc.assert(
      fc.property(cents, rate, fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: -1, max: 1 }), (amount, one, part, share, off) => {
          const coupons = new Decimal(amount).times(part).div(100_000).toDecimalPlaces(5).toFixed();
          const invoice = invoiceOf([{ cents: amount, rates: [one], coupons }]);
          const item = new Decimal(amount).times(share).div(100_000).toDecimalPlaces(5).toFixed();
          const { expected_total_cents } = computeItems(itemsOf(invoice, [item]), invoice);
          fc.pre(expected_total_cents > 2);
          const { note } = credit(invoice, [item], expected_total_cents + off);
          assert.equal(note.total_amount_cents, note.sub_total_excluding_taxes_amount_cents + note.taxes_amount_cents);
          assert.equal(note.credit_amount_cents, note.total_amount_cents);
        }), // prettier-ignore
    );
  });
});
