import { priceCharge } from '../charge-models/price-charge.ts';
import { countDays } from '../clock/calendar.ts';
import { addMilliseconds, type Instant, type Span } from '../clock/instant.ts';
import { roundToCents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal, ZERO } from '../money/decimal.ts';
import { convertCents } from '../pricing-units/convert.ts';
import type { MeteredCharge, Priced, ProjectedNumbers } from './current-usage.ts';

/** The price of these is known from their units alone. */
const PRICED_FROM_UNITS = ['standard', 'graduated', 'package', 'volume'];

const NOTHING: ProjectedNumbers = { units: '0', amount_cents: 0, pricing_unit_amount_cents: 0 };

/** How much of a period is over, from 0 to 1. */
export function elapsedShare({ from, to }: Span, at: Instant, timezone: string): Decimal {
  if (at < from) return ZERO;
  const elapsed = countDays(from, at, timezone);
  return Decimal.min(new Decimal(elapsed).div(countDays(from, addMilliseconds(to, -1), timezone)), 1);
}

/**
 * What will have been used when the period ends, if it goes on as it has. What is carried from period to period is not projected, nor what no filter of a
 * charge with filters matches. Source: spec "Projected".
 */
export function project(charge: MeteredCharge, priced: Priced, share: Decimal, currency: Currency): ProjectedNumbers {
  const { units, amount_cents, pricing_unit_amount_cents, bucket } = priced;
  const isRest = charge.filters.length > 0 && bucket.filter === null;
  if (share.isZero() || isRest) return NOTHING;
  if (charge.recurring) return { units, amount_cents, pricing_unit_amount_cents };
  const projected_units = new Decimal(units).div(share).toDecimalPlaces(2).toFixed();
  const amounts = PRICED_FROM_UNITS.includes(charge.charge_model)
    ? priceOf(charge, priced, projected_units, currency)
    : extrapolate(charge, priced, share, currency);
  return { units: projected_units, ...amounts };
}

type Amounts = Omit<ProjectedNumbers, 'units'>;

function priceOf(
  { charge_model, properties, pricing_unit }: MeteredCharge,
  { bucket, events_count }: Priced,
  units: string,
  currency: Currency,
): Amounts {
  if (new Decimal(units).isZero()) return NOTHING;
  const own = bucket.filter?.properties ?? properties;
  const numbers = priceCharge({ charge_model, properties: own, units, events_count, currency, pricing_unit });
  return {
    amount_cents: numbers.amount_cents,
    pricing_unit_amount_cents: numbers.pricing_unit?.amount_cents ?? 0,
  };
}

function extrapolate(
  { pricing_unit }: MeteredCharge,
  { precise_amount_cents, pricing_unit: priced }: Priced,
  share: Decimal,
  currency: Currency,
): Amounts {
  if (!pricing_unit || !priced)
    return { amount_cents: roundToCents(new Decimal(precise_amount_cents).div(share)), pricing_unit_amount_cents: 0 };
  const cents = roundToCents(new Decimal(priced.precise_amount_cents).div(share));
  return { amount_cents: roundToCents(convertCents(cents, pricing_unit, currency)), pricing_unit_amount_cents: cents };
}
