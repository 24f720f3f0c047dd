import { startOfDay } from '../clock/calendar.ts';
import type { Instant } from '../clock/instant.ts';
import { assert } from '../assert.ts';
import type { Invoice } from './invoice.ts';

export const invoiceStepKinds = ['finalize', 'render_document', 'over'] as const;
export type InvoiceStepKind = (typeof invoiceStepKinds)[number];

export type InvoiceNextStep =
  | { readonly kind: 'finalize' | 'render_document'; readonly due_at: Instant }
  | { readonly kind: 'over'; readonly due_at: null };

/** What happens to an invoice next by itself: the end of its grace period, then its document. */
export function nextInvoiceStep(
  invoice: Pick<Invoice, 'status' | 'issuing_date' | 'timezone' | 'finalized_at'>,
  { has_document }: { readonly has_document: boolean },
): InvoiceNextStep {
  if (invoice.status === 'draft')
    return { kind: 'finalize', due_at: startOfDay(invoice.issuing_date, invoice.timezone) };
  if (invoice.status === 'finalized' && !has_document) {
    assert(invoice.finalized_at, 'invoice: a finalized one knows when');
    return { kind: 'render_document', due_at: invoice.finalized_at };
  }
  return { kind: 'over', due_at: null };
}
