import type { Instant } from '../../billing/clock/instant.ts';
import type { Invoice } from '../../billing/invoices/invoice.ts';
import { isCustomCodeFailure } from '../../billing/usage/custom.ts';
import { replaceInvoiceErrors } from '../../db/invoice-errors.ts';
import { updateInvoice } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { fillInvoice } from './fill-invoice.ts';

/**
 * Computes an invoice. When the code of a metric fails, the invoice says so and, if it was to become final, has failed: nothing is billed that could
 * not be computed, it can be tried again, and all other bills go on. Undefined then.
 */
export async function fillOrFail(
  trx: Transaction,
  invoice: Invoice,
  at: Instant,
  options: { readonly isFinal: boolean },
): Promise<Invoice | undefined> {
  try {
    // Fails while it reads: nothing has been written then.
    const filled = await fillInvoice(trx, invoice, at, options);
    await replaceInvoiceErrors(trx, invoice.id, [], at);
    return filled;
  } catch (error) {
    if (!isCustomCodeFailure(error)) throw error;
    const details = { message: error.explanation, ...(error.details as Record<string, unknown>) };
    await replaceInvoiceErrors(trx, invoice.id, [{ error_code: error.code, details }], at);
    await updateInvoice(trx, invoice.id, { ...(options.isFinal && { status: 'failed' }), updated_at: at });
    return undefined;
  }
}
