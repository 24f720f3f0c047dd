import { localDate } from '../../billing/clock/calendar.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { finalDates } from '../../billing/invoices/draft-dates.ts';
import type { Invoice } from '../../billing/invoices/invoice.ts';
import { invoiceNumber } from '../../billing/invoices/numbering.ts';
import { announceInvoice } from '../../db/announcements.ts';
import { type BillingSettings, countInvoiceOfCustomer, countInvoiceOfOrganization } from '../../db/billing-settings.ts';
import { updateInvoice } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { dropDraftNotes, finalizeDraftNotes } from '../credit-notes/draft-notes.ts';
import { useCreditNotes } from '../credit-notes/use-credit-notes.ts';

/**
 * Uses what credit notes the customer has, gives the invoice its number and its dates, and tells of it; leaves it out if it is empty and
 * not wanted. Late in its transaction, because the counters stay locked until the end. Its workflow plans what follows.
 */
export async function finalizeInvoice(
  trx: Transaction,
  invoice: Invoice,
  settings: BillingSettings,
  at: Instant,
): Promise<void> {
  if (isLeftOut(invoice, settings)) {
    await updateInvoice(trx, invoice.id, { status: 'closed', updated_at: at });
    await dropDraftNotes(trx, invoice.id);
    return;
  }
  const { total_amount_cents, total_paid_amount_cents } = await useCreditNotes(trx, invoice, at);
  const sequential_id = await countInvoiceOfCustomer(trx, invoice.customer_id);
  const finalized = await updateInvoice(trx, invoice.id, {
    status: 'finalized',
    payment_status: total_amount_cents === total_paid_amount_cents ? 'succeeded' : 'pending',
    sequential_id,
    number: await nextNumber(trx, settings, sequential_id, at),
    ...finalDates(invoice, settings, at),
    finalized_at: at,
    updated_at: at,
  });
  const webhook_type = invoice.invoice_type === 'one_off' ? 'invoice.one_off_created' : 'invoice.created';
  await announceInvoice(trx, invoice.id, webhook_type, at);
  await finalizeDraftNotes(trx, finalized, at);
}

/** Whether the invoice is empty, and not wanted then: nobody hears of it. One of a threshold always is. */
export function isLeftOut(
  { invoice_type, fees_amount_cents }: Pick<Invoice, 'invoice_type' | 'fees_amount_cents'>,
  { finalizes_zero_amount_invoices }: Pick<BillingSettings, 'finalizes_zero_amount_invoices'>,
): boolean {
  return invoice_type !== 'progressive_billing' && fees_amount_cents === 0 && !finalizes_zero_amount_invoices;
}

async function nextNumber(
  trx: Transaction,
  settings: BillingSettings,
  customer_sequence: number,
  at: Instant,
): Promise<string> {
  const {
    document_numbering,
    document_number_prefix: prefix,
    customer_sequential_id,
    organization_timezone,
  } = settings;
  if (document_numbering === 'per_customer')
    return invoiceNumber({ document_numbering, prefix, customer_sequential_id, customer_sequence });
  const organization_sequence = await countInvoiceOfOrganization(trx);
  return invoiceNumber({
    document_numbering,
    prefix,
    organization_sequence,
    finalized_on: localDate(at, organization_timezone),
  });
}
