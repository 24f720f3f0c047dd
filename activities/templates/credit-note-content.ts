import type { Cents } from '../../billing/money/cents.ts';
import type { DocumentContent } from './document-content.ts';
import type { InvoiceLine, NamedSubscription } from './invoice-content.ts';

/** Everything that a credit note says. */
export interface CreditNoteContent extends DocumentContent {
  readonly invoice_number: string;
  /** What somebody wrote about it. */
  readonly description: string | null;
  readonly subscriptions: readonly NamedSubscription[];
  /** Of the invoice, each with what is given back of it: before coupons and taxes. */
  readonly lines: readonly InvoiceLine[];
  readonly coupons_adjustment_amount_cents: Cents;
  readonly sub_total_excluding_taxes_amount_cents: Cents;
  readonly total_amount_cents: Cents;
  readonly credit_amount_cents: Cents;
  readonly refund_amount_cents: Cents;
  readonly offset_amount_cents: Cents;
}
