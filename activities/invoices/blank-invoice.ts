import type { Instant } from '../../billing/clock/instant.ts';
import { draftDates } from '../../billing/invoices/draft-dates.ts';
import type { Invoice, InvoiceType } from '../../billing/invoices/invoice.ts';
import { draftNumber } from '../../billing/invoices/numbering.ts';
import type { BillingSettings } from '../../db/billing-settings.ts';
import { newId } from '../../db/ids.ts';

export interface NewInvoice {
  readonly customer_id: string;
  readonly invoice_type: InvoiceType;
  readonly currency: string;
  readonly occasion: string;
  readonly at: Instant;
}

/** An invoice before anything is on it: what makes it the same bill, and the terms of its customer. */
export function blankInvoice(
  { customer_id, invoice_type, currency, occasion, at }: NewInvoice,
  settings: BillingSettings,
): Invoice {
  const { timezone, document_number_prefix } = settings;
  return {
    id: newId(),
    customer_id,
    invoice_type,
    status: 'draft',
    payment_status: 'pending',
    billing_at: at,
    occasion,
    currency,
    timezone,
    sequential_id: null,
    number: draftNumber(document_number_prefix),
    ...draftDates({ billing_at: at, timezone, occasion }, settings, at),
    ...NO_AMOUNTS,
    payment_overdue: false,
    payment_dispute_lost_at: null,
    voided_at: null,
    voided_invoice_id: null,
    stale_at: null,
    finalized_at: null,
    created_at: at,
    updated_at: at,
  };
}

const NO_AMOUNTS = {
  fees_amount_cents: 0,
  coupons_amount_cents: 0,
  progressive_billing_credit_amount_cents: 0,
  sub_total_excluding_taxes_amount_cents: 0,
  taxes_amount_cents: 0,
  taxes_rate: '0',
  sub_total_including_taxes_amount_cents: 0,
  credit_notes_amount_cents: 0,
  prepaid_credit_amount_cents: 0,
  total_amount_cents: 0,
  total_paid_amount_cents: 0,
  total_offsetted_credit_note_amount_cents: 0,
} as const;
