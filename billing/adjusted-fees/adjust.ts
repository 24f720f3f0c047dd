import type { Price } from '../charge-models/charge-model.ts';
import { chargeModels } from '../charge-models/index.ts';
import { type ChargeFeeNumbers, priceNumbers, type UsageToPrice } from '../charge-models/price-charge.ts';
import { type Cents, roundToCents, unitsToCents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { Decimal, ZERO } from '../money/decimal.ts';
import type { SubscriptionFee } from '../subscriptions/subscription-fee.ts';
import type { Bucket } from '../usage/measure.ts';
import { type AdjustedFee, isSameLine } from './adjusted-fee.ts';

export type Adjustment = Pick<AdjustedFee, 'units' | 'unit_precise_amount'>;
type PricedCharge = Pick<UsageToPrice, 'charge_model' | 'properties' | 'currency' | 'pricing_unit'>;

/** The buckets of a charge, and those that nothing was used of and that people have put on the bill all the same. */
export function withAdjusted(buckets: readonly Bucket[], adjusted: readonly AdjustedFee[]): Bucket[] {
  const added = adjusted.flatMap((one): Bucket[] => {
    const filter = buckets.find((bucket) => (bucket.filter?.id ?? null) === one.charge_filter_id)?.filter;
    // A filter that the charge has no longer is on no bill, and a name alone makes no line.
    if (filter === undefined || one.units === null || buckets.some((bucket) => isOf(one, bucket))) return [];
    return [{ filter, grouped_by: one.grouped_by, usage: { units: ZERO, events_count: 0 } }];
  });
  return [...buckets, ...added];
}

export function isOf(adjusted: AdjustedFee, { filter, grouped_by }: Pick<Bucket, 'filter' | 'grouped_by'>): boolean {
  return isSameLine(adjusted, { charge_filter_id: filter?.id ?? null, grouped_by });
}

/** What the units that people have given cost: at the price they have given, else as the charge prices them. Source: spec "Adjusted fees". */
export function adjustedPrice(
  units: string,
  { unit_precise_amount }: Pick<Adjustment, 'unit_precise_amount'>,
  { charge_model, properties, currency }: PricedCharge,
): Price {
  if (unit_precise_amount !== null) {
    const unit_amount = new Decimal(unit_precise_amount);
    return { amount: unit_amount.times(units), unit_amount, amount_details: {} };
  }
  const all = new Decimal(units);
  const usage = { units: all, full_units: all, events_count: 0, dynamic_amount_cents: ZERO };
  return chargeModels[charge_model].price({ ...usage, currency, properties });
}

/** The numbers of a charge's fee as people have adjusted it; undefined: as computed. */
export function adjustedNumbers(adjusted: Adjustment, charge: PricedCharge): ChargeFeeNumbers | undefined {
  const { units } = adjusted;
  if (units === null) return undefined;
  const price = adjustedPrice(units, adjusted, charge);
  return {
    ...priceNumbers(price, charge),
    units,
    total_aggregated_units: units,
    unrounded_units: units,
    events_count: 0,
    amount_details: price.amount_details,
  };
}

export interface AdjustedSubscriptionFee {
  /** In cents, not rounded. */
  readonly amount: Decimal;
  readonly amount_cents: Cents;
  /** In cents, not rounded. */
  readonly unit_amount: Decimal;
  readonly units: string;
  readonly amount_details: Readonly<Record<string, unknown>>;
}

/** Units alone are so many times what the period costs. */
export function adjustSubscriptionFee(
  fee: Pick<SubscriptionFee, 'amount' | 'amount_details'>,
  { units, unit_precise_amount }: Adjustment,
  currency: Currency,
): AdjustedSubscriptionFee {
  const isPriced = unit_precise_amount !== null;
  const unit_amount = isPriced ? unitsToCents(new Decimal(unit_precise_amount), currency) : fee.amount;
  const amount = unit_amount.times(units ?? 1);
  return {
    amount,
    amount_cents: roundToCents(amount),
    unit_amount,
    units: units ?? '1',
    amount_details: isPriced ? {} : fee.amount_details,
  };
}
