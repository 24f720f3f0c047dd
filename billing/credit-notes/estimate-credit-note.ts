import { type Cents, roundToCents } from '../money/cents.ts';
import type { ComputedItems } from './compute-items.ts';
import { DECIMALS } from './compute-items.ts';
import { type CreditableInvoice, leftCents, roomOf } from './creditable-invoice.ts';

export interface CreditNoteEstimate {
  readonly taxes_amount_cents: Cents;
  readonly precise_taxes_amount_cents: string;
  readonly taxes_rate: string;
  readonly sub_total_excluding_taxes_amount_cents: Cents;
  readonly max_creditable_amount_cents: Cents;
  readonly max_refundable_amount_cents: Cents;
  readonly max_offsettable_amount_cents: Cents;
  readonly coupons_adjustment_amount_cents: Cents;
  readonly precise_coupons_adjustment_amount_cents: string;
}

/** What a note over these items could come to. Roundings are settled in another way than when it is made. Source: spec "Estimate". */
export function estimateCreditNote(computed: ComputedItems, facts: CreditableInvoice): CreditNoteEstimate {
  const { expected_total_cents: expected, sub_total_cents: sub_total } = computed;
  const surplus = expected - computed.taxes_amount_cents - sub_total;
  const total = surplus > 0 ? expected - 1 : expected;
  const taxes =
    surplus < 0 && computed.taxes_amount_cents > 0 ? computed.taxes_amount_cents - 1 : computed.taxes_amount_cents;
  const { refundable_cents, due_cents } = roomOf(facts);
  return {
    taxes_amount_cents: taxes,
    precise_taxes_amount_cents: computed.precise_taxes.toFixed(),
    taxes_rate: computed.taxes_rate,
    sub_total_excluding_taxes_amount_cents: sub_total,
    // What was bought in advance of any use is only paid back.
    max_creditable_amount_cents: facts.invoice.invoice_type === 'credit' ? 0 : total,
    max_refundable_amount_cents: Math.max(Math.min(expected, refundable_cents, leftCents(facts)), 0),
    max_offsettable_amount_cents: Math.min(total, due_cents),
    coupons_adjustment_amount_cents: roundToCents(computed.coupons),
    precise_coupons_adjustment_amount_cents: computed.coupons.toDecimalPlaces(DECIMALS).toFixed(),
  };
}
