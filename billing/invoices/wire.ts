import { BILLING_ENTITY_CODE } from '../organizations/billing-entity.ts';
import { type Instant, toWireSeconds } from '../clock/instant.ts';
import { type CustomerDocument, customerWire } from '../customers/wire.ts';
import { assert } from '../assert.ts';
import { type FeeDocument, feeWithTaxesWire } from '../fees/wire.ts';
import { type SubscriptionDocument, subscriptionWire, toWireEnd } from '../subscriptions/wire.ts';
import { type UsageThreshold, usageThresholdWire } from '../progressive-billing/usage-threshold.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { dueCents } from './due.ts';
import type { BillingPeriod, Invoice, InvoiceMetadata, InvoicePaymentStatus, InvoiceTax } from './invoice.ts';

/** What lists show of an invoice. */
export interface InvoiceSummary {
  readonly invoice: Invoice;
  readonly customer: CustomerDocument;
  readonly metadata: readonly InvoiceMetadata[];
  readonly taxes: readonly InvoiceTax[];
  /** Null until the PDF is made. */
  readonly document: { readonly id: string; readonly filename: string } | null;
}

/** The whole of it. */
export interface InvoiceDocument extends InvoiceSummary {
  readonly billing_periods: readonly BillingPeriod[];
  readonly subscriptions: readonly SubscriptionDocument[];
  readonly fees: readonly FeeDocument[];
  readonly credits: readonly CreditDocument[];
  /** That it was made for, if it was. */
  readonly thresholds: readonly ReachedThresholdDocument[];
  readonly errors: readonly InvoiceError[];
}

/** Why an invoice could not be made. */
export interface InvoiceError {
  readonly id: string;
  readonly error_code: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ReachedThresholdDocument {
  readonly lifetime_usage_amount_cents: Cents;
  readonly created_at: Instant;
  readonly threshold: UsageThreshold;
}

/** What was taken off an invoice, and by what. */
export interface CreditDocument {
  readonly id: string;
  readonly amount_cents: Cents;
  readonly amount_currency: Currency;
  readonly before_taxes: boolean;
  readonly item: {
    readonly lago_item_id: string;
    readonly type: 'coupon' | 'credit_note' | 'invoice';
    readonly code: string;
    readonly name: string;
    readonly description: string | null;
  };
  /** The invoice that it was taken off; of a credit for progressive billing, the one that billed before. */
  readonly invoice: { readonly lago_id: string; readonly payment_status: InvoicePaymentStatus };
}

/** The form of the invoice's data, as the reference numbers it. */
const VERSION_NUMBER = 4;

const toWireOrNull = (at: Instant | null): string | null => (at === null ? null : toWireSeconds(at));

function amountsWire(invoice: Invoice) {
  return {
    currency: invoice.currency,
    fees_amount_cents: invoice.fees_amount_cents,
    progressive_billing_credit_amount_cents: invoice.progressive_billing_credit_amount_cents,
    coupons_amount_cents: invoice.coupons_amount_cents,
    sub_total_excluding_taxes_amount_cents: invoice.sub_total_excluding_taxes_amount_cents,
    taxes_amount_cents: invoice.taxes_amount_cents,
    sub_total_including_taxes_amount_cents: invoice.sub_total_including_taxes_amount_cents,
    credit_notes_amount_cents: invoice.credit_notes_amount_cents,
    prepaid_credit_amount_cents: invoice.prepaid_credit_amount_cents,
    prepaid_granted_credit_amount_cents: null,
    prepaid_purchased_credit_amount_cents: null,
    total_amount_cents: invoice.total_amount_cents,
    total_paid_amount_cents: invoice.total_paid_amount_cents,
    total_offsetted_credit_note_amount_cents: invoice.total_offsetted_credit_note_amount_cents,
    total_due_amount_cents: dueCents(invoice),
  };
}

function taxWire(tax: InvoiceTax, invoice: Invoice) {
  return {
    lago_id: tax.id,
    lago_invoice_id: tax.invoice_id,
    lago_tax_id: tax.tax_id,
    tax_name: tax.tax_name,
    tax_code: tax.tax_code,
    tax_rate: Number(tax.tax_rate),
    tax_description: tax.tax_description,
    amount_cents: tax.amount_cents,
    amount_currency: invoice.currency,
    fees_amount_cents: tax.fees_amount_cents,
    created_at: toWireSeconds(tax.created_at),
  };
}

function metadataWire(metadata: InvoiceMetadata) {
  return {
    lago_id: metadata.id,
    key: metadata.key,
    value: metadata.value,
    created_at: toWireSeconds(metadata.created_at),
  };
}

/** As lists show it. `file_url` is where its PDF is, null when there is none yet. */
export function invoiceSummaryWire(summary: InvoiceSummary, file_url: string | null) {
  const { invoice, customer, metadata, taxes } = summary;
  const { status } = invoice;
  assert(status !== 'closed', 'invoice: nobody is shown a closed one');
  return {
    lago_id: invoice.id,
    billing_entity_code: BILLING_ENTITY_CODE,
    sequential_id: invoice.sequential_id,
    number: invoice.number,
    issuing_date: invoice.issuing_date,
    payment_due_date: invoice.payment_due_date,
    net_payment_term: invoice.net_payment_term,
    invoice_type: invoice.invoice_type,
    status,
    payment_status: invoice.payment_status,
    payment_dispute_lost_at: toWireOrNull(invoice.payment_dispute_lost_at),
    payment_overdue: invoice.payment_overdue,
    ...amountsWire(invoice),
    self_billed: false,
    version_number: VERSION_NUMBER,
    file_url,
    web_url: null,
    created_at: toWireSeconds(invoice.created_at),
    updated_at: toWireSeconds(invoice.updated_at),
    voided_at: toWireOrNull(invoice.voided_at),
    voided_invoice_id: invoice.voided_invoice_id,
    customer: customerWire(customer),
    metadata: metadata.map(metadataWire),
    applied_taxes: taxes.map((tax) => taxWire(tax, invoice)),
  };
}

function billingPeriodWire(period: BillingPeriod, external_subscription_id: string) {
  return {
    lago_subscription_id: period.subscription_id,
    external_subscription_id,
    lago_plan_id: period.plan_id,
    subscription_from_datetime: toWireSeconds(period.subscription_from),
    subscription_to_datetime: toWireEnd({ from: period.subscription_from, to: period.subscription_to }),
    charges_from_datetime: toWireSeconds(period.charges_from),
    charges_to_datetime: toWireEnd({ from: period.charges_from, to: period.charges_to }),
    invoicing_reason: period.invoicing_reason,
  };
}

export function creditWire(credit: CreditDocument) {
  const { id, amount_cents, amount_currency, before_taxes, item, invoice } = credit;
  return { lago_id: id, amount_cents, amount_currency, before_taxes, item, invoice };
}

function reachedThresholdWire({ lifetime_usage_amount_cents, created_at, threshold }: ReachedThresholdDocument) {
  return {
    lifetime_usage_amount_cents,
    created_at: toWireSeconds(created_at),
    usage_threshold: usageThresholdWire(threshold),
  };
}

/** The whole invoice. `at` decides which period of its subscriptions is the current one. */
export function invoiceWire(document: InvoiceDocument, file_url: string | null, at: Instant) {
  const externalIds = new Map(document.subscriptions.map(({ subscription: { id, external_id } }) => [id, external_id]));
  return {
    ...invoiceSummaryWire(document, file_url),
    subscriptions: document.subscriptions.map((one) => subscriptionWire(one, at)),
    billing_periods: document.billing_periods.map((period) => {
      const external_id = externalIds.get(period.subscription_id);
      assert(external_id !== undefined, 'invoice: a billing period is of one of its subscriptions');
      return billingPeriodWire(period, external_id);
    }),
    fees: document.fees.map(feeWithTaxesWire),
    credits: document.credits.map(creditWire),
    ...(document.invoice.invoice_type === 'progressive_billing' && {
      applied_usage_thresholds: document.thresholds.map(reachedThresholdWire),
    }),
    error_details: document.errors.map(({ id, error_code, details }) => ({ lago_id: id, error_code, details })),
  };
}
