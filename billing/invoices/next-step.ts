import { assert } from '../assert.ts';
import { addDays, startOfDay } from '../clock/calendar.ts';
import { type Instant, latest } from '../clock/instant.ts';
import type { Invoice } from './invoice.ts';

export const invoiceStepKinds = ['refresh', 'finalize', 'render_document', 'mark_overdue', 'over'] as const;
export type InvoiceStepKind = (typeof invoiceStepKinds)[number];

export type InvoiceNextStep =
  | { readonly kind: Exclude<InvoiceStepKind, 'over'>; readonly due_at: Instant }
  | { readonly kind: 'over'; readonly due_at: null };

type Facts = Pick<
  Invoice,
  | 'status'
  | 'timezone'
  | 'expected_finalization_date'
  | 'stale_at'
  | 'finalized_at'
  | 'payment_status'
  | 'payment_due_date'
  | 'payment_overdue'
  | 'payment_dispute_lost_at'
>;

export interface Printing {
  /** Since when a document is missing: its own, or one of its credit notes. */
  readonly unprinted_since: Instant | null;
}

/** What happens to an invoice next by itself: a draft is computed anew or becomes final, a final one is printed and then waits to be paid. */
export function nextInvoiceStep(invoice: Facts, { unprinted_since }: Printing): InvoiceNextStep {
  const { status, stale_at, finalized_at } = invoice;
  if (status === 'draft') {
    const final_at = startOfDay(invoice.expected_finalization_date, invoice.timezone);
    // What becomes final is computed anew anyway.
    if (stale_at !== null && stale_at < final_at) return { kind: 'refresh', due_at: stale_at };
    return { kind: 'finalize', due_at: final_at };
  }
  if (status !== 'finalized' && status !== 'voided') return { kind: 'over', due_at: null };
  if (unprinted_since !== null) return { kind: 'render_document', due_at: unprinted_since };
  if (status === 'voided') return { kind: 'over', due_at: null };
  assert(finalized_at, 'invoice: a finalized one knows when');
  return isWaitedFor(invoice)
    ? { kind: 'mark_overdue', due_at: latest(overdueFrom(invoice), finalized_at) }
    : { kind: 'over', due_at: null };
}

/** Whether the invoice should be paid, and nobody was told that it was not. */
function isWaitedFor({ payment_status, payment_overdue, payment_dispute_lost_at }: Facts): boolean {
  return payment_status !== 'succeeded' && !payment_overdue && payment_dispute_lost_at === null;
}

/** The day after it was due, everywhere by the same clock. Source: spec "Net payment term, overdue, disputes". */
function overdueFrom({ payment_due_date }: Facts): Instant {
  return startOfDay(addDays(payment_due_date, 1), 'UTC');
}
