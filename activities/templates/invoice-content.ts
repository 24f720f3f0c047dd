import type { Instant, LocalDate, Span } from '../../billing/clock/instant.ts';
import type { FeeType } from '../../billing/fees/fee.ts';
import type { InvoiceType } from '../../billing/invoices/invoice.ts';
import type { Cents } from '../../billing/money/cents.ts';
import type { Currency } from '../../billing/money/currency.ts';
import { Decimal } from '../../billing/money/decimal.ts';

export interface Address {
  readonly address_line1?: string | null;
  readonly address_line2?: string | null;
  readonly city?: string | null;
  readonly state?: string | null;
  readonly zipcode?: string | null;
  readonly country?: string | null;
}

export interface Party extends Address {
  readonly name: string | null;
  readonly legal_name: string | null;
  readonly legal_number: string | null;
  readonly tax_identification_number: string | null;
  readonly email: string | null;
}

export interface Buyer extends Party {
  readonly firstname: string | null;
  readonly lastname: string | null;
  readonly shipping_address: Address;
  /** What the customer wants to read on its invoices: an order number, a cost centre. */
  readonly metadata: readonly { readonly key: string; readonly value: string }[];
}

export interface InvoiceLine {
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
  readonly from_at: Instant | null;
  readonly to_at: Instant | null;
}

/** Everything that an invoice says, before it has a language or a form. */
export interface InvoiceContent {
  readonly locale: string;
  readonly timezone: string;
  readonly currency: Currency;
  readonly invoice_type: InvoiceType;
  readonly number: string;
  readonly issuing_date: LocalDate;
  readonly payment_due_date: LocalDate;
  readonly net_payment_term: number;
  readonly seller: Party;
  readonly buyer: Buyer;
  readonly footer: string | null;
  readonly subscriptions: readonly { readonly id: string; readonly name: string }[];
  readonly lines: readonly InvoiceLine[];
  readonly taxes: readonly {
    readonly tax_name: string;
    readonly tax_rate: string;
    readonly amount_cents: Cents;
    readonly fees_amount_cents: Cents;
  }[];
  readonly progressive_billing_credit_amount_cents: Cents;
  /** In the order in which they were used. */
  readonly coupons: readonly { readonly name: string; readonly amount_cents: Cents }[];
  readonly sub_total_excluding_taxes_amount_cents: Cents;
  readonly sub_total_including_taxes_amount_cents: Cents;
  readonly credit_notes_amount_cents: Cents;
  readonly prepaid_credit_amount_cents: Cents;
  readonly total_amount_cents: Cents;
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
  return [...named, { id: null, name: null }]
    .map(({ id, name }) =>
      toSection(
        name,
        lines.filter((line) => line.subscription_id === id),
      ),
    )
    .filter((section) => section.periods.length > 0);
}

function toSection(name: string | null, all: readonly InvoiceLine[]): Section {
  const lines = all.filter((line) => isShown(line, all)).sort(byKindAndName);
  const periods: { period: Span | null; lines: InvoiceLine[] }[] = [];
  for (const line of lines) {
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
