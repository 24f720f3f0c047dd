import { type Rounding, roundUnits } from '../billable-metrics/rounding.ts';
import type { StoredProperties } from '../charge-models/charge-model.ts';
import { chargeModels } from '../charge-models/index.ts';
import { type ChargeFeeNumbers, priceEventNumbers } from '../charge-models/price-charge.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal, ZERO } from '../money/decimal.ts';
import type { AppliedPricingUnit } from '../pricing-units/pricing-unit.ts';

/** The models that price an event without knowing of any other. */
export const instantModels = ['standard', 'percentage'] as const;
export type InstantModel = (typeof instantModels)[number];

export interface LoneEvent {
  readonly charge_model: InstantModel;
  readonly properties: StoredProperties;
  readonly currency: Currency;
  readonly pricing_unit?: AppliedPricingUnit | null | undefined;
  readonly rounding: Rounding;
  /** The property; `1` where there is none to look at, null where the event does not have it. */
  readonly value: string | null;
}

const NUMBER = /^-?\d{1,1000}(\.\d{1,1000})?$/;

/** What an event would cost if it were the only one, nothing being free. */
export function priceLoneEvent(event: LoneEvent): ChargeFeeNumbers {
  const { charge_model, properties, currency, rounding, value } = event;
  const units = roundUnits(new Decimal(value !== null && NUMBER.test(value) ? value : 0), rounding);
  const amount = units.lt(0) ? ZERO : priceOf(charge_model, properties, units, currency);
  return {
    ...priceEventNumbers(amount, units, event),
    units: units.toFixed(),
    total_aggregated_units: units.toFixed(),
    events_count: 1,
    amount_details: {},
  };
}

function priceOf(model: InstantModel, properties: StoredProperties, units: Decimal, currency: Currency): Decimal {
  if (model === 'standard') return chargeModels.standard.price({ units, events_count: 1, properties, currency }).amount;
  const { rate, fixed_amount, per_transaction_min_amount: min, per_transaction_max_amount: max } = properties;
  const unbounded = units
    .times(textOf(rate) ?? 0)
    .div(100)
    .plus(textOf(fixed_amount) ?? 0);
  const atLeast = Decimal.max(unbounded, textOf(min) ?? unbounded);
  return Decimal.min(atLeast, textOf(max) ?? atLeast);
}

/** Empty text is no bound. */
function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
