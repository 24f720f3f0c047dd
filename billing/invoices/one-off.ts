import type { AddOn } from '../add-ons/add-on.ts';
import type { Span } from '../clock/instant.ts';
import { type Cents, centsToUnits, roundToCents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal } from '../money/decimal.ts';
import type { Tax } from '../taxes/resolve-taxes.ts';
import type { UntaxedFee } from './compute-invoice.ts';

/** An add-on as it is sold on a one-off invoice. */
export interface SoldAddOn {
  readonly add_on: AddOn;
  /** Of one unit, without taxes. */
  readonly unit_amount_cents: Cents;
  /** Decimal text of 0 or more. */
  readonly units: string;
  readonly description: string | null;
  readonly invoice_display_name: string | null;
  readonly span: Span | null;
  /** Those of the nearest level that has any. */
  readonly taxes: readonly Tax[];
}

/** `round(unit price × units)`. Source: spec "One-off invoices and add-ons". */
export function addOnFee(sold: SoldAddOn, currency: Currency): UntaxedFee {
  const { add_on, unit_amount_cents, units, span } = sold;
  const amount = new Decimal(unit_amount_cents).times(units);
  return {
    subscription_id: null,
    charge_id: null,
    charge_filter_id: null,
    grouped_by: {},
    item_filters: null,
    filter_invoice_display_name: null,
    fee_type: 'add_on',
    item_id: add_on.id,
    item_type: 'AddOn',
    item_code: add_on.code,
    item_name: add_on.name,
    item_description: add_on.description,
    invoice_display_name: sold.invoice_display_name ?? add_on.invoice_display_name,
    amount_currency: currency,
    amount_cents: roundToCents(amount),
    precise_amount_cents: amount.toDecimalPlaces(15).toFixed(),
    precise_unit_amount: centsToUnits(unit_amount_cents, currency).toFixed(),
    units,
    total_aggregated_units: units,
    precise_coupons_amount_cents: '0',
    events_count: null,
    amount_details: {},
    description: sold.description ?? add_on.description,
    pay_in_advance: false,
    invoiceable: true,
    from_at: span?.from ?? null,
    to_at: span?.to ?? null,
    dates_timezone: null,
    event_transaction_id: null,
  };
}
