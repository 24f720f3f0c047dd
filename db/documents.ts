import type { Instant } from '../billing/clock/instant.ts';
import { newId } from './ids.ts';
import { rows, type Transaction } from './transaction.ts';

export async function hasDocument(trx: Transaction, invoice_id: string): Promise<boolean> {
  return (await rows(trx, 'documents').where({ invoice_id }).first('id')) !== undefined;
}

export interface DocumentRow {
  readonly id: string;
  readonly invoice_id: string;
  readonly filename: string;
  readonly content_type: string;
  readonly content: Buffer;
}

export async function findDocument(trx: Transaction, id: string): Promise<DocumentRow | undefined> {
  return rows<DocumentRow>(trx, 'documents').where({ id }).first();
}

/** Undefined when the invoice has its document already: an invoice is written once. */
export async function insertDocument(
  trx: Transaction,
  document: Pick<DocumentRow, 'invoice_id' | 'filename' | 'content_type' | 'content'>,
  at: Instant,
): Promise<DocumentRow | undefined> {
  const [row] = (await trx('documents')
    .insert({ id: newId(), ...document, organization_id: trx.organization_id, created_at: at })
    .onConflict('invoice_id')
    .ignore()
    .returning('*')) as DocumentRow[];
  return row;
}
