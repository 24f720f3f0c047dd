import { type Instant, toWireSeconds } from '../clock/instant.ts';
import type { Tax } from './resolve-taxes.ts';

export interface TaxDocument extends Tax {
  readonly applied_to_organization: boolean;
  readonly created_at: Instant;
}

export function taxWire(tax: TaxDocument) {
  return {
    lago_id: tax.id,
    name: tax.name,
    code: tax.code,
    // The one decimal that the wire shows as a JSON number.
    rate: Number(tax.rate),
    description: tax.description,
    applied_to_organization: tax.applied_to_organization,
    add_ons_count: 0,
    customers_count: 0,
    plans_count: 0,
    charges_count: 0,
    commitments_count: 0,
    created_at: toWireSeconds(tax.created_at),
  };
}
