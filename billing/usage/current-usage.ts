import type { AggregationType } from '../billable-metrics/aggregation.ts';
import type { RoundingFunction } from '../billable-metrics/rounding.ts';
import type { StoredProperties } from '../charge-models/charge-model.ts';
import type { ChargeModelName } from '../charge-models/index.ts';
import { type ChargeFeeNumbers, priceCharge } from '../charge-models/price-charge.ts';
import type { Instant, LocalDate, Span } from '../clock/instant.ts';
import { addDays } from '../clock/calendar.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import { billingSpans } from '../subscriptions/billing-spans.ts';
import { type Terms, chargesTerms, periodAt } from '../subscriptions/periods.ts';
import { applyTaxes } from '../taxes/apply-taxes.ts';
import { type Tax, type TaxLevels, resolveTaxes } from '../taxes/resolve-taxes.ts';

/** A charge of the plan with its metric. */
export interface MeteredCharge {
  readonly id: string;
  readonly code: string;
  readonly charge_model: ChargeModelName;
  readonly properties: StoredProperties;
  readonly invoice_display_name: string | null;
  readonly taxes: readonly Tax[];
  readonly billable_metric_id: string;
  readonly metric_code: string;
  readonly metric_name: string;
  readonly aggregation_type: AggregationType;
  readonly rounding_function: RoundingFunction | null;
  readonly rounding_precision: number | null;
}

export interface UsageSubscription {
  readonly terms: Terms;
  readonly plan: { readonly pay_in_advance: boolean; readonly bill_charges_monthly: boolean | null };
  readonly started_at: Instant;
  readonly activated_at: Instant;
  readonly last_periodic_at: Instant | null;
  readonly last_charges_to: Instant | null;
}

export interface UsagePeriod extends Span {
  /** The last day of the plan's own interval, even where usage is billed monthly. */
  readonly issuing_date: LocalDate;
}

/** The span that the next bill will take its usage from, whole: events may come from the future. */
export function currentUsagePeriod(subscription: UsageSubscription, at: Instant): UsagePeriod {
  const { terms, plan, last_charges_to } = subscription;
  const { charges } = billingSpans({
    ...subscription,
    reason: 'subscription_periodic',
    at: periodAt(chargesTerms(terms, plan.bill_charges_monthly), at).to,
    previous_charges_to: last_charges_to,
  });
  return { from: charges.from, to: charges.to, issuing_date: addDays(periodAt(terms, at).to_date, -1) };
}

export interface ChargeUsage extends Pick<
  ChargeFeeNumbers,
  'units' | 'total_aggregated_units' | 'events_count' | 'amount_cents'
> {
  readonly charge: MeteredCharge;
}

export interface CurrentUsage {
  readonly currency: Currency;
  readonly charges: readonly ChargeUsage[];
  readonly amount_cents: Cents;
  readonly taxes_amount_cents: Cents;
  readonly total_amount_cents: Cents;
}

export interface UsageFacts {
  readonly currency: Currency;
  readonly charges: readonly {
    readonly charge: MeteredCharge;
    readonly reading: { readonly units: string; readonly events_count: number };
  }[];
  /** Of the plan and what is above it. Absent: untaxed. */
  readonly taxes: Omit<TaxLevels, 'charge'> | undefined;
}

/** What the charges would cost if the period ended now: each is priced as its fee will be. By the name of the metric. */
export function computeCurrentUsage({ currency, charges, taxes }: UsageFacts): CurrentUsage {
  const priced = charges
    .map(({ charge, reading }) => ({
      charge,
      ...priceCharge({ ...reading, ...pricingOf(charge), currency }),
      precise_coupons_amount_cents: '0',
      taxes: taxes ? resolveTaxes({ ...taxes, charge: charge.taxes }) : [],
    }))
    .sort((a, b) => compare(a.charge.metric_name.toLowerCase(), b.charge.metric_name.toLowerCase()));
  const amount_cents = priced.reduce((total, charge) => total + charge.amount_cents, 0);
  const { taxes_amount_cents } = applyTaxes(priced).invoice;
  return {
    currency,
    charges: priced,
    amount_cents,
    taxes_amount_cents,
    total_amount_cents: amount_cents + taxes_amount_cents,
  };
}

function pricingOf({ charge_model, properties, rounding_function, rounding_precision }: MeteredCharge) {
  return { charge_model, properties, rounding: { rounding_function, rounding_precision } };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
