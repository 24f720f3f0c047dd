import type { Fee, FeeTax } from '../billing/fees/fee.ts';
import { assert } from '../billing/assert.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface FeeRow extends Fee {
  readonly organization_id: string;
}

export interface FeeTaxRow extends FeeTax {
  readonly organization_id: string;
}

export async function insertFees(trx: Transaction, fees: readonly Fee[]): Promise<FeeRow[]> {
  return insert<FeeRow>(trx, 'fees', [...fees]);
}

export async function insertFeeTaxes(trx: Transaction, taxes: readonly FeeTax[]): Promise<FeeTaxRow[]> {
  return insert<FeeTaxRow>(trx, 'fee_taxes', [...taxes]);
}

export async function findFee(trx: Transaction, id: string): Promise<FeeRow | undefined> {
  return rows<FeeRow>(trx, 'fees').where({ id }).whereNull('deleted_at').first();
}

/** Holds the row until the transaction ends. */
export async function lockFee(trx: Transaction, id: string): Promise<FeeRow | undefined> {
  return rows<FeeRow>(trx, 'fees').where({ id }).whereNull('deleted_at').forUpdate().first();
}

export async function updateFee(
  trx: Transaction,
  id: string,
  changes: Partial<Fee> & Pick<Fee, 'updated_at'>,
): Promise<FeeRow> {
  const [row] = await rows<FeeRow>(trx, 'fees').where({ id }).update(changes).returning('*');
  assert(row, 'fee: an updated row exists');
  return row;
}

/** The fees of an invoice follow its payment. */
export async function updateFeesOfInvoice(
  trx: Transaction,
  invoice_id: string,
  changes: Partial<Fee> & Pick<Fee, 'updated_at'>,
): Promise<void> {
  await rows(trx, 'fees').where({ invoice_id }).whereNull('deleted_at').update(changes);
}
