import type { Instant } from '../billing/clock/instant.ts';
import type { InvoiceError } from '../billing/invoices/wire.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface InvoiceErrorRow extends InvoiceError {
  readonly invoice_id: string;
  readonly created_at: Instant;
}

/** What an invoice could not be made for, in place of what it could not be made for before. */
export async function replaceInvoiceErrors(
  trx: Transaction,
  invoice_id: string,
  errors: readonly Omit<InvoiceError, 'id'>[],
  at: Instant,
): Promise<void> {
  await rows(trx, 'invoice_errors').where({ invoice_id }).delete();
  await insert(
    trx,
    'invoice_errors',
    errors.map(({ error_code, details }) => ({
      id: newId(),
      invoice_id,
      error_code,
      details: JSON.stringify(details),
      created_at: at,
    })),
  );
}

export async function findInvoiceErrors(trx: Transaction, invoice_ids: readonly string[]): Promise<InvoiceErrorRow[]> {
  return rows<InvoiceErrorRow>(trx, 'invoice_errors')
    .whereIn('invoice_id', [...invoice_ids])
    .orderBy(['created_at', 'id']);
}
