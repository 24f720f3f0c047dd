import { rows, type Transaction } from './transaction.ts';

export async function hasDocument(trx: Transaction, invoice_id: string): Promise<boolean> {
  return (await rows(trx, 'documents').where({ invoice_id }).first('id')) !== undefined;
}
