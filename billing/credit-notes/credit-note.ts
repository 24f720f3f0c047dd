import type { Instant, LocalDate } from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';

export const creditNoteReasons = [
  'duplicated_charge',
  'product_unsatisfactory',
  'order_change',
  'order_cancellation',
  'fraudulent_charge',
  'other',
] as const;
export type CreditNoteReason = (typeof creditNoteReasons)[number];

/** A draft is one of a draft invoice: nobody sees it until both become final. */
export type CreditNoteStatus = 'draft' | 'finalized';

export const creditStatuses = ['available', 'consumed', 'voided'] as const;
export type CreditStatus = (typeof creditStatuses)[number];

export const refundStatuses = ['pending', 'succeeded', 'failed'] as const;
export type RefundStatus = (typeof refundStatuses)[number];

/** Where the money of a note goes: to later invoices, back to the payer, or off what is still owed on its own invoice. */
export interface Parts {
  readonly credit_amount_cents: Cents;
  readonly refund_amount_cents: Cents;
  readonly offset_amount_cents: Cents;
}

export const NO_PARTS: Parts = { credit_amount_cents: 0, refund_amount_cents: 0, offset_amount_cents: 0 };

export function totalOf({ credit_amount_cents, refund_amount_cents, offset_amount_cents }: Parts): Cents {
  return credit_amount_cents + refund_amount_cents + offset_amount_cents;
}

/** What a note comes to. Precise amounts are decimal text with five decimals. */
export interface CreditNoteAmounts extends Parts {
  readonly total_amount_cents: Cents;
  readonly precise_total_amount_cents: string;
  readonly sub_total_excluding_taxes_amount_cents: Cents;
  readonly coupons_adjustment_amount_cents: Cents;
  readonly precise_coupons_adjustment_amount_cents: string;
  readonly taxes_amount_cents: Cents;
  readonly precise_taxes_amount_cents: string;
  /** Percent, decimal text. */
  readonly taxes_rate: string;
}

export interface CreditNote extends CreditNoteAmounts {
  readonly id: string;
  readonly customer_id: string;
  readonly invoice_id: string;
  readonly sequential_id: number;
  readonly number: string;
  readonly status: CreditNoteStatus;
  readonly credit_status: CreditStatus;
  readonly refund_status: RefundStatus | null;
  readonly reason: CreditNoteReason;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string | null>> | null;
  /** What made it, where it is made only once: null for those that somebody asked for. */
  readonly occasion: string | null;
  readonly currency: Currency;
  readonly issuing_date: LocalDate;
  /** What is left of the credit. */
  readonly balance_amount_cents: Cents;
  readonly refunded_at: Instant | null;
  readonly voided_at: Instant | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface CreditNoteItem {
  readonly id: string;
  readonly credit_note_id: string;
  readonly fee_id: string;
  /** Before coupons and taxes. */
  readonly amount_cents: Cents;
  readonly precise_amount_cents: string;
  readonly amount_currency: Currency;
  readonly created_at: Instant;
}

export interface CreditNoteTax {
  readonly id: string;
  readonly credit_note_id: string;
  readonly tax_id: string | null;
  readonly tax_name: string;
  readonly tax_code: string;
  readonly tax_description: string | null;
  readonly tax_rate: string;
  readonly base_amount_cents: Cents;
  readonly amount_cents: Cents;
  readonly created_at: Instant;
}

/** `ACM-001-007-CN002`: the second note of an invoice. */
export function creditNoteNumber(invoice_number: string, sequential_id: number): string {
  return `${invoice_number}-CN${String(sequential_id).padStart(3, '0')}`;
}
