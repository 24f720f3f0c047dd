import type { Instant } from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';

export const paymentStatuses = ['pending', 'processing', 'succeeded', 'failed'] as const;
export type PaymentStatus = (typeof paymentStatuses)[number];

export const paymentTypes = ['provider', 'manual'] as const;
export type PaymentType = (typeof paymentTypes)[number];

export interface Payment {
  readonly id: string;
  readonly customer_id: string;
  readonly invoice_id: string;
  readonly payment_type: PaymentType;
  readonly amount_cents: Cents;
  readonly amount_currency: Currency;
  /** The provider's own word. */
  readonly status: string;
  readonly payment_status: PaymentStatus;
  /** What whoever entered it by hand knows it by. */
  readonly reference: string | null;
  /** When it was made, which may have been before it was entered. */
  readonly created_at: Instant;
  readonly updated_at: Instant;
}
