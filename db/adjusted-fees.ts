import type { AdjustedFee } from '../billing/adjusted-fees/adjusted-fee.ts';
import { type Transaction, rows } from './transaction.ts';

export interface AdjustedFeeRow extends AdjustedFee {
  readonly organization_id: string;
}

/** Undefined when the same line of the bill has been adjusted before. */
export async function insertAdjustedFee(trx: Transaction, adjusted: AdjustedFee): Promise<AdjustedFeeRow | undefined> {
  const [row] = (await trx('adjusted_fees')
    .insert({ ...adjusted, organization_id: trx.organization_id })
    .onConflict(['invoice_id', 'subscription_id', 'charge_id', 'charge_filter_id', 'grouped_by'])
    .ignore()
    .returning('*')) as AdjustedFeeRow[];
  return row;
}

/** The oldest first. */
export async function findAdjustedFees(trx: Transaction, invoice_id: string): Promise<AdjustedFeeRow[]> {
  return rows<AdjustedFeeRow>(trx, 'adjusted_fees').where({ invoice_id }).orderBy(['created_at', 'id']);
}

export async function findAdjustedFee(
  trx: Transaction,
  invoice_id: string,
  id: string,
): Promise<AdjustedFeeRow | undefined> {
  return rows<AdjustedFeeRow>(trx, 'adjusted_fees').where({ invoice_id, id }).first();
}

export async function deleteAdjustedFee(trx: Transaction, id: string): Promise<void> {
  await rows(trx, 'adjusted_fees').where({ id }).delete();
}
