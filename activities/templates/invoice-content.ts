import type { Instant, LocalDate, Span } from '../../billing/clock/instant.ts';
import type { FeeType } from '../../billing/fees/fee.ts';
import type { InvoiceType } from '../../billing/invoices/invoice.ts';
import type { Cents } from '../../billing/money/cents.ts';
import { Decimal } from '../../billing/money/decimal.ts';
import type { DocumentContent } from './document-content.ts';

export interface InvoiceLine {
  readonly id: string;
  /** Of what tops a line up to its minimum: that line. */
  readonly true_up_parent_fee_id: string | null;
  readonly fee_type: FeeType;
  readonly subscription_id: string | null;
  readonly name: string;
  /** Values of the groups that it is for. */
  readonly groups: readonly string[];
  readonly description: string | null;
  readonly units: string;
  readonly precise_unit_amount: string;
  readonly amount_cents: Cents;
  readonly taxes_rate: string;
  readonly amount_details: Readonly<Record<string, unknown>>;
  /** Of a prorated charge: how long what it counted was there. */
  readonly days_used?: DaysOfLine | undefined;
  readonly from_at: Instant | null;
  readonly to_at: Instant | null;
}

/** Everything that an invoice says. */
export interface InvoiceContent extends DocumentContent {
  readonly invoice_type: InvoiceType;
  readonly payment_due_date: LocalDate;
  readonly net_payment_term: number;
  readonly subscriptions: readonly NamedSubscription[];
  readonly lines: readonly InvoiceLine[];
  /** What made a bill come before the end of the period. */
  readonly threshold: ReachedThreshold | null;
  readonly progressive_billing_credit_amount_cents: Cents;
  /** In the order in which they were used. */
  readonly coupons: readonly { readonly name: string; readonly amount_cents: Cents }[];
  readonly sub_total_excluding_taxes_amount_cents: Cents;
  readonly sub_total_including_taxes_amount_cents: Cents;
  readonly credit_notes_amount_cents: Cents;
  readonly prepaid_credit_amount_cents: Cents;
  readonly total_amount_cents: Cents;
}

export interface DaysOfLine {
  readonly period_days: number;
  readonly parts: readonly { readonly units: string; readonly days: number }[];
}

export interface NamedSubscription {
  readonly id: string;
  readonly name: string;
}

export interface ReachedThreshold {
  readonly usage_amount_cents: Cents;
  readonly threshold_amount_cents: Cents;
}

/** Lines for the same time. */
export interface PeriodLines {
  readonly period: Span | null;
  readonly lines: readonly InvoiceLine[];
}

/** A subscription's part of the invoice; without a name, what belongs to none. */
export interface Section {
  readonly name: string | null;
  readonly period: Span | null;
  readonly amount_cents: Cents;
  readonly periods: readonly PeriodLines[];
}

const ORDER: readonly FeeType[] = ['subscription', 'add_on', 'credit', 'charge', 'commitment'];

/** Subscriptions by name, each with what it costs first and its usage after it; what belongs to none comes last. */
export function arrangeSections({ subscriptions, lines }: Pick<InvoiceContent, 'subscriptions' | 'lines'>): Section[] {
  const named = [...subscriptions].sort((a, b) => compareText(a.name, b.name) || compareText(a.id, b.id));
  const ids = named.map(({ id }) => id);
  const others = lines.filter(({ subscription_id: id }) => id === null || !ids.includes(id));
  return [
    ...named.map(({ id, name }) =>
      toSection(
        name,
        lines.filter((line) => line.subscription_id === id),
      ),
    ),
    toSection(null, others),
  ].filter((section) => section.periods.length > 0);
}

function toSection(name: string | null, all: readonly InvoiceLine[]): Section {
  const lines = arrangeLines(all).filter((line) => isShown(line, all));
  const periods: { period: Span | null; lines: InvoiceLine[] }[] = [];
  // Below a heading everything is of its period: what has none comes before the first.
  for (const line of [...lines.filter((one) => !periodOf(one)), ...lines.filter(periodOf)]) {
    const period = periodOf(line);
    const known = periods.find((one) => one.period?.from === period?.from && one.period?.to === period?.to);
    if (known) known.lines.push(line);
    else periods.push({ period, lines: [line] });
  }
  const amount_cents = all.reduce((total, line) => total + line.amount_cents, 0);
  return { name, period: wholePeriod(lines), amount_cents, periods };
}

/**
 * Usage without units is no news, and neither is a subscription for nothing beside usage that costs something. Whatever is
 * part of the total is shown: a tier's flat fee is due without any units.
 */
function isShown(line: InvoiceLine, all: readonly InvoiceLine[]): boolean {
  if (line.amount_cents !== 0) return true;
  if (line.fee_type === 'charge') return !new Decimal(line.units).isZero();
  const hasUsageToPay = all.some((other) => other.fee_type === 'charge' && other.amount_cents > 0);
  return !(line.fee_type === 'subscription' && hasUsageToPay);
}

export function nameOf(line: InvoiceLine): string {
  return [line.name, ...line.groups].join(' • ');
}

/** By kind and name, and what tops a line up below it. */
export function arrangeLines(lines: readonly InvoiceLine[]): InvoiceLine[] {
  const ids = new Set(lines.map(({ id }) => id));
  const isBelow = ({ true_up_parent_fee_id: parent }: InvoiceLine): boolean => parent !== null && ids.has(parent);
  const below = Map.groupBy(lines.filter(isBelow), (line) => line.true_up_parent_fee_id);
  return lines
    .filter((line) => !isBelow(line))
    .sort(byKindAndName)
    .flatMap((line) => [line, ...(below.get(line.id) ?? [])]);
}

function byKindAndName(a: InvoiceLine, b: InvoiceLine): number {
  return (
    ORDER.indexOf(a.fee_type) - ORDER.indexOf(b.fee_type) ||
    compareText(nameOf(a).toLowerCase(), nameOf(b).toLowerCase())
  );
}

/** By code points, not by a language: the order of a document does not depend on the machine that made it. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function periodOf({ from_at, to_at }: InvoiceLine): Span | null {
  return from_at !== null && to_at !== null ? { from: from_at, to: to_at } : null;
}

/** From the first day that a line is for to the last. */
export function wholePeriod(lines: readonly InvoiceLine[]): Span | null {
  const spans = lines.map(periodOf).filter((span) => span !== null);
  if (spans.length === 0) return null;
  const from = spans.map((span) => span.from).sort()[0]!;
  const to = spans
    .map((span) => span.to)
    .sort()
    .at(-1)!;
  return { from, to };
}
