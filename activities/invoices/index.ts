import type { Instant } from '../../billing/clock/instant.ts';
import type { InvoiceStepKind } from '../../billing/invoices/next-step.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import { lockInvoice } from '../../db/invoices.ts';
import { hear } from '../../db/outbox.ts';
import { inOrganization, lock } from '../../db/transaction.ts';
import type { Deps } from '../shared/deps.ts';
import { readNow } from '../shared/now.ts';
import type { Step } from '../shared/step.ts';
import { fillInvoice } from './fill-invoice.ts';
import { finalizeInvoice } from './finalize-invoice.ts';
import { planInvoice } from './plan-invoice.ts';

export type { InvoiceStepKind };

export interface InvoiceCall {
  readonly organization_id: string;
  readonly invoice_id: string;
}

export type InvoiceActivities = ReturnType<typeof createInvoiceActivities>;

export function createInvoiceActivities({ db }: Deps) {
  return {
    /** Reads the facts and names the next step. `at` is absent in a sandbox. */
    planInvoice({
      organization_id,
      invoice_id,
      at,
    }: InvoiceCall & { readonly at: Instant | undefined }): Promise<Step<InvoiceStepKind>> {
      return inOrganization(db, organization_id, async (trx) => {
        await hear(trx, `invoice/${invoice_id}`);
        return planInvoice(trx, invoice_id, (await readNow(trx, at)) ?? '');
      });
    },

    /** The grace period is over: computes the draft anew from the facts of now, and makes it final. */
    finalize({
      organization_id,
      invoice_id,
      at,
    }: InvoiceCall & { readonly at: Instant }): Promise<Step<InvoiceStepKind>> {
      return inOrganization(db, organization_id, async (trx) => {
        await hear(trx, `invoice/${invoice_id}`);
        const found = await lockInvoice(trx, invoice_id);
        if (found?.status === 'draft') {
          await lock(trx, `billing/${found.customer_id}`);
          const filled = await fillInvoice(trx, found, at, { isFinal: true });
          await finalizeInvoice(trx, filled, await readBillingSettings(trx, found.customer_id), at);
        }
        return planInvoice(trx, invoice_id, (await readNow(trx, undefined)) ?? at);
      });
    },
  };
}
