import { addDays, localDate } from '../clock/calendar.ts';
import { type Instant, type LocalDate, latest } from '../clock/instant.ts';
import type { Invoice } from './invoice.ts';

export interface PaymentTerms {
  /** Days. */
  readonly invoice_grace_period: number;
  /** Days. */
  readonly net_payment_term: number;
}

export interface DraftDates {
  readonly issuing_date: LocalDate;
  readonly payment_due_date: LocalDate;
  readonly net_payment_term: number;
}

/** A draft shows the dates of the day on which it will be final: so many days after it was made, but not before today. */
export function draftDates(
  { billing_at, timezone }: Pick<Invoice, 'billing_at' | 'timezone'>,
  { invoice_grace_period, net_payment_term }: PaymentTerms,
  at: Instant,
): DraftDates {
  const issuing_date = latest(addDays(localDate(billing_at, timezone), invoice_grace_period), localDate(at, timezone));
  return { issuing_date, payment_due_date: addDays(issuing_date, net_payment_term), net_payment_term };
}

/** Whether a draft has the dates of these terms already. One that is overdue keeps its own: it is final as of that day, however late. */
export function isDatedBy(
  draft: Pick<Invoice, 'billing_at' | 'timezone' | keyof DraftDates>,
  terms: PaymentTerms,
): boolean {
  const { issuing_date, net_payment_term } = draftDates(draft, terms, draft.billing_at);
  return draft.issuing_date === issuing_date && draft.net_payment_term === net_payment_term;
}
