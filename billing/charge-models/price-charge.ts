import { assert } from '../assert.ts';
import { type Rounding, roundUnits } from '../billable-metrics/rounding.ts';
import { type Cents, roundToCents, unitsToCents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal, ZERO } from '../money/decimal.ts';
import type { AmountDetails, StoredProperties, Usage } from './charge-model.ts';
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
  /** What the models that look at single events need besides. */
  readonly events?: Pick<Usage, 'running_totals' | 'event_values' | 'dynamic_amount_cents' | 'prorated_changes'>;
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
  if (units.lt(0) || full_units.lt(0)) return freeOfCharge(events_count);

  const price = chargeModels[usage.charge_model].price({
    units,
    full_units,
    events_count,
    currency,
    properties,
    ...usage.events,
  });
  if (price.amount.lt(0)) return freeOfCharge(events_count);

  const precise_amount_cents = unitsToCents(price.amount, currency);
  const amount_cents = roundToCents(precise_amount_cents);
  assert(amount_cents >= 0, 'charge fee: nobody is paid for using less than nothing');
  return {
    amount_cents,
    precise_amount_cents: precise_amount_cents.toDecimalPlaces(PRECISE_DIGITS).toFixed(),
    precise_unit_amount: price.unit_amount.toDecimalPlaces(PRECISE_DIGITS).toFixed(),
    units: full_units.toFixed(),
    total_aggregated_units: new Decimal(usage.total_aggregated_units ?? full_units).toFixed(),
    unrounded_units: new Decimal(usage.full_units ?? usage.units).toFixed(),
    events_count,
    amount_details: price.amount_details,
  };
}

/** What a negative result becomes: usage given back is not paid out. */
function freeOfCharge(events_count: number): ChargeFeeNumbers {
  const zero = ZERO.toFixed();
  return {
    amount_cents: 0,
    precise_amount_cents: zero,
    precise_unit_amount: zero,
    units: zero,
    total_aggregated_units: zero,
    unrounded_units: zero,
    events_count,
    amount_details: {},
  };
}

/** A charge that was not used leaves no line on the bill, unless it costs something all the same. */
export function isChargeFeeStored(fee: Pick<ChargeFeeNumbers, 'units' | 'amount_cents' | 'events_count'>): boolean {
  return fee.amount_cents !== 0 || fee.events_count !== 0 || !new Decimal(fee.units).isZero();
}
