import type { Instant } from '../../billing/clock/instant.ts';
import { type InvoiceNextStep, type InvoiceStepKind, nextInvoiceStep } from '../../billing/invoices/next-step.ts';
import { enter, isEntered, strike } from '../../db/agenda.ts';
import { unprintedSince } from '../../db/documents.ts';
import { type InvoiceRow, findInvoice } from '../../db/invoices.ts';
import { begin, ring } from '../../db/outbox.ts';
import type { Transaction } from '../../db/transaction.ts';
import { NO_ATTRIBUTES, type Step, toMinute } from '../shared/step.ts';
import { redateDraft } from './redate-draft.ts';

/** Works out what happens to the invoice next and writes it into the agenda. `planned_at` is the organization's time. */
export async function planInvoice(
  trx: Transaction,
  invoice_id: string,
  planned_at: Instant,
): Promise<Step<InvoiceStepKind>> {
  const { organization_id } = trx;
  const invoice = await findInvoice(trx, invoice_id);
  const next = await readNextStep(trx, invoice, planned_at);
  if (next.kind === 'over') await strike(trx, `invoice/${invoice_id}`);
  else await enter(trx, { workflow_id: `invoice/${invoice_id}`, step: next.kind, due_at: next.due_at });
  return {
    ...next,
    planned_at,
    summary: summarize(next),
    attributes: { organization_id, ...NO_ATTRIBUTES, customer_id: invoice?.customer_id ?? null },
  };
}

/** What happens to the invoice next, as its rows say now. */
export async function readNextStep(
  trx: Transaction,
  found: InvoiceRow | undefined,
  at: Instant,
): Promise<InvoiceNextStep> {
  if (!found) return { kind: 'over', due_at: null };
  const invoice = found.status === 'draft' ? await redateDraft(trx, found, at) : found;
  return nextInvoiceStep(invoice, { unprinted_since: await unprintedSince(trx, found) });
}

/** Plans anew after a change: begins the workflow where there is something to do, or rings it where it waits. */
export async function replanInvoice(trx: Transaction, invoice_id: string, at: Instant): Promise<void> {
  const wasWaiting = await isEntered(trx, `invoice/${invoice_id}`);
  const step = await planInvoice(trx, invoice_id, at);
  if (wasWaiting) await ring(trx, `invoice/${invoice_id}`);
  else if (step.kind !== 'over') await begin(trx, `invoice/${invoice_id}`, step);
}

function summarize({ kind, due_at }: InvoiceNextStep): string {
  switch (kind) {
    case 'refresh':
      return 'computes the draft anew';
    case 'finalize':
      return `waits for the end of the grace period ${toMinute(due_at)}`;
    case 'render_document':
      return 'renders the document';
    case 'mark_overdue':
      return `waits to be paid until ${toMinute(due_at)}`;
    case 'over':
      return 'nothing left to do';
  }
}
