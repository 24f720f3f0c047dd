import type { AggregationType } from '../billable-metrics/aggregation.ts';
import type { RoundingFunction } from '../billable-metrics/rounding.ts';
import type { StoredProperties } from '../charge-models/charge-model.ts';
import type { ChargeModelName } from '../charge-models/index.ts';
import { type ChargeFeeNumbers, priceCharge } from '../charge-models/price-charge.ts';
import type { Instant, LocalDate } from '../clock/instant.ts';
import { addDays } from '../clock/calendar.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { type Decimal, sum } from '../money/decimal.ts';
import { billingSpans } from '../subscriptions/billing-spans.ts';
import { type Terms, chargesTerms, periodAt } from '../subscriptions/periods.ts';
import { applyTaxes } from '../taxes/apply-taxes.ts';
import { type Tax, type TaxLevels, resolveTaxes } from '../taxes/resolve-taxes.ts';
import type { ChargeFilter } from './filters.ts';
import type { AppliedPricingUnit } from '../pricing-units/pricing-unit.ts';
import type { Bucket, GroupedBy } from './measure.ts';
import { mergeBreakdowns, type PresentationBreakdown } from './presentation.ts';
import { project } from './project.ts';
import type { MeasuredSpan } from './time-weighted.ts';

/** A charge of the plan with its metric. */
export interface MeteredCharge {
  readonly id: string;
  readonly code: string;
  readonly charge_model: ChargeModelName;
  readonly properties: StoredProperties;
  readonly invoice_display_name: string | null;
  readonly filters: readonly ChargeFilter[];
  readonly taxes: readonly Tax[];
  readonly billable_metric_id: string;
  readonly metric_code: string;
  readonly metric_name: string;
  readonly aggregation_type: AggregationType;
  readonly recurring: boolean;
  readonly rounding_function: RoundingFunction | null;
  readonly rounding_precision: number | null;
  /** What its prices are in; absent or null: the currency. */
  readonly pricing_unit?: AppliedPricingUnit | null;
}

/** What of a charge is shown with its usage. */
export type ShownCharge = Pick<
  MeteredCharge,
  'id' | 'code' | 'invoice_display_name' | 'billable_metric_id' | 'metric_code' | 'metric_name' | 'pricing_unit'
> & { readonly charge_model: string; readonly aggregation_type: string };

export interface UsageSubscription {
  readonly terms: Terms;
  readonly plan: { readonly pay_in_advance: boolean; readonly bill_charges_monthly: boolean | null };
  readonly started_at: Instant;
  /** Of `totalSince`. */
  readonly total_since: Instant;
  readonly activated_at: Instant;
  readonly activation_timezone: string;
  readonly last_periodic_at: Instant | null;
  readonly last_charges_to: Instant | null;
}

export interface UsagePeriod extends MeasuredSpan {
  /** The last day of the plan's own interval, even where usage is billed monthly. */
  readonly issuing_date: LocalDate;
}

/** The span that the next bill will take its usage from, whole: events may come from the future. */
export function currentUsagePeriod(subscription: UsageSubscription, at: Instant): UsagePeriod {
  const { terms, plan, last_charges_to, total_since } = subscription;
  const { charges, charges_period } = billingSpans({
    ...subscription,
    reason: 'subscription_periodic',
    at: periodAt(chargesTerms(terms, plan.bill_charges_monthly), at).to,
    previous_charges_to: last_charges_to,
  });
  return {
    from: charges.from,
    to: charges.to,
    timezone: terms.timezone,
    period_days: charges_period.days,
    started_at: total_since,
    is_ended_by_upgrade: false,
    issuing_date: addDays(periodAt(terms, at).to_date, -1),
  };
}

/** What adds up: over groups, over filters, over both. */
export interface UsageNumbers extends Pick<
  ChargeFeeNumbers,
  'units' | 'total_aggregated_units' | 'events_count' | 'amount_cents'
> {
  /** In cents of the charge's pricing unit, where it has one. */
  readonly pricing_unit_amount_cents: number;
  readonly presentation: readonly PresentationBreakdown[];
  /** Where somebody asked what it will come to. */
  readonly projected?: ProjectedNumbers | undefined;
}

export interface ProjectedNumbers {
  readonly units: string;
  readonly amount_cents: Cents;
  readonly pricing_unit_amount_cents: number;
}

export interface FilterUsage extends UsageNumbers {
  /** Null: what no filter matches. */
  readonly filter: Pick<ChargeFilter, 'values' | 'invoice_display_name'> | null;
}

export interface GroupUsage extends UsageNumbers {
  readonly grouped_by: GroupedBy;
  readonly filters: readonly FilterUsage[];
}

export interface ChargeUsage extends UsageNumbers {
  readonly charge: ShownCharge;
  /** Empty where the charge has no filters. */
  readonly filters: readonly FilterUsage[];
  /** Empty where nothing is grouped. */
  readonly groups: readonly GroupUsage[];
}

export interface CurrentUsage {
  readonly currency: Currency;
  readonly charges: readonly ChargeUsage[];
  readonly amount_cents: Cents;
  readonly taxes_amount_cents: Cents;
  readonly total_amount_cents: Cents;
  readonly projected?: ProjectedNumbers | undefined;
}

export interface UsageFacts {
  readonly currency: Currency;
  readonly charges: readonly { readonly charge: MeteredCharge; readonly buckets: readonly Bucket[] }[];
  /** Of the plan and what is above it. Absent: untaxed. */
  readonly taxes: Omit<TaxLevels, 'charge'> | undefined;
  /** How much of the period is over, from 0 to 1: says what all of it will come to. */
  readonly projected_from?: Decimal | undefined;
}

/** A bucket with what it costs. */
export interface Priced extends UsageNumbers, Pick<ChargeFeeNumbers, 'pricing_unit'> {
  readonly bucket: Bucket;
  readonly precise_amount_cents: string;
}

/** What the charges would cost if the period ended now: each bucket is priced as its fee will be. By the name of the metric. */
export function computeCurrentUsage({ currency, charges, taxes, projected_from }: UsageFacts): CurrentUsage {
  const priced = priceUsage(charges, currency).map(({ charge, parts }) => ({
    charge,
    parts: projected_from
      ? parts.map((part) => ({ ...part, projected: project(charge, part, projected_from, currency) }))
      : parts,
  }));
  const { taxes_amount_cents } = applyTaxes(
    priced.flatMap(({ charge, parts }) =>
      parts.map((part) => ({
        ...part,
        precise_coupons_amount_cents: '0',
        taxes: taxes ? resolveTaxes({ ...taxes, charge: charge.taxes }) : [],
      })),
    ),
  ).invoice;
  const usages = priced.map(({ charge, parts }) => chargeUsage(charge, parts));
  const { amount_cents, projected } = addUsage(usages);
  return {
    projected,
    currency,
    charges: usages,
    amount_cents,
    taxes_amount_cents,
    total_amount_cents: amount_cents + taxes_amount_cents,
  };
}

/** By the name of the metric. */
export function priceUsage(
  charges: UsageFacts['charges'],
  currency: Currency,
): { readonly charge: MeteredCharge; readonly parts: readonly Priced[] }[] {
  return charges
    .map(({ charge, buckets }) => ({ charge, parts: buckets.map((bucket) => price(charge, bucket, currency)) }))
    .sort((a, b) => compare(a.charge.metric_name.toLowerCase(), b.charge.metric_name.toLowerCase()));
}

function price(charge: MeteredCharge, bucket: Bucket, currency: Currency): Priced {
  const { charge_model, rounding_function, rounding_precision, pricing_unit } = charge;
  const properties = bucket.filter?.properties ?? charge.properties;
  const rounding = { rounding_function, rounding_precision };
  const numbers = priceCharge({ ...bucket.usage, charge_model, properties, rounding, currency, pricing_unit });
  return {
    bucket,
    ...numbers,
    pricing_unit_amount_cents: numbers.pricing_unit?.amount_cents ?? 0,
    presentation: bucket.presentation ?? [],
  };
}

function chargeUsage(charge: MeteredCharge, parts: readonly Priced[]): ChargeUsage {
  const isGrouped = parts.some(({ bucket }) => Object.keys(bucket.grouped_by).length > 0);
  const groups = isGrouped
    ? Map.groupBy(parts, ({ bucket }) => JSON.stringify(bucket.grouped_by))
    : new Map<string, Priced[]>();
  return {
    charge,
    ...addUsage(parts),
    filters: byFilter(charge, parts),
    groups: [...groups.values()].map((members) => ({
      grouped_by: members[0]?.bucket.grouped_by ?? {},
      ...addUsage(members),
      filters: byFilter(charge, members),
    })),
  };
}

function byFilter({ filters }: MeteredCharge, parts: readonly Priced[]): FilterUsage[] {
  if (filters.length === 0) return [];
  return [...Map.groupBy(parts, ({ bucket }) => bucket.filter)].map(([filter, members]) => ({
    filter,
    ...addUsage(members),
  }));
}

export function addUsage(parts: readonly UsageNumbers[]): UsageNumbers {
  return {
    units: sum(parts.map((part) => part.units)).toFixed(),
    total_aggregated_units: sum(parts.map((part) => part.total_aggregated_units)).toFixed(),
    events_count: parts.reduce((total, part) => total + part.events_count, 0),
    amount_cents: parts.reduce((total, part) => total + part.amount_cents, 0),
    pricing_unit_amount_cents: parts.reduce((total, part) => total + part.pricing_unit_amount_cents, 0),
    presentation: mergeBreakdowns(parts.map((part) => part.presentation)),
    projected: addProjected(parts.flatMap((part) => part.projected ?? [])),
  };
}

function addProjected(parts: readonly ProjectedNumbers[]): ProjectedNumbers | undefined {
  if (parts.length === 0) return undefined;
  return {
    units: sum(parts.map((part) => part.units)).toFixed(),
    amount_cents: parts.reduce((total, part) => total + part.amount_cents, 0),
    pricing_unit_amount_cents: parts.reduce((total, part) => total + part.pricing_unit_amount_cents, 0),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
