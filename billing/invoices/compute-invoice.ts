import type { AdjustedFee } from '../adjusted-fees/adjusted-fee.ts';
import {
  adjustedNumbers,
  type AdjustedSubscriptionFee,
  adjustSubscriptionFee,
  isOf,
  withAdjusted,
} from '../adjusted-fees/adjust.ts';
import type { Rounding } from '../billable-metrics/rounding.ts';
import type { StoredProperties } from '../charge-models/charge-model.ts';
import type { ChargeModelName } from '../charge-models/index.ts';
import { isChargeFeeStored, priceCharge } from '../charge-models/price-charge.ts';
import type { Span } from '../clock/instant.ts';
import { chargeFee } from '../fees/charge-fee.ts';
import type { NewFee } from '../fees/fee.ts';
import type { Currency } from '../money/currency.ts';
import { type Cents, centsToUnits } from '../money/cents.ts';
import { Decimal } from '../money/decimal.ts';
import type { SubscriptionFee } from '../subscriptions/subscription-fee.ts';
import { missingToCommitment } from '../plans/minimum-commitment.ts';
import { resolveTaxes, type Tax, type TaxLevels } from '../taxes/resolve-taxes.ts';
import type { FilterValues } from '../usage/filters.ts';
import type { Bucket } from '../usage/measure.ts';
import type { AppliedPricingUnit } from '../pricing-units/pricing-unit.ts';
import { type ComputedInvoice, type Discounts, type Line, settleLines } from './settle-lines.ts';
import { trueUpLine } from './true-up.ts';

/** A charge with its metric and what was used of it in the charges span. */
export interface UsedCharge {
  readonly id: string;
  readonly charge_model: ChargeModelName;
  readonly properties: StoredProperties;
  readonly invoice_display_name: string | null;
  readonly invoiceable: boolean;
  /** Without taxes, for a whole period; 0: none. */
  readonly min_amount_cents: Cents;
  readonly taxes: readonly Tax[];
  /** What its prices are in; null or absent: the currency. */
  readonly pricing_unit?: AppliedPricingUnit | null;
  readonly metric: {
    readonly id: string;
    readonly code: string;
    readonly name: string;
    readonly description: string | null;
    readonly rounding: Rounding;
    /** The listed values of each key. */
    readonly filters: FilterValues;
  };
  /** Each is a fee of its own. */
  readonly buckets: readonly Bucket[];
  /** Paid in advance for a period that begins, for what is there at its beginning; absent: in arrears, for the charges span. */
  readonly renewed_for?: RenewedPeriod | undefined;
}

/** Fees show its whole days. */
export interface RenewedPeriod extends Span {
  readonly timezone: string;
}

/** One subscription on an invoice. */
export interface BilledSubscription {
  readonly id: string;
  readonly plan: {
    readonly id: string;
    readonly code: string;
    readonly name: string;
    readonly description: string | null;
    readonly invoice_display_name: string | null;
    readonly pay_in_advance: boolean;
    readonly taxes: readonly Tax[];
  };
  readonly spans: { readonly subscription: Span; readonly charges: Span };
  /** Of the charges span, and of the whole period that it is cut from. */
  readonly charges_days: { readonly billed: number; readonly period: number };
  /** Absent where the invoice has no line for it. */
  readonly subscription_fee: SubscriptionFee | undefined;
  readonly charges: readonly UsedCharge[];
  /** Where this invoice has to see to it that a period reaches its minimum. */
  readonly commitment: CommitmentToReach | undefined;
  /** What people have put in place of its fees. Absent: nothing. */
  readonly adjusted_fees?: readonly AdjustedFee[];
}

export interface CommitmentToReach {
  readonly amount_cents: Cents;
  readonly invoice_display_name: string | null;
  readonly taxes: readonly Tax[];
  /** The part of the period that was lived in. */
  readonly span: Span;
  readonly days: number;
  readonly period_days: number;
  /** What other invoices billed for the period. */
  readonly billed_before_cents: Cents;
  /** In advance, the subscription fee of this invoice is for the period after. */
  readonly counts_subscription_fee: boolean;
}

export interface InvoiceFacts extends Discounts {
  readonly currency: Currency;
  readonly customer_taxes: readonly Tax[];
  readonly organization_taxes: readonly Tax[];
  readonly subscriptions: readonly BilledSubscription[];
}

/** A fee without its taxes, and without what only its storage knows. */
export type UntaxedFee = Omit<
  NewFee,
  | 'id'
  | 'customer_id'
  | 'invoice_id'
  | 'payment_status'
  | 'succeeded_at'
  | 'failed_at'
  | 'refunded_at'
  | 'created_at'
  | 'updated_at'
  | 'deleted_at'
  | 'true_up_parent_fee_id'
  | 'taxes_amount_cents'
  | 'taxes_precise_amount_cents'
  | 'taxes_rate'
>;

/**
 * The bill: what each subscription costs for its spans, then what is taken off, the taxes and the totals.
 * Credit notes and prepaid credits are used when it becomes final.
 */
export function computeInvoice(facts: InvoiceFacts): ComputedInvoice {
  const { currency, customer_taxes, organization_taxes } = facts;
  const lines = facts.subscriptions.flatMap((subscription) => {
    const levels = { plan: subscription.plan.taxes, customer: customer_taxes, organization: organization_taxes };
    const own = subscriptionLines(subscription, resolveTaxes(levels), currency);
    const linesOf = (charge: UsedCharge): Line[] =>
      chargeLines(subscription, charge, currency, resolveTaxes({ charge: charge.taxes, ...levels }));
    const used = subscription.charges.filter((charge) => !charge.renewed_for).flatMap(linesOf);
    const renewed = subscription.charges.filter((charge) => charge.renewed_for).flatMap(linesOf);
    // What is paid for the next period counts towards the minimum of that one.
    const committed = commitmentLines(subscription, own, used, levels, currency);
    return [...own, ...used, ...renewed, ...committed];
  });

  return settleLines(lines, currency, facts);
}

function subscriptionLines(subscription: BilledSubscription, taxes: readonly Tax[], currency: Currency): Line[] {
  const { subscription_fee, plan, adjusted_fees = [] } = subscription;
  if (!subscription_fee) return [];
  const adjusted = adjusted_fees.find(({ fee_type }) => fee_type === 'subscription');
  const own = { units: adjusted?.units ?? null, unit_precise_amount: adjusted?.unit_precise_amount ?? null };
  const fee = planLine(subscription, adjustSubscriptionFee(subscription_fee, own, currency), currency);
  return [{ fee: { ...fee, ...nameOf(adjusted) }, taxes, plan_id: plan.id }];
}

/** A fee for each bucket that was used, costs something or was adjusted, and what is missing to the charge's minimum. */
function chargeLines(
  subscription: BilledSubscription,
  charge: UsedCharge,
  currency: Currency,
  taxes: readonly Tax[],
): Line[] {
  const adjusted_fees = (subscription.adjusted_fees ?? []).filter(({ charge_id }) => charge_id === charge.id);
  const adjusted = new Set<Line>();
  const lines = withAdjusted(charge.buckets, adjusted_fees).map((bucket): Line => {
    const by = adjusted_fees.find((one) => isOf(one, bucket));
    const line = { fee: chargeLine(subscription, charge, bucket, by, currency), taxes, plan_id: subscription.plan.id };
    if (by) adjusted.add(line);
    return line;
  });
  const trueUp = trueUpLine(subscription.charges_days, charge, lines, currency);
  const stored = lines.filter(
    (line) =>
      line === trueUp?.tops_up ||
      adjusted.has(line) ||
      isChargeFeeStored({ ...line.fee, events_count: line.fee.events_count ?? 0 }),
  );
  return trueUp ? [...stored, trueUp] : stored;
}

function commitmentLines(
  subscription: BilledSubscription,
  own: readonly Line[],
  used: readonly Line[],
  levels: TaxLevels,
  currency: Currency,
): Line[] {
  const { commitment } = subscription;
  if (!commitment) return [];
  const counted = commitment.counts_subscription_fee ? [...own, ...used] : used;
  const used_cents = counted.reduce((total, { fee }) => total + fee.amount_cents, commitment.billed_before_cents);
  const amount_cents = missingToCommitment({ ...commitment, used_cents });
  if (amount_cents === 0) return [];
  const amount = new Decimal(amount_cents);
  const fee: UntaxedFee = {
    ...planLine(subscription, { amount, amount_cents, unit_amount: amount, units: '1', amount_details: {} }, currency),
    fee_type: 'commitment',
    invoice_display_name: commitment.invoice_display_name ?? 'Minimum commitment',
    pay_in_advance: false,
    from_at: commitment.span.from,
    to_at: commitment.span.to,
  };
  const taxes = resolveTaxes({ commitment: commitment.taxes, ...levels });
  return [{ fee, taxes, plan_id: subscription.plan.id }];
}

/** What is billed for a plan as such: its own fee, and what is missing to its minimum. */
function planLine(subscription: BilledSubscription, fee: AdjustedSubscriptionFee, currency: Currency): UntaxedFee {
  const { plan, spans } = subscription;
  return {
    ...NOTHING_SPECIAL,
    subscription_id: subscription.id,
    charge_id: null,
    fee_type: 'subscription',
    item_id: subscription.id,
    item_type: 'Subscription',
    item_code: plan.code,
    item_name: plan.name,
    item_description: plan.description,
    invoice_display_name: plan.invoice_display_name,
    amount_currency: currency,
    amount_cents: fee.amount_cents,
    precise_amount_cents: fee.amount.toDecimalPlaces(15).toFixed(),
    precise_unit_amount: centsToUnits(fee.unit_amount, currency).toDecimalPlaces(15).toFixed(),
    units: fee.units,
    total_aggregated_units: fee.units,
    events_count: null,
    amount_details: fee.amount_details,
    pay_in_advance: plan.pay_in_advance,
    invoiceable: true,
    from_at: spans.subscription.from,
    to_at: spans.subscription.to,
  };
}

function chargeLine(
  subscription: BilledSubscription,
  charge: UsedCharge,
  { filter, grouped_by, usage, presentation }: Bucket,
  adjusted: AdjustedFee | undefined,
  currency: Currency,
): UntaxedFee {
  const { metric, charge_model, pricing_unit } = charge;
  const priced = { charge_model, properties: filter?.properties ?? charge.properties, currency, pricing_unit };
  const numbers = adjusted && adjustedNumbers(adjusted, priced);
  const fee = chargeFee({
    subscription_id: subscription.id,
    charge,
    filter,
    grouped_by,
    numbers: numbers ?? priceCharge({ ...usage, ...priced, rounding: metric.rounding }),
    // Of units that nobody has used, nobody knows which.
    presentation: numbers ? undefined : presentation,
    currency,
    span: charge.renewed_for ?? subscription.spans.charges,
    pay_in_advance: false,
    dates_timezone: charge.renewed_for?.timezone ?? null,
    event_transaction_id: null,
  });
  return { ...fee, ...nameOf(adjusted) };
}

function nameOf(adjusted: AdjustedFee | undefined): Partial<Pick<UntaxedFee, 'invoice_display_name'>> {
  return adjusted?.invoice_display_name ? { invoice_display_name: adjusted.invoice_display_name } : {};
}

const NOTHING_SPECIAL = {
  grouped_by: {},
  charge_filter_id: null,
  item_filters: null,
  filter_invoice_display_name: null,
  precise_coupons_amount_cents: '0',
  description: null,
  event_transaction_id: null,
  dates_timezone: null,
} as const;
