import type { Instant } from '../../billing/clock/instant.ts';
import type { InvoiceStepKind } from '../../billing/invoices/next-step.ts';
import { announceCreditNote, announceInvoice } from '../../db/announcements.ts';
import { type MissingDocument, findMissingDocuments, insertDocument } from '../../db/documents.ts';
import { findInvoice } from '../../db/invoices.ts';
import { hear } from '../../db/outbox.ts';
import { type Transaction, inOrganization } from '../../db/transaction.ts';
import { planInvoice } from '../invoices/plan-invoice.ts';
import type { Deps } from '../shared/deps.ts';
import { readNow } from '../shared/now.ts';
import type { Step } from '../shared/step.ts';
import type { Browser } from './browser.ts';
import { readPage } from './read-page.ts';

export interface RenderInvoice {
  readonly organization_id: string;
  readonly invoice_id: string;
  /** The organization's time, which the documents and their announcements are dated with. */
  readonly at: Instant;
}

export type DocumentActivities = ReturnType<typeof createDocumentActivities>;

export function createDocumentActivities({
  db,
  settings,
  browser,
}: Deps & { readonly browser: Pick<Browser, 'print'> }) {
  /** Printing takes a while, so no transaction is open meanwhile: of two that print at once, the first to be done counts. */
  async function print(organization_id: string, owner: MissingDocument['owner'], at: Instant): Promise<void> {
    const { number, html } = await inOrganization(db, organization_id, (trx) => readPage(trx, owner));
    const content = Buffer.from(await browser.print(html));
    await inOrganization(db, organization_id, async (trx) => {
      const document = { ...owner, filename: `${number}.pdf`, content_type: 'application/pdf', content };
      if (!(await insertDocument(trx, document, at))) return;
      if ('invoice_id' in owner) await announceInvoice(trx, owner.invoice_id, 'invoice.generated', at, settings);
      else await announceCreditNote(trx, owner.credit_note_id, 'credit_note.generated', at, settings);
    });
  }

  return {
    /** Makes the PDFs that a final invoice lacks, its own and those of its credit notes, and tells that they are there. */
    async renderInvoice({ organization_id, invoice_id, at }: RenderInvoice): Promise<Step<InvoiceStepKind>> {
      const missing = await inOrganization(db, organization_id, (trx) => findMissing(trx, invoice_id));
      for (const { owner } of missing) await print(organization_id, owner, at);
      return inOrganization(db, organization_id, async (trx) => {
        await hear(trx, `invoice/${invoice_id}`);
        return planInvoice(trx, invoice_id, (await readNow(trx, undefined)) ?? at);
      });
    },
  };
}

async function findMissing(trx: Transaction, invoice_id: string): Promise<MissingDocument[]> {
  const invoice = await findInvoice(trx, invoice_id);
  return invoice ? findMissingDocuments(trx, invoice) : [];
}
