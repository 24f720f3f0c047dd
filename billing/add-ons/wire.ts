import { toWireSeconds } from '../clock/instant.ts';
import { type TaxDocument, taxWire } from '../taxes/wire.ts';
import type { AddOn } from './add-on.ts';

export interface AddOnDocument {
  readonly add_on: AddOn;
  readonly taxes: readonly TaxDocument[];
}

export function addOnWire({ add_on, taxes }: AddOnDocument) {
  return {
    lago_id: add_on.id,
    name: add_on.name,
    invoice_display_name: add_on.invoice_display_name,
    code: add_on.code,
    amount_cents: add_on.amount_cents,
    amount_currency: add_on.amount_currency,
    description: add_on.description,
    created_at: toWireSeconds(add_on.created_at),
    taxes: taxes.map(taxWire),
  };
}
