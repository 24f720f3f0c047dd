import { addDays, localDate } from '../clock/calendar.ts';
import { type Instant, type LocalDate, latest } from '../clock/instant.ts';
import type { Invoice } from './invoice.ts';

/** Whether a periodic invoice is dated with the first day of the period that begins, or with the last of the one that has ended. */
export const issuingDateAnchors = ['next_period_start', 'current_period_end'] as const;
export type IssuingDateAnchor = (typeof issuingDateAnchors)[number];

/** Whether it moves to the day on which the invoice becomes final. */
export const issuingDateAdjustments = ['align_with_finalization_date', 'keep_anchor'] as const;
export type IssuingDateAdjustment = (typeof issuingDateAdjustments)[number];

export interface PaymentTerms {
  /** Days. */
  readonly invoice_grace_period: number;
  /** Days. */
  readonly net_payment_term: number;
  readonly issuing_date_anchor: IssuingDateAnchor;
  readonly issuing_date_adjustment: IssuingDateAdjustment;
}

export type InvoiceDates = Pick<
  Invoice,
  'issuing_date' | 'payment_due_date' | 'net_payment_term' | 'expected_finalization_date'
>;

type Dated = Pick<Invoice, 'billing_at' | 'timezone' | 'occasion'>;

/** A draft becomes final so many days after it was made, but not before today, and shows the dates of that day unless its terms keep it from it. */
export function draftDates(invoice: Dated, terms: PaymentTerms, at: Instant): InvoiceDates {
  const { timezone } = invoice;
  const billing_day = localDate(invoice.billing_at, timezone);
  const final_day = latest(addDays(billing_day, terms.invoice_grace_period), localDate(at, timezone));
  const issuing_date = anchoredDate(invoice, terms, final_day === billing_day) ?? final_day;
  return { ...dueAfter(issuing_date, terms), expected_finalization_date: final_day };
}

/** Of an invoice that becomes final. */
export function finalDates(
  invoice: Dated & Pick<Invoice, 'net_payment_term'>,
  terms: PaymentTerms,
  at: Instant,
): Omit<InvoiceDates, 'expected_finalization_date'> {
  const issuing_date = anchoredDate(invoice, terms, at === invoice.billing_at) ?? localDate(at, invoice.timezone);
  return dueAfter(issuing_date, invoice);
}

/** Whether a draft has the dates of these terms already. One that is behind keeps its own: it is final as of that day, however late. */
export function isDatedBy(draft: Dated & InvoiceDates, terms: PaymentTerms): boolean {
  const dates = draftDates(draft, terms, draft.billing_at);
  return (
    draft.expected_finalization_date === dates.expected_finalization_date &&
    draft.issuing_date === dates.issuing_date &&
    draft.net_payment_term === dates.net_payment_term
  );
}

const DATING = [
  'invoice_grace_period',
  'net_payment_term',
  'subscription_invoice_issuing_date_anchor',
  'subscription_invoice_issuing_date_adjustment',
] as const;

export type DatingSettings = Readonly<Record<(typeof DATING)[number], unknown>>;

/** Whether drafts are dated otherwise after a change to the settings of an organization or of a customer. */
export function isRedated(before: DatingSettings, after: DatingSettings): boolean {
  return DATING.some((setting) => before[setting] !== after[setting]);
}

/** The date that an invoice of a period has whenever it becomes final; undefined: that of the day on which it does. */
function anchoredDate(
  invoice: Dated,
  { issuing_date_anchor, issuing_date_adjustment }: PaymentTerms,
  isFinalAtOnce: boolean,
): LocalDate | undefined {
  // With days of grace, an invoice that follows its finalization is issued in the next period anyway.
  const isKept = isFinalAtOnce || issuing_date_adjustment === 'keep_anchor';
  if (!isPeriodic(invoice) || !isKept) return undefined;
  return addDays(
    localDate(invoice.billing_at, invoice.timezone),
    issuing_date_anchor === 'current_period_end' ? -1 : 0,
  );
}

function isPeriodic({ occasion }: Pick<Invoice, 'occasion'>): boolean {
  return occasion.split('/')[0] === 'periodic';
}

function dueAfter(
  issuing_date: LocalDate,
  { net_payment_term }: Pick<Invoice, 'net_payment_term'>,
): Omit<InvoiceDates, 'expected_finalization_date'> {
  return { issuing_date, payment_due_date: addDays(issuing_date, net_payment_term), net_payment_term };
}
