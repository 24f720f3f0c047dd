import { addDays, daysBetween, localDate } from '../clock/calendar.ts';
import { type Instant, type LocalDate, latest, toMilliseconds } from '../clock/instant.ts';
import { type Cents, roundToCents } from '../money/cents.ts';
import { Decimal, sum } from '../money/decimal.ts';
import { TIME_ZONES_APART_MS } from '../subscriptions/billing-spans.ts';
import type { Period } from '../subscriptions/periods.ts';
import type { TerminationCreditNote } from '../subscriptions/subscription.ts';
import { type ComputedItems, couponPart, type CreditableFee, DECIMALS } from './compute-items.ts';
import { NO_PARTS, type Parts } from './credit-note.ts';

/** The end of a subscription whose running period has been billed in advance. */
export interface EarlyEnd {
  readonly period: Period;
  readonly timezone: string;
  readonly at: Instant;
  /** Of `trialEnd`. */
  readonly trial_end: Instant | null;
  /** The day of an upgrade belongs to the new plan, that of a termination counts as used. */
  readonly occasion: 'termination' | 'upgrade';
}

export interface BilledFee extends CreditableFee {
  /** The plan's price for a whole period, as it was billed. */
  readonly plan_amount_cents: Cents;
  readonly from_at: Instant;
  readonly to_at: Instant;
}

/** Whether a fee is for the running period: it reaches its end, seen from whatever time zone it was billed in. */
export function isForPeriod({ from_at, to_at }: Pick<BilledFee, 'from_at' | 'to_at'>, period: Period): boolean {
  return from_at < period.to && toMilliseconds(period.to) - toMilliseconds(to_at) < TIME_ZONES_APART_MS;
}

/** Local days that were paid for and are not lived in. */
export function unusedDays({ period, timezone, at, trial_end, occasion }: EarlyEnd): number {
  const ended_on = localDate(at, timezone);
  const trial_ended_on = trial_end && localDate(trial_end, timezone);
  // Paid days began when the trial ended: on that day none has been used.
  const first: LocalDate =
    trial_ended_on !== null && trial_ended_on >= ended_on
      ? trial_ended_on
      : addDays(ended_on, occasion === 'upgrade' ? 0 : 1);
  return Math.max(daysBetween(first, period.to_date), 0);
}

/** What is given back for the unused days, before coupons and taxes. Zero or less: nothing. */
export function unusedAmount(end: EarlyEnd, fee: BilledFee): Decimal {
  const unused = priceOf(unusedDays(end), end, fee);
  return Decimal.min(unused, fee.amount_cents).minus(fee.credited_cents).toDecimalPlaces(DECIMALS, Decimal.ROUND_DOWN);
}

/** Divided last: 999 × 15 / 30 is 499.5 exactly, and rounds up. */
function priceOf(days: number, { period }: EarlyEnd, { plan_amount_cents }: BilledFee): Decimal {
  return new Decimal(plan_amount_cents).times(days).div(period.days);
}

/** What was paid, and for what. */
export interface PaidInvoice {
  readonly total_paid_amount_cents: Cents;
  readonly sub_total_including_taxes_amount_cents: Cents;
  /** What is still owed on it. */
  readonly due_cents: Cents;
  readonly refundable_cents: Cents;
}

/** Where the money goes: what was paid beyond the used days can be paid back, the rest is credited or taken off what is owed. */
export function splitUnused(
  option: Exclude<TerminationCreditNote, 'skip'>,
  { expected_total_cents: total }: Pick<ComputedItems, 'expected_total_cents'>,
  end: EarlyEnd,
  fee: BilledFee,
  invoice: PaidInvoice,
): Parts {
  if (option === 'credit' || end.occasion === 'upgrade') return { ...NO_PARTS, credit_amount_cents: total };
  const overpaid = roundToCents(paidShare(fee, invoice).minus(usedValue(end, fee)));
  const refund_amount_cents = Math.min(Math.max(overpaid, 0), total, invoice.refundable_cents);
  const rest = total - refund_amount_cents;
  const offset_amount_cents = option === 'offset' ? Math.min(rest, invoice.due_cents) : 0;
  return { refund_amount_cents, offset_amount_cents, credit_amount_cents: rest - offset_amount_cents };
}

/** Of a payment that was for the whole invoice, the part for this fee. */
function paidShare(fee: BilledFee, invoice: PaidInvoice): Decimal {
  const { total_paid_amount_cents, sub_total_including_taxes_amount_cents } = invoice;
  if (sub_total_including_taxes_amount_cents === 0) return new Decimal(0);
  return valueOf(new Decimal(fee.amount_cents), fee)
    .times(total_paid_amount_cents)
    .div(sub_total_including_taxes_amount_cents);
}

function usedValue(end: EarlyEnd, fee: BilledFee): Cents {
  const { period, timezone, trial_end } = end;
  const first = localDate(latest(fee.from_at, trial_end ?? fee.from_at), timezone);
  const used = Math.max(daysBetween(first, period.to_date) - unusedDays(end), 0);
  return roundToCents(valueOf(priceOf(used, end, fee), fee));
}

/** After its share of coupons, with taxes. */
function valueOf(amount: Decimal, fee: BilledFee): Decimal {
  const base = amount.minus(couponPart(fee, amount));
  const rates = sum(fee.taxes.map(({ tax_rate }) => tax_rate));
  return base.plus(base.times(rates).div(100));
}
