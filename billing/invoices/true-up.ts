import { centsToUnits, roundToCents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal, sum } from '../money/decimal.ts';
import { convertPrice, PRICING_UNIT_DIGITS } from '../pricing-units/convert.ts';
import type { BilledSubscription, UntaxedFee, UsedCharge } from './compute-invoice.ts';
import type { Line } from './settle-lines.ts';

const PRECISE_DIGITS = 15;

/** What is missing to a charge's minimum. Hangs on the fee without a filter, which is on the bill even if it is zero. Source: spec "Minimum spend (true-up)". */
export function trueUpLine(
  days: BilledSubscription['charges_days'],
  charge: UsedCharge,
  lines: readonly Line[],
  currency: Currency,
): Line | undefined {
  const tops_up = lines.find(({ fee }) => fee.charge_filter_id === null);
  if (charge.min_amount_cents === 0 || !tops_up) return undefined;
  const min = new Decimal(charge.min_amount_cents).times(days.billed).div(days.period);
  const amounts = charge.pricing_unit
    ? missingInPricingUnits(min, lines, charge.pricing_unit, currency)
    : missing(min, lines, currency);
  if (!amounts) return undefined;
  const fee = { ...tops_up.fee, ...amounts, units: '1', total_aggregated_units: '1', events_count: 0 };
  return { ...tops_up, fee, tops_up };
}

type Amounts = Pick<UntaxedFee, 'amount_cents' | 'precise_amount_cents' | 'precise_unit_amount' | 'pricing_unit'>;

function missing(min: Decimal, lines: readonly Line[], currency: Currency): Amounts | undefined {
  const amount = min.minus(sum(lines.map(({ fee }) => fee.amount_cents)));
  if (amount.lte(0)) return undefined;
  const precise = min.minus(sum(lines.map(({ fee }) => fee.precise_amount_cents)));
  return {
    amount_cents: roundToCents(amount),
    precise_amount_cents: precise.toDecimalPlaces(PRECISE_DIGITS).toFixed(),
    precise_unit_amount: centsToUnits(precise, currency).toDecimalPlaces(PRECISE_DIGITS).toFixed(),
  };
}

/** The minimum is one in cents of the pricing unit; what is missing in them becomes money. */
function missingInPricingUnits(
  min: Decimal,
  lines: readonly Line[],
  pricing_unit: NonNullable<UsedCharge['pricing_unit']>,
  currency: Currency,
): Amounts | undefined {
  const cents = min.minus(sum(lines.map(({ fee }) => fee.pricing_unit?.amount_cents ?? 0)));
  if (cents.lte(0)) return undefined;
  const amount = cents.div(new Decimal(10).pow(PRICING_UNIT_DIGITS));
  const {
    precise_amount_cents,
    precise_unit_amount,
    pricing_unit: converted,
  } = convertPrice({ amount, unit_amount: amount }, pricing_unit, currency);
  return {
    amount_cents: roundToCents(precise_amount_cents),
    precise_amount_cents: precise_amount_cents.toDecimalPlaces(PRECISE_DIGITS).toFixed(),
    precise_unit_amount: precise_unit_amount.toDecimalPlaces(PRECISE_DIGITS).toFixed(),
    pricing_unit: converted,
  };
}
