import type { Instant } from '../../billing/clock/instant.ts';
import { assert } from '../../billing/assert.ts';
import type { InvoiceStepKind } from '../../billing/invoices/next-step.ts';
import { announceInvoice } from '../../db/announcements.ts';
import { findReachedThreshold, hasDocument, insertDocument } from '../../db/documents.ts';
import { findInvoice, loadInvoices } from '../../db/invoices.ts';
import { findOrganization } from '../../db/organizations.ts';
import { hear } from '../../db/outbox.ts';
import { loadPlans } from '../../db/plans.ts';
import { type Transaction, inOrganization } from '../../db/transaction.ts';
import { planInvoice } from '../invoices/plan-invoice.ts';
import type { Deps } from '../shared/deps.ts';
import { readNow } from '../shared/now.ts';
import type { Step } from '../shared/step.ts';
import type { InvoiceContent } from '../templates/invoice-content.ts';
import { invoiceHtml } from '../templates/invoice.html.ts';
import type { Browser } from './browser.ts';
import { describeInvoice } from './describe-invoice.ts';

export interface RenderInvoice {
  readonly organization_id: string;
  readonly invoice_id: string;
  /** The organization's time, which the document and its announcement are dated with. */
  readonly at: Instant;
}

export type DocumentActivities = ReturnType<typeof createDocumentActivities>;

export function createDocumentActivities({
  db,
  settings,
  browser,
}: Deps & { readonly browser: Pick<Browser, 'print'> }) {
  return {
    /**
     * Makes a final invoice's PDF and tells that it is there. Printing takes a while, so no transaction is open meanwhile:
     * of two that print at once, the first to be done counts.
     */
    async renderInvoice({ organization_id, invoice_id, at }: RenderInvoice): Promise<Step<InvoiceStepKind>> {
      const facts = await inOrganization(db, organization_id, (trx) => readFacts(trx, invoice_id));
      const content = facts && Buffer.from(await browser.print(invoiceHtml(facts)));
      return inOrganization(db, organization_id, async (trx) => {
        await hear(trx, `invoice/${invoice_id}`);
        if (content) {
          const document = { invoice_id, filename: `${facts.number}.pdf`, content_type: 'application/pdf', content };
          const isNew = await insertDocument(trx, document, at);
          if (isNew) await announceInvoice(trx, invoice_id, 'invoice.generated', at, settings);
        }
        return planInvoice(trx, invoice_id, (await readNow(trx, undefined)) ?? at);
      });
    },
  };
}

/** Undefined when there is nothing to print, or nothing any more. */
async function readFacts(trx: Transaction, invoice_id: string): Promise<InvoiceContent | undefined> {
  if ((await findInvoice(trx, invoice_id))?.status !== 'finalized') return undefined;
  if (await hasDocument(trx, invoice_id)) return undefined;
  const [invoice] = await loadInvoices(trx, [invoice_id]);
  assert(invoice, 'document: the invoice exists');
  const plan_ids = [...new Set(invoice.subscriptions.map(({ plan }) => plan.id))];
  return describeInvoice({
    invoice,
    organization: await findOrganization(trx),
    threshold: await findReachedThreshold(trx, invoice_id),
    plans: new Map([...(await loadPlans(trx, plan_ids))].map(([id, { plan }]) => [id, plan])),
  });
}
