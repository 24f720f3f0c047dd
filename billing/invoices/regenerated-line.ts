import { adjustedNumbers } from '../adjusted-fees/adjust.ts';
import type { LinePricing } from '../adjusted-fees/check.ts';
import type { Fee } from '../fees/fee.ts';
import { roundToCents, unitsToCents } from '../money/cents.ts';
import { Decimal } from '../money/decimal.ts';
import type { UntaxedFee } from './compute-invoice.ts';

/** What is to be another in place of a line of a voided invoice. Null: as it was. */
export interface LineChange {
  /** Decimal text. */
  readonly units: string | null;
  /** Decimal text in currency units. */
  readonly unit_precise_amount: string | null;
  readonly invoice_display_name: string | null;
}

/** A line as it was, before taxes and what was taken off it. */
export function untaxed(fee: Fee): UntaxedFee {
  const {
    id: _id,
    customer_id: _customer,
    invoice_id: _invoice,
    payment_status: _status,
    succeeded_at: _succeeded,
    failed_at: _failed,
    refunded_at: _refunded,
    created_at: _created,
    updated_at: _updated,
    deleted_at: _deleted,
    true_up_parent_fee_id: _parent,
    taxes_amount_cents: _taxes,
    taxes_precise_amount_cents: _precise,
    taxes_rate: _rate,
    ...line
  } = fee;
  return { ...line, precise_coupons_amount_cents: '0' };
}

/** The line with what is to be another on it. Units alone cost what the charge says, or so many times what one of them did. */
export function changeLine(line: UntaxedFee, change: LineChange, pricing: LinePricing | null): UntaxedFee {
  const { units, unit_precise_amount, invoice_display_name } = change;
  const named = invoice_display_name === null ? line : { ...line, invoice_display_name };
  if (units === null) return named;
  const { amount_currency: currency } = line;
  if (pricing) return { ...named, ...adjustedNumbers({ units, unit_precise_amount }, { ...pricing, currency }) };
  const unit_amount = new Decimal(unit_precise_amount ?? line.precise_unit_amount);
  const amount = unitsToCents(unit_amount.times(units), currency);
  return {
    ...named,
    units,
    total_aggregated_units: units,
    precise_unit_amount: unit_amount.toFixed(),
    precise_amount_cents: amount.toDecimalPlaces(15).toFixed(),
    amount_cents: roundToCents(amount),
    amount_details: unit_precise_amount === null ? line.amount_details : {},
  };
}
