import { toWireSeconds } from '../clock/instant.ts';
import { toWireDecimal } from '../money/decimal.ts';
import type { PricingUnit, PricingUnitAmounts } from './pricing-unit.ts';

export function pricingUnitWire(unit: PricingUnit) {
  return {
    lago_id: unit.id,
    name: unit.name,
    code: unit.code,
    short_name: unit.short_name,
    description: unit.description,
    created_at: toWireSeconds(unit.created_at),
  };
}

/** On a fee. */
export function pricingUnitDetailsWire(amounts: PricingUnitAmounts) {
  return {
    lago_pricing_unit_id: amounts.pricing_unit_id,
    pricing_unit_code: amounts.code,
    short_name: amounts.short_name,
    amount_cents: amounts.amount_cents,
    precise_amount_cents: toWireDecimal(amounts.precise_amount_cents),
    unit_amount_cents: amounts.unit_amount_cents,
    precise_unit_amount: toWireDecimal(amounts.precise_unit_amount),
    conversion_rate: toWireDecimal(amounts.conversion_rate),
  };
}
