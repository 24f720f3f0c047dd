import { type Cents, roundToCents } from '../money/cents.ts';
import { type ComputedItems, DECIMALS } from './compute-items.ts';
import { type CreditNoteAmounts, type Parts, totalOf } from './credit-note.ts';

/** How much of a note may go where. */
export interface Room {
  readonly refundable_cents: Cents;
  /** What is still owed on the invoice. */
  readonly due_cents: Cents;
}

/** The amounts of a note, from what its items come to and what was wanted of it. */
export function settleCreditNote(computed: ComputedItems, wanted: Parts, room: Room): CreditNoteAmounts {
  const parts = fitParts(wanted, totalOfItems(computed), room);
  return {
    ...parts,
    total_amount_cents: totalOf(parts),
    precise_total_amount_cents: computed.precise_total.toFixed(),
    sub_total_excluding_taxes_amount_cents: computed.sub_total_cents,
    coupons_adjustment_amount_cents: roundToCents(computed.coupons),
    precise_coupons_adjustment_amount_cents: computed.coupons.toDecimalPlaces(DECIMALS).toFixed(),
    taxes_amount_cents: computed.taxes_amount_cents,
    precise_taxes_amount_cents: computed.precise_taxes.toFixed(),
    taxes_rate: computed.taxes_rate,
  };
}

/** Rounded apart from each other, so that it may miss the rounded whole by a cent. */
export function totalOfItems({ sub_total_cents, taxes_amount_cents }: ComputedItems): Cents {
  return sub_total_cents + taxes_amount_cents;
}

/** What was wanted may miss the total by a cent: the credit takes it, or else another part that is wanted and has room. */
function fitParts(wanted: Parts, total_cents: Cents, { refundable_cents, due_cents }: Room): Parts {
  const missing = total_cents - totalOf(wanted);
  const rooms = [
    ['credit_amount_cents', Infinity],
    ['refund_amount_cents', refundable_cents],
    ['offset_amount_cents', due_cents],
  ] as const;
  const [taker] =
    rooms.find(([part, room]) => wanted[part] > 0 && wanted[part] + missing >= 0 && wanted[part] + missing <= room) ??
    rooms[0];
  return { ...wanted, [taker]: wanted[taker] + missing };
}
