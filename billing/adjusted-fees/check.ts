import type { ChargeModelName } from '../charge-models/index.ts';
import type { StoredProperties } from '../charge-models/charge-model.ts';
import { invalid } from '../errors.ts';
import { unitsToCents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal } from '../money/decimal.ts';
import type { AppliedPricingUnit } from '../pricing-units/pricing-unit.ts';
import { adjustedPrice } from './adjust.ts';

/** How a charge prices units. */
export interface LinePricing {
  readonly charge_model: ChargeModelName;
  readonly prorated: boolean;
  readonly properties: StoredProperties;
  /** Null: its prices are in the currency. */
  readonly pricing_unit: AppliedPricingUnit | null;
}

/** The line of a bill that units, or units and a price, are to be put on. */
export interface PricedLine {
  /** Null where it is no usage. */
  readonly charge: LinePricing | null;
  /** What one unit of it costs in cents, where it is no usage. */
  readonly unit_cents: string;
  readonly currency: Currency;
}

/** Far more than anybody is billed, and little enough for whatever else is on the bill. */
const AMOUNT_MAX_CENTS = Number.MAX_SAFE_INTEGER / 1000;

/** Refuses units that say nothing of the price, and amounts that fit no bill. */
export function checkUnits(line: PricedLine, units: string, unit_precise_amount: string | null): void {
  if (unit_precise_amount === null && line.charge && !isPricedByUnits(line.charge))
    throw invalid({ charge: ['invalid_charge_model'] });
  if (amountCents(line, units, unit_precise_amount).gt(AMOUNT_MAX_CENTS))
    throw invalid({ units: ['value_is_out_of_range'] });
}

/** Where the price depends on single events, or on when they came, units alone do not say what they cost. */
function isPricedByUnits({ charge_model, prorated }: LinePricing): boolean {
  return charge_model !== 'percentage' && !(charge_model === 'graduated' && prorated);
}

function amountCents({ charge, unit_cents, currency }: PricedLine, units: string, price: string | null): Decimal {
  if (price !== null) return unitsToCents(new Decimal(price).times(units), currency);
  if (!charge) return new Decimal(unit_cents).times(units);
  return unitsToCents(adjustedPrice(units, { unit_precise_amount: null }, { ...charge, currency }).amount, currency);
}
