import type { Instant } from '../../billing/clock/instant.ts';
import type { InvoiceStepKind } from '../../billing/invoices/next-step.ts';
import { type InvoiceRow, lockInvoiceWithBilling } from '../../db/invoices.ts';
import { hear } from '../../db/outbox.ts';
import { inOrganization, type Transaction } from '../../db/transaction.ts';
import type { Deps } from '../shared/deps.ts';
import { readNow } from '../shared/now.ts';
import type { Step } from '../shared/step.ts';
import { finalizeDraft } from './finalize-draft.ts';
import { markOverdue } from './mark-overdue.ts';
import { planInvoice, readNextStep } from './plan-invoice.ts';
import { refreshDraft } from './refresh-draft.ts';

export type { InvoiceStepKind };

export interface InvoiceCall {
  readonly organization_id: string;
  readonly invoice_id: string;
}

type InvoiceStep = Step<InvoiceStepKind>;
type Act = (trx: Transaction, invoice: InvoiceRow, at: Instant) => Promise<void>;

export type InvoiceActivities = ReturnType<typeof createInvoiceActivities>;

export function createInvoiceActivities({ db, settings }: Deps) {
  /** Takes a step if it still is the next one: a request, or another run, may have taken it or made it needless. */
  const taking =
    (kind: InvoiceStepKind, act: Act) =>
    ({ organization_id, invoice_id, at }: InvoiceCall & { readonly at: Instant }): Promise<InvoiceStep> =>
      inOrganization(db, organization_id, async (trx) => {
        const invoice = await lockInvoiceWithBilling(trx, invoice_id);
        await hear(trx, `invoice/${invoice_id}`);
        const next = await readNextStep(trx, invoice, at);
        const isDue = next.kind === kind && next.due_at !== null && next.due_at <= at;
        if (invoice && isDue) await act(trx, invoice, at);
        return planInvoice(trx, invoice_id, (await readNow(trx, undefined)) ?? at);
      });

  return {
    /** Reads the facts and names the next step. `at` is absent in a sandbox. */
    planInvoice({
      organization_id,
      invoice_id,
      at,
    }: InvoiceCall & { readonly at: Instant | undefined }): Promise<InvoiceStep> {
      return inOrganization(db, organization_id, async (trx) => {
        await hear(trx, `invoice/${invoice_id}`);
        return planInvoice(trx, invoice_id, (await readNow(trx, at)) ?? '');
      });
    },
    refresh: taking('refresh', refreshDraft),
    /** The grace period is over. */
    finalize: taking('finalize', finalizeDraft),
    markOverdue: taking('mark_overdue', (trx, invoice, at) => markOverdue(trx, invoice, settings, at)),
  };
}
