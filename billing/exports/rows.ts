import { addMilliseconds, type Instant } from '../clock/instant.ts';
import { localDate } from '../clock/calendar.ts';
import type { FeeDocument } from '../fees/wire.ts';
import { invoiceSummaryWire, type InvoiceSummary } from '../invoices/wire.ts';
import { toWireDecimal } from '../money/decimal.ts';
import type { ExportType } from './data-export.ts';

/** The header lines. Source: spec "CSV exports". */
export const columns = {
  invoices: [
    'lago_id',
    'sequential_id',
    'partner_billing',
    'issuing_date',
    'customer_lago_id',
    'customer_external_id',
    'customer_name',
    'customer_email',
    'customer_country',
    'customer_tax_identification_number',
    'invoice_number',
    'purchase_order_number',
    'invoice_type',
    'payment_status',
    'status',
    'file_url',
    'currency',
    'fees_amount_cents',
    'coupons_amount_cents',
    'taxes_amount_cents',
    'credit_notes_amount_cents',
    'prepaid_credit_amount_cents',
    'total_amount_cents',
    'payment_due_date',
    'payment_dispute_lost_at',
    'payment_overdue',
    'total_due_amount_cents',
    'total_paid_amount_cents',
    'total_offsetted_credit_note_amount_cents',
    'progressive_billing_credit_amount_cents',
  ],
  invoice_fees: [
    'invoice_lago_id',
    'invoice_number',
    'invoice_issuing_date',
    'fee_lago_id',
    'fee_item_type',
    'fee_item_code',
    'fee_item_name',
    'fee_item_description',
    'fee_item_invoice_display_name',
    'fee_item_filter_invoice_display_name',
    'fee_item_grouped_by',
    'subscription_external_id',
    'subscription_plan_code',
    'fee_from_date',
    'fee_to_date',
    'fee_amount_currency',
    'fee_units',
    'fee_precise_unit_amount',
    'fee_taxes_amount_cents',
    'fee_total_amount_cents',
  ],
} as const satisfies Record<ExportType, readonly string[]>;

export type Cell = string | number | boolean | null;
export type Row<Type extends ExportType> = Record<(typeof columns)[Type][number], Cell>;

export function invoiceRow(summary: InvoiceSummary, file_url: string | null): Row<'invoices'> {
  const wire = invoiceSummaryWire(summary, file_url);
  const { customer } = wire;
  return {
    lago_id: wire.lago_id,
    sequential_id: wire.sequential_id,
    partner_billing: wire.self_billed,
    issuing_date: wire.issuing_date,
    customer_lago_id: customer.lago_id,
    customer_external_id: customer.external_id,
    customer_name: customer.name,
    customer_email: customer.email,
    customer_country: customer.country,
    customer_tax_identification_number: customer.tax_identification_number,
    invoice_number: wire.number,
    purchase_order_number: null,
    invoice_type: wire.invoice_type,
    payment_status: wire.payment_status,
    status: wire.status,
    file_url,
    currency: wire.currency,
    fees_amount_cents: wire.fees_amount_cents,
    coupons_amount_cents: wire.coupons_amount_cents,
    taxes_amount_cents: wire.taxes_amount_cents,
    credit_notes_amount_cents: wire.credit_notes_amount_cents,
    prepaid_credit_amount_cents: wire.prepaid_credit_amount_cents,
    total_amount_cents: wire.total_amount_cents,
    payment_due_date: wire.payment_due_date,
    payment_dispute_lost_at: wire.payment_dispute_lost_at,
    payment_overdue: wire.payment_overdue,
    total_due_amount_cents: wire.total_due_amount_cents,
    total_paid_amount_cents: wire.total_paid_amount_cents,
    total_offsetted_credit_note_amount_cents: wire.total_offsetted_credit_note_amount_cents,
    progressive_billing_credit_amount_cents: wire.progressive_billing_credit_amount_cents,
  };
}

export interface FeeOfInvoice {
  readonly invoice: {
    readonly id: string;
    readonly number: string;
    readonly issuing_date: string;
    readonly timezone: string;
  };
  readonly document: FeeDocument;
  /** Of its subscription. */
  readonly plan_code: string | null;
}

/** Days of the customer; of add-ons those of UTC. */
export function feeRow({ invoice, document: { fee, subscription }, plan_code }: FeeOfInvoice): Row<'invoice_fees'> {
  const timezone = fee.fee_type === 'add_on' ? 'UTC' : invoice.timezone;
  const day = (at: Instant | null): string | null =>
    at === null || fee.fee_type === 'credit' ? null : localDate(at, timezone);
  const groups = Object.entries(fee.grouped_by);
  return {
    invoice_lago_id: invoice.id,
    invoice_number: invoice.number,
    invoice_issuing_date: invoice.issuing_date,
    fee_lago_id: fee.id,
    fee_item_type: fee.fee_type,
    fee_item_code: fee.item_code,
    fee_item_name: fee.item_name,
    fee_item_description: fee.item_description,
    fee_item_invoice_display_name: fee.invoice_display_name ?? fee.item_name,
    fee_item_filter_invoice_display_name: fee.filter_invoice_display_name,
    fee_item_grouped_by: groups.length === 0 ? null : JSON.stringify(fee.grouped_by),
    subscription_external_id: subscription?.external_id ?? null,
    subscription_plan_code: plan_code,
    fee_from_date: day(fee.from_at),
    fee_to_date: day(lastInstant(fee)),
    fee_amount_currency: fee.amount_currency,
    fee_units: toWireDecimal(fee.units),
    fee_precise_unit_amount: toWireDecimal(fee.precise_unit_amount),
    fee_taxes_amount_cents: fee.taxes_amount_cents,
    fee_total_amount_cents: fee.amount_cents + fee.taxes_amount_cents,
  };
}

/** Spans are half open: the day of the last instant that belongs to it. */
function lastInstant({ from_at, to_at }: FeeDocument['fee']): Instant | null {
  return to_at !== null && from_at !== null && to_at > from_at ? addMilliseconds(to_at, -1) : to_at;
}
