import { stringify } from 'csv-stringify/sync';
import type { ExportType } from '../../billing/exports/data-export.ts';
import { columns, feeRow, invoiceRow } from '../../billing/exports/rows.ts';
import { documentUrl, type LinkSettings } from '../../billing/invoices/document-link.ts';
import type { DataExportRow, ExportCursor } from '../../db/data-exports.ts';
import { findFeesOfInvoices, loadFees } from '../../db/fees.ts';
import { listInvoices } from '../../db/invoice-filters.ts';
import { type InvoiceRow, loadInvoiceSummaries } from '../../db/invoices.ts';
import { findPlanCodes } from '../../db/subscriptions.ts';
import type { Transaction } from '../../db/transaction.ts';

/** Invoices to a part. One may have hundreds of fees. */
const INVOICES_MAX: Readonly<Record<ExportType, number>> = { invoices: 1000, invoice_fees: 100 };

export interface Part {
  readonly content: string;
  readonly rows_count: number;
  /** Absent: it was the last one. */
  readonly cursor: ExportCursor | undefined;
}

/** The next rows of an export, in the order of the list, with the header in front of the first. */
export async function writePart(trx: Transaction, found: DataExportRow, links: LinkSettings): Promise<Part> {
  const limit = INVOICES_MAX[found.resource_type];
  const query = listInvoices(trx, found.filters).limit(limit);
  if (found.cursor) {
    const { issuing_date, created_at, id } = found.cursor;
    query.whereRaw('(invoices.issuing_date, invoices.created_at, invoices.id) < (?, ?, ?)', [
      issuing_date,
      created_at,
      id,
    ]);
  }
  const invoices = await query;
  const rows = await writers[found.resource_type](trx, invoices, links);
  const content = stringify(rows as object[], {
    header: found.cursor === null,
    columns: [...columns[found.resource_type]],
    cast: { boolean: String },
    // A spreadsheet would compute what begins with one of these.
    escape_formulas: true,
  });
  const last = invoices.length === limit ? invoices.at(-1) : undefined;
  const cursor = last && { issuing_date: last.issuing_date, created_at: last.created_at, id: last.id };
  return { content, rows_count: rows.length, cursor };
}

type Writer = (trx: Transaction, invoices: readonly InvoiceRow[], links: LinkSettings) => Promise<object[]>;

const writers: Readonly<Record<ExportType, Writer>> = {
  async invoices(trx, invoices, links) {
    const { organization_id } = trx;
    return (await loadInvoiceSummaries(trx, invoices)).map((summary) => {
      const { document, invoice } = summary;
      const isShown = document !== null && invoice.status !== 'draft';
      return invoiceRow(summary, isShown ? documentUrl({ ...document, organization_id }, links) : null);
    });
  },

  async invoice_fees(trx, invoices) {
    const ids = invoices.map(({ id }) => id);
    const documents = await loadFees(trx, await findFeesOfInvoices(trx, ids));
    const plan_codes = await findPlanCodes(
      trx,
      documents.flatMap(({ fee }) => fee.subscription_id ?? []),
    );
    const byInvoice = Map.groupBy(documents, ({ fee }) => fee.invoice_id);
    return invoices.flatMap((invoice) =>
      (byInvoice.get(invoice.id) ?? []).map((document) =>
        feeRow({ invoice, document, plan_code: plan_codes.get(document.fee.subscription_id ?? '') ?? null }),
      ),
    );
  },
};
