import type { Instant } from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import type { PricingUnitAmounts } from '../pricing-units/pricing-unit.ts';
import type { PresentationBreakdown } from '../usage/presentation.ts';

export const feeTypes = ['charge', 'add_on', 'subscription', 'credit', 'commitment'] as const;
export type FeeType = (typeof feeTypes)[number];

export const feePaymentStatuses = ['pending', 'succeeded', 'failed', 'refunded'] as const;
export type FeePaymentStatus = (typeof feePaymentStatuses)[number];

export const feeItemTypes = ['AddOn', 'BillableMetric', 'Subscription', 'WalletTransaction'] as const;
export type FeeItemType = (typeof feeItemTypes)[number];

/** One line of a bill. Its item is a copy, so that a document never changes when a plan or a metric does. */
export interface Fee {
  readonly id: string;
  readonly customer_id: string;
  readonly invoice_id: string | null;
  readonly subscription_id: string | null;
  readonly charge_id: string | null;
  readonly charge_filter_id: string | null;
  readonly fee_type: FeeType;
  readonly item_id: string;
  readonly item_type: FeeItemType;
  readonly item_code: string;
  readonly item_name: string;
  readonly item_description: string | null;
  readonly invoice_display_name: string | null;
  readonly grouped_by: Readonly<Record<string, string | null>>;
  /** The values of the charge's filter, as they were. */
  readonly item_filters: Readonly<Record<string, readonly string[]>> | null;
  readonly filter_invoice_display_name: string | null;
  /** Of what tops a charge up to its minimum: the fee it tops up. */
  readonly true_up_parent_fee_id: string | null;
  readonly amount_currency: Currency;
  readonly amount_cents: Cents;
  /** Decimal text in cents, as all `precise_*_cents`; `precise_unit_amount` is in currency units. */
  readonly precise_amount_cents: string;
  readonly taxes_amount_cents: Cents;
  readonly taxes_precise_amount_cents: string;
  readonly taxes_rate: string;
  readonly precise_coupons_amount_cents: string;
  readonly units: string;
  readonly total_aggregated_units: string;
  /** Of usage: before the metric's rounding. */
  readonly unrounded_units?: string | null;
  readonly precise_unit_amount: string;
  readonly events_count: number | null;
  readonly amount_details: Readonly<Record<string, unknown>>;
  /** What its charge is priced in, with the amounts in that; null: the currency. */
  readonly pricing_unit: PricingUnitAmounts | null;
  /** Its units by properties that are only shown. */
  readonly presentation_breakdowns: readonly PresentationBreakdown[];
  readonly description: string | null;
  readonly pay_in_advance: boolean;
  readonly invoiceable: boolean;
  /** The half-open span it is for; null for what has no period. */
  readonly from_at: Instant | null;
  readonly to_at: Instant | null;
  /** Where the span is shown as whole days: those of this time zone. Null: to the second. */
  readonly dates_timezone: string | null;
  readonly event_transaction_id: string | null;
  readonly payment_status: FeePaymentStatus;
  readonly succeeded_at: Instant | null;
  readonly failed_at: Instant | null;
  readonly refunded_at: Instant | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  readonly deleted_at: Instant | null;
}

/** What only the fees of some charges have. */
type Rare = 'pricing_unit' | 'presentation_breakdowns';

/** A fee to store: what it does not say it does not have. */
export type NewFee = Omit<Fee, Rare> & Partial<Pick<Fee, Rare>>;

export interface FeeTax {
  readonly id: string;
  readonly fee_id: string;
  readonly tax_id: string | null;
  readonly tax_name: string;
  readonly tax_code: string;
  readonly tax_description: string | null;
  readonly tax_rate: string;
  readonly amount_cents: Cents;
  readonly created_at: Instant;
}
