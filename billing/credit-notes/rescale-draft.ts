import { roundToCents } from '../money/cents.ts';
import { Decimal } from '../money/decimal.ts';
import { type ComputedItems, type CreditableFee, DECIMALS, type Item } from './compute-items.ts';
import { type CreditNoteAmounts, NO_PARTS, type Parts } from './credit-note.ts';
import type { Room } from './settle-credit-note.ts';

/** The item of a draft whose fee has been computed anew. */
export function rescaleItem(precise_amount_cents: string, before_cents: number, fee: CreditableFee): Item {
  const amount = new Decimal(precise_amount_cents);
  const rescaled = before_cents === 0 ? new Decimal(0) : amount.times(fee.amount_cents).div(before_cents);
  return { fee, amount: rescaled.toDecimalPlaces(DECIMALS, Decimal.ROUND_DOWN) };
}

/** A draft's taxes are the sum of its rounded lines. What was to be taken off the invoice is, as far as that much is owed. */
export function settleDraft(computed: ComputedItems, before: Parts, { due_cents }: Room): CreditNoteAmounts {
  const taxes_amount_cents = computed.taxes.reduce((total, { amount_cents }) => total + amount_cents, 0);
  const precise_total = computed.base.plus(taxes_amount_cents).toDecimalPlaces(DECIMALS);
  const total_amount_cents = roundToCents(precise_total);
  const offset_amount_cents = before.offset_amount_cents > 0 ? Math.min(total_amount_cents, due_cents) : 0;
  return {
    ...NO_PARTS,
    offset_amount_cents,
    credit_amount_cents: total_amount_cents - offset_amount_cents,
    total_amount_cents,
    precise_total_amount_cents: precise_total.toFixed(),
    sub_total_excluding_taxes_amount_cents: computed.sub_total_cents,
    coupons_adjustment_amount_cents: roundToCents(computed.coupons),
    precise_coupons_adjustment_amount_cents: computed.coupons.toDecimalPlaces(DECIMALS).toFixed(),
    taxes_amount_cents,
    precise_taxes_amount_cents: computed.precise_taxes.toFixed(),
    taxes_rate: computed.taxes_rate,
  };
}
