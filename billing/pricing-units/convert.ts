import { type Cents, roundToCents, unitsToCents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal } from '../money/decimal.ts';
import type { AppliedPricingUnit, PricingUnitAmounts } from './pricing-unit.ts';

/** Every pricing unit has cents, whatever the currency that it is converted to. */
export const PRICING_UNIT_DIGITS = 2;
const CENTS = 10 ** PRICING_UNIT_DIGITS;
const PRECISE_DIGITS = 15;

export interface Converted {
  /** Of the currency, unrounded. */
  readonly precise_amount_cents: Decimal;
  readonly precise_unit_amount: Decimal;
  readonly pricing_unit: PricingUnitAmounts;
}

/** An amount in whole pricing units, rounded to their cents before it becomes money. Source: spec "Pricing units". */
export function convertPrice(
  price: { readonly amount: Decimal; readonly unit_amount: Decimal },
  unit: AppliedPricingUnit,
  currency: Currency,
): Converted {
  const cents = price.amount.times(CENTS);
  return {
    precise_amount_cents: convertCents(roundToCents(cents), unit, currency),
    precise_unit_amount: price.unit_amount.times(unit.conversion_rate),
    pricing_unit: pricingUnitAmounts(unit, cents, price.unit_amount),
  };
}

/** From cents of the pricing unit to unrounded ones of the currency. */
export function convertCents(
  cents: Cents,
  { conversion_rate }: Pick<AppliedPricingUnit, 'conversion_rate'>,
  currency: Currency,
): Decimal {
  return unitsToCents(new Decimal(cents).times(conversion_rate).div(CENTS), currency);
}

export function pricingUnitAmounts(
  { id, code, short_name, conversion_rate }: AppliedPricingUnit,
  cents: Decimal,
  unit_amount: Decimal,
): PricingUnitAmounts {
  return {
    pricing_unit_id: id,
    code,
    short_name,
    conversion_rate,
    amount_cents: roundToCents(cents),
    precise_amount_cents: cents.toDecimalPlaces(PRECISE_DIGITS).toFixed(),
    unit_amount_cents: roundToCents(unit_amount.times(CENTS)),
    precise_unit_amount: unit_amount.toDecimalPlaces(PRECISE_DIGITS).toFixed(),
  };
}
