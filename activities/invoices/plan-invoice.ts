import type { Instant } from '../../billing/clock/instant.ts';
import { draftDates, isDatedBy } from '../../billing/invoices/draft-dates.ts';
import { type InvoiceNextStep, type InvoiceStepKind, nextInvoiceStep } from '../../billing/invoices/next-step.ts';
import { enter, strike } from '../../db/agenda.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import { hasDocument } from '../../db/documents.ts';
import { type InvoiceRow, findInvoice, updateInvoice } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { NO_ATTRIBUTES, type Step, toMinute } from '../shared/step.ts';

/** Works out what happens to the invoice next and writes it into the agenda. `planned_at` is the organization's time. */
export async function planInvoice(
  trx: Transaction,
  invoice_id: string,
  planned_at: Instant,
): Promise<Step<InvoiceStepKind>> {
  const { organization_id } = trx;
  const found = await findInvoice(trx, invoice_id);
  const invoice = found?.status === 'draft' ? await redateDraft(trx, found, planned_at) : found;
  const next: InvoiceNextStep = invoice
    ? nextInvoiceStep(invoice, { has_document: await hasDocument(trx, invoice_id) })
    : { kind: 'over', due_at: null };
  if (next.kind === 'over') await strike(trx, `invoice/${invoice_id}`);
  else await enter(trx, { workflow_id: `invoice/${invoice_id}`, step: next.kind, due_at: next.due_at });
  return {
    ...next,
    planned_at,
    summary: summarize(next),
    attributes: { organization_id, ...NO_ATTRIBUTES, customer_id: invoice?.customer_id ?? null },
  };
}

/** The terms of its customer may have changed since. */
async function redateDraft(trx: Transaction, draft: InvoiceRow, at: Instant): Promise<InvoiceRow> {
  const settings = await readBillingSettings(trx, draft.customer_id);
  if (isDatedBy(draft, settings)) return draft;
  return updateInvoice(trx, draft.id, { ...draftDates(draft, settings, at), updated_at: at });
}

function summarize({ kind, due_at }: InvoiceNextStep): string {
  switch (kind) {
    case 'finalize':
      return `waits for the end of the grace period ${toMinute(due_at)}`;
    case 'render_document':
      return 'renders the document';
    case 'over':
      return 'nothing left to do';
  }
}
