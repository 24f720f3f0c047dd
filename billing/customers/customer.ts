import type { Instant } from '../clock/instant.ts';
import type { IssuingDateAdjustment, IssuingDateAnchor } from '../invoices/draft-dates.ts';
import type { Currency } from '../money/currency.ts';

export const customerTypes = ['company', 'individual'] as const;
export type CustomerType = (typeof customerTypes)[number];

/** What happens to an invoice of nothing: as the organization has it, or not. */
export const zeroAmountInvoiceRules = ['inherit', 'skip', 'finalize'] as const;
export type ZeroAmountInvoiceRule = (typeof zeroAmountInvoiceRules)[number];

export interface Address {
  readonly address_line1: string | null;
  readonly address_line2: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly zipcode: string | null;
  readonly country: string | null;
}

export interface Customer extends Address {
  readonly id: string;
  /** Counts the organization's customers, deleted ones included. */
  readonly sequential_id: number;
  readonly slug: string;
  /** The caller's own id: the identity of a customer while it lives. */
  readonly external_id: string;
  readonly account_type: 'customer';
  readonly customer_type: CustomerType | null;
  readonly name: string | null;
  readonly firstname: string | null;
  readonly lastname: string | null;
  readonly legal_name: string | null;
  readonly legal_number: string | null;
  readonly tax_identification_number: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly url: string | null;
  readonly logo_url: string | null;
  readonly shipping_address: Partial<Address>;
  /** Null, here and below: the organization's. */
  readonly timezone: string | null;
  readonly currency: Currency | null;
  readonly net_payment_term: number | null;
  readonly invoice_grace_period: number | null;
  readonly subscription_invoice_issuing_date_anchor: IssuingDateAnchor | null;
  readonly subscription_invoice_issuing_date_adjustment: IssuingDateAdjustment | null;
  readonly document_locale: string | null;
  readonly finalize_zero_amount_invoice: ZeroAmountInvoiceRule;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface CustomerMetadata {
  readonly id: string;
  readonly customer_id: string;
  readonly key: string;
  readonly value: string;
  readonly display_in_invoice: boolean;
  readonly created_at: Instant;
}
