import { z } from 'zod';
import type { Instant } from '../../../billing/clock/instant.ts';
import { notFound } from '../../../billing/errors.ts';
import { documentUrl } from '../../../billing/invoices/document-link.ts';
import { type InvoiceSummary, invoiceWire } from '../../../billing/invoices/wire.ts';
import { isId } from '../../../db/ids.ts';
import { type InvoiceRow, findVisibleInvoice, loadInvoices, lockInvoiceWithBilling } from '../../../db/invoices.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { invoiceObjectExtended } from '../../contracts/invoices.ts';
import type { ApiSettings } from '../../deps.ts';

export const params = z.object({ lago_id: z.string().meta({ format: 'uuid' }) });
export const answer = z.object({ invoice: invoiceObjectExtended });

/** The answer about an invoice that was empty, and that the customer's settings have left out because of it. */
export const leftOut = z.literal('').meta({ description: 'It was empty, and empty ones are skipped' });

export async function takeInvoice(trx: Transaction, lago_id: string): Promise<InvoiceRow> {
  const invoice = isId(lago_id) ? await findVisibleInvoice(trx, lago_id) : undefined;
  if (!invoice) throw notFound('invoice');
  return invoice;
}

/** As it is once nobody else changes it, or uses up what belongs to its customer. */
export async function holdInvoice(trx: Transaction, lago_id: string): Promise<InvoiceRow> {
  const { id } = await takeInvoice(trx, lago_id);
  await lockInvoiceWithBilling(trx, id);
  return takeInvoice(trx, id);
}

export function fileUrl({ invoice, document }: InvoiceSummary, trx: Transaction, settings: ApiSettings): string | null {
  // A draft's document would be of amounts that still change, and there is none.
  if (document === null || invoice.status === 'draft') return null;
  return documentUrl({ ...document, organization_id: trx.organization_id }, settings);
}

export async function showInvoice(trx: Transaction, id: string, settings: ApiSettings, at: Instant) {
  const [document] = await loadInvoices(trx, [id]);
  if (!document) throw notFound('invoice');
  return { invoice: invoiceWire(document, fileUrl(document, trx, settings), at) };
}

/** Empty when nobody is to see the invoice. */
export async function showUnlessLeftOut(trx: Transaction, id: string, settings: ApiSettings, at: Instant) {
  return (await findVisibleInvoice(trx, id)) ? showInvoice(trx, id, settings, at) : ('' as const);
}
