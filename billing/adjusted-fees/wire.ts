import { toWireSeconds } from '../clock/instant.ts';
import { type FeeDocument, feeWithTaxesWire } from '../fees/wire.ts';
import { toWireDecimal } from '../money/decimal.ts';
import type { AdjustedFee } from './adjusted-fee.ts';

/** `fee` is the line that it is on the bill now; null when the bill has none for it any more. */
export function adjustedFeeWire(adjusted: AdjustedFee, fee: FeeDocument | null) {
  const decimal = (text: string | null): string | null => (text === null ? null : toWireDecimal(text));
  return {
    lago_id: adjusted.id,
    lago_invoice_id: adjusted.invoice_id,
    lago_subscription_id: adjusted.subscription_id,
    fee_type: adjusted.fee_type,
    lago_charge_id: adjusted.charge_id,
    lago_charge_filter_id: adjusted.charge_filter_id,
    grouped_by: adjusted.grouped_by,
    units: decimal(adjusted.units),
    unit_precise_amount: decimal(adjusted.unit_precise_amount),
    invoice_display_name: adjusted.invoice_display_name,
    created_at: toWireSeconds(adjusted.created_at),
    fee: fee && feeWithTaxesWire(fee),
  };
}
