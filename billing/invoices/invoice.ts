import type { Instant, LocalDate } from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';

export const invoiceTypes = [
  'subscription',
  'add_on',
  'credit',
  'one_off',
  'advance_charges',
  'progressive_billing',
] as const;
export type InvoiceType = (typeof invoiceTypes)[number];

/**
 * A `closed` invoice would have been empty, a `deleted` one was a draft that somebody did not want: their periods count as billed, and nobody sees
 * them.
 */
export const invoiceStatuses = ['draft', 'finalized', 'voided', 'failed', 'pending', 'closed', 'deleted'] as const;
export type InvoiceStatus = (typeof invoiceStatuses)[number];

export const visibleInvoiceStatuses = ['draft', 'finalized', 'voided', 'failed', 'pending'] as const;

/** What a message about an invoice may say of it: that it has been deleted is the last that is heard of it. */
export const toldInvoiceStatuses = [...visibleInvoiceStatuses, 'deleted'] as const;

export const invoicePaymentStatuses = ['pending', 'succeeded', 'failed'] as const;
export type InvoicePaymentStatus = (typeof invoicePaymentStatuses)[number];

export const invoicingReasons = [
  'subscription_starting',
  'subscription_periodic',
  'subscription_terminating',
  'in_advance_charge',
  'in_advance_charge_periodic',
  'progressive_billing',
] as const;
export type InvoicingReason = (typeof invoicingReasons)[number];

export interface Invoice {
  readonly id: string;
  readonly customer_id: string;
  readonly invoice_type: InvoiceType;
  readonly status: InvoiceStatus;
  readonly payment_status: InvoicePaymentStatus;
  /** With `occasion`, what makes it the same bill when billing runs twice. */
  readonly billing_at: Instant;
  readonly occasion: string;
  readonly currency: Currency;
  readonly timezone: string;
  readonly sequential_id: number | null;
  readonly number: string;
  readonly issuing_date: LocalDate;
  readonly payment_due_date: LocalDate;
  readonly net_payment_term: number;
  /** The day on which a draft becomes final by itself. */
  readonly expected_finalization_date: LocalDate;
  /** Since when what a draft was computed from is no longer what it was. */
  readonly stale_at: Instant | null;
  readonly fees_amount_cents: Cents;
  readonly coupons_amount_cents: Cents;
  readonly progressive_billing_credit_amount_cents: Cents;
  readonly sub_total_excluding_taxes_amount_cents: Cents;
  readonly taxes_amount_cents: Cents;
  /** Percent, decimal text. */
  readonly taxes_rate: string;
  readonly sub_total_including_taxes_amount_cents: Cents;
  readonly credit_notes_amount_cents: Cents;
  readonly prepaid_credit_amount_cents: Cents;
  readonly total_amount_cents: Cents;
  readonly total_paid_amount_cents: Cents;
  /** What its credit notes took off what is owed on it. */
  readonly total_offsetted_credit_note_amount_cents: Cents;
  readonly payment_overdue: boolean;
  readonly payment_dispute_lost_at: Instant | null;
  readonly voided_at: Instant | null;
  /** The invoice that this one was made in place of. */
  readonly voided_invoice_id: string | null;
  readonly finalized_at: Instant | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface InvoiceMetadata {
  readonly id: string;
  readonly invoice_id: string;
  readonly key: string;
  readonly value: string;
  readonly created_at: Instant;
}

export interface InvoiceTax {
  readonly id: string;
  readonly invoice_id: string;
  readonly tax_id: string | null;
  readonly tax_name: string;
  readonly tax_code: string;
  readonly tax_description: string | null;
  readonly tax_rate: string;
  readonly amount_cents: Cents;
  /** What the tax is on. */
  readonly fees_amount_cents: Cents;
  readonly created_at: Instant;
}

/** What of a subscription an invoice covers. Spans are half open. */
export interface BillingPeriod {
  readonly id: string;
  readonly invoice_id: string;
  readonly subscription_id: string;
  readonly plan_id: string;
  readonly invoicing_reason: InvoicingReason;
  readonly billing_at: Instant;
  readonly subscription_from: Instant;
  readonly subscription_to: Instant;
  readonly charges_from: Instant;
  readonly charges_to: Instant;
  /** Whether an invoice covered the same spans before, and was voided. */
  readonly is_regenerated: boolean;
  readonly created_at: Instant;
}
