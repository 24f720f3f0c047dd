import { assert } from '../assert.ts';
import { type Rounding, roundUnits } from '../billable-metrics/rounding.ts';
import { type Cents, roundToCents, unitsToCents } from '../money/cents.ts';
import { type Currency, exponent } from '../money/currency.ts';
import { Decimal, ZERO } from '../money/decimal.ts';
import { convertPrice, PRICING_UNIT_DIGITS } from '../pricing-units/convert.ts';
import type { AppliedPricingUnit, PricingUnitAmounts } from '../pricing-units/pricing-unit.ts';
import type { AmountDetails, Price, StoredProperties, Usage } from './charge-model.ts';
import { type ChargeModelName, chargeModels } from './index.ts';

export interface UsageToPrice {
  readonly charge_model: ChargeModelName;
  readonly properties: StoredProperties;
  readonly currency: Currency;
  /** As aggregated, for a prorated charge with proration. */
  readonly units: Decimal | string;
  /** For a prorated charge, without proration. */
  readonly full_units?: Decimal | string;
  /** What a weighted sum has added up, where that is not the units. */
  readonly total_aggregated_units?: Decimal | string;
  readonly events_count: number;
  /** The metric's. Absent: none. */
  readonly rounding?: Rounding;
  /** What the prices are in. Absent: the currency. */
  readonly pricing_unit?: AppliedPricingUnit | null | undefined;
  /** What the models that look at single events need besides. */
  readonly events?: Pick<
    Usage,
    'running_totals' | 'event_values' | 'dynamic_amount_cents' | 'custom_amount' | 'prorated_changes'
  >;
}

/** The numbers of a charge's fee, as they are stored. */
export interface ChargeFeeNumbers {
  readonly amount_cents: Cents;
  readonly precise_amount_cents: string;
  readonly precise_unit_amount: string;
  readonly units: string;
  readonly total_aggregated_units: string;
  /** As aggregated, before the metric's rounding. */
  readonly unrounded_units?: string;
  readonly events_count: number;
  readonly amount_details: AmountDetails;
  /** The amounts as they were priced, where that was not in the currency. */
  readonly pricing_unit?: PricingUnitAmounts | null;
}

/** Digits kept of a precise amount. */
const PRECISE_DIGITS = 15;

/** From what was used in a period to the numbers of its fee: rounds the units, prices them, rounds the amount. */
export function priceCharge(usage: UsageToPrice): ChargeFeeNumbers {
  const round = (units: Decimal | string): Decimal =>
    usage.rounding ? roundUnits(new Decimal(units), usage.rounding) : new Decimal(units);
  const units = round(usage.units);
  const full_units = usage.full_units === undefined ? units : round(usage.full_units);
  const { events_count, currency, properties } = usage;
  const price = (): Pick<Price, 'amount' | 'unit_amount' | 'amount_details'> =>
    chargeModels[usage.charge_model].price({ units, full_units, events_count, currency, properties, ...usage.events });
  const priced = units.lt(0) || full_units.lt(0) ? undefined : price();
  // Usage given back is not paid out.
  const isFree = !priced || priced.amount.lt(0);
  const shown_units = isFree ? ZERO : full_units;
  return {
    ...priceNumbers(isFree ? NOTHING : priced, { currency, pricing_unit: usage.pricing_unit }),
    units: shown_units.toFixed(),
    total_aggregated_units: new Decimal(isFree ? 0 : (usage.total_aggregated_units ?? full_units)).toFixed(),
    unrounded_units: new Decimal(isFree ? 0 : (usage.full_units ?? usage.units)).toFixed(),
    events_count,
    amount_details: isFree ? {} : priced.amount_details,
  };
}

const NOTHING = { amount: ZERO, unit_amount: ZERO };

/** The amounts of a fee from its price: rounded to cents, once, and where it is in another unit once there as well. */
export function priceNumbers(
  price: Pick<Price, 'amount' | 'unit_amount'>,
  { currency, pricing_unit }: Pick<UsageToPrice, 'currency' | 'pricing_unit'>,
): Pick<ChargeFeeNumbers, 'amount_cents' | 'precise_amount_cents' | 'precise_unit_amount' | 'pricing_unit'> {
  const converted = pricing_unit && convertPrice(price, pricing_unit, currency);
  const precise = converted?.precise_amount_cents ?? unitsToCents(price.amount, currency);
  const amount_cents = roundToCents(precise);
  assert(amount_cents >= 0, 'charge fee: nobody is paid for using less than nothing');
  return {
    amount_cents,
    precise_amount_cents: precise.toDecimalPlaces(PRECISE_DIGITS).toFixed(),
    precise_unit_amount: (converted?.precise_unit_amount ?? price.unit_amount)
      .toDecimalPlaces(PRECISE_DIGITS)
      .toFixed(),
    ...(converted && { pricing_unit: converted.pricing_unit }),
  };
}

/** The same where a unit costs what the rounded amount divides into, as one event's does. Source: spec "In advance: rounding". */
export function priceEventNumbers(
  amount: Decimal,
  units: Decimal,
  { currency, pricing_unit }: Pick<UsageToPrice, 'currency' | 'pricing_unit'>,
): ReturnType<typeof priceNumbers> {
  const rounded = amount.toDecimalPlaces(pricing_unit ? PRICING_UNIT_DIGITS : exponent(currency));
  return priceNumbers({ amount, unit_amount: units.isZero() ? ZERO : rounded.div(units) }, { currency, pricing_unit });
}

/** A charge that was not used leaves no line on the bill, unless it costs something all the same. */
export function isChargeFeeStored(fee: Pick<ChargeFeeNumbers, 'units' | 'amount_cents' | 'events_count'>): boolean {
  return fee.amount_cents !== 0 || fee.events_count !== 0 || !new Decimal(fee.units).isZero();
}
