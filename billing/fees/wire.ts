import { localDate } from '../clock/calendar.ts';
import { addMilliseconds, type Instant, type Span, toWireSeconds } from '../clock/instant.ts';
import { centsToUnits, roundToCents } from '../money/cents.ts';
import { Decimal, toWireDecimal } from '../money/decimal.ts';
import { pricingUnitDetailsWire } from '../pricing-units/wire.ts';
import { breakdownsWire } from '../usage/presentation.ts';
import { toWireEnd } from '../subscriptions/wire.ts';
import type { Fee, FeeTax } from './fee.ts';

export interface FeeDocument {
  readonly fee: Fee;
  /** What tops it up to the charge's minimum. */
  readonly true_up_fee_id: string | null;
  readonly taxes: readonly FeeTax[];
  readonly customer: { readonly id: string; readonly external_id: string };
  /** Null for what is bought without one. */
  readonly subscription: { readonly id: string; readonly external_id: string } | null;
}

/** Fees of these types are for a span of time that documents show. */
const DATED: readonly Fee['fee_type'][] = ['charge', 'subscription', 'add_on'];

const toWireOrNull = (at: Instant | null): string | null => (at === null ? null : toWireSeconds(at));

/** `2026-01-31T23:59:59+00:00`: the dates of fees spell the offset out. */
const withOffset = (seconds: string): string => seconds.replace(/Z$/, '+00:00');

function spanOf(fee: Fee): Span | undefined {
  if (!DATED.includes(fee.fee_type) || fee.from_at === null || fee.to_at === null) return undefined;
  return { from: fee.from_at, to: fee.to_at };
}

function datesWire(fee: Fee): { from_date: string | null; to_date: string | null } {
  const span = spanOf(fee);
  if (span === undefined) return { from_date: null, to_date: null };
  if (fee.dates_timezone !== null) return daysWire(span, fee.dates_timezone);
  return { from_date: withOffset(toWireSeconds(span.from)), to_date: withOffset(toWireEnd(span)) };
}

/** Days of a place, written as if they were those of UTC. */
function daysWire({ from, to }: Span, timezone: string): { from_date: string; to_date: string } {
  const last = localDate(addMilliseconds(to, -1), timezone);
  return { from_date: `${localDate(from, timezone)}T00:00:00+00:00`, to_date: `${last}T23:59:59+00:00` };
}

function amountsWire(fee: Fee) {
  const currency = fee.amount_currency;
  const precise = new Decimal(fee.precise_amount_cents);
  const preciseTaxes = new Decimal(fee.taxes_precise_amount_cents);
  return {
    amount_cents: fee.amount_cents,
    amount_currency: currency,
    precise_amount: toWireDecimal(centsToUnits(precise, currency)),
    taxes_amount_cents: fee.taxes_amount_cents,
    taxes_precise_amount: toWireDecimal(centsToUnits(preciseTaxes, currency)),
    taxes_rate: Number(fee.taxes_rate),
    total_amount_cents: fee.amount_cents + fee.taxes_amount_cents,
    total_amount_currency: currency,
    precise_total_amount: toWireDecimal(centsToUnits(precise.plus(preciseTaxes), currency)),
    precise_coupons_amount_cents: toWireDecimal(fee.precise_coupons_amount_cents),
    sub_total_excluding_taxes_amount_cents: roundToCents(
      new Decimal(fee.amount_cents).minus(fee.precise_coupons_amount_cents),
    ),
    sub_total_excluding_taxes_precise_amount_cents: toWireDecimal(precise.minus(fee.precise_coupons_amount_cents)),
  };
}

function itemWire(fee: Fee) {
  return {
    type: fee.fee_type,
    code: fee.item_code,
    name: fee.item_name,
    description: fee.item_description,
    invoice_display_name: fee.invoice_display_name ?? fee.item_name,
    filters: fee.item_filters as Record<string, string[]> | null,
    filter_invoice_display_name: fee.filter_invoice_display_name,
    lago_item_id: fee.item_id,
    item_type: fee.item_type,
    grouped_by: fee.grouped_by,
  };
}

/** The fee without its taxes: a webhook carries it so. */
export function feeWire(document: FeeDocument) {
  const { fee, customer, subscription } = document;
  return {
    lago_id: fee.id,
    lago_charge_id: fee.charge_id,
    lago_charge_filter_id: fee.charge_filter_id,
    lago_fixed_charge_id: null,
    lago_invoice_id: fee.invoice_id,
    lago_true_up_fee_id: document.true_up_fee_id,
    lago_true_up_parent_fee_id: fee.true_up_parent_fee_id,
    lago_original_fee_id: null,
    lago_subscription_id: fee.subscription_id,
    external_subscription_id: subscription?.external_id ?? null,
    lago_customer_id: customer.id,
    external_customer_id: customer.external_id,
    item: itemWire(fee),
    pay_in_advance: fee.pay_in_advance,
    invoiceable: fee.invoiceable,
    ...amountsWire(fee),
    units: toWireDecimal(fee.units),
    total_aggregated_units: toWireDecimal(fee.total_aggregated_units),
    precise_unit_amount: toWireDecimal(fee.precise_unit_amount),
    events_count: fee.events_count,
    amount_details: fee.amount_details,
    pricing_unit_details: fee.pricing_unit && pricingUnitDetailsWire(fee.pricing_unit),
    presentation_breakdowns: breakdownsWire(fee.presentation_breakdowns),
    description: fee.description,
    ...datesWire(fee),
    event_transaction_id: fee.event_transaction_id,
    payment_status: fee.payment_status,
    self_billed: false,
    created_at: toWireSeconds(fee.created_at),
    succeeded_at: toWireOrNull(fee.succeeded_at),
    failed_at: toWireOrNull(fee.failed_at),
    refunded_at: toWireOrNull(fee.refunded_at),
  };
}

export function feeTaxWire(tax: FeeTax, fee: Fee) {
  return {
    lago_id: tax.id,
    lago_fee_id: tax.fee_id,
    lago_tax_id: tax.tax_id,
    tax_name: tax.tax_name,
    tax_code: tax.tax_code,
    tax_rate: Number(tax.tax_rate),
    tax_description: tax.tax_description,
    amount_cents: tax.amount_cents,
    amount_currency: fee.amount_currency,
    created_at: toWireSeconds(tax.created_at),
  };
}

/** As single reads and invoices show it. */
export function feeWithTaxesWire(document: FeeDocument) {
  return { ...feeWire(document), applied_taxes: document.taxes.map((tax) => feeTaxWire(tax, document.fee)) };
}
