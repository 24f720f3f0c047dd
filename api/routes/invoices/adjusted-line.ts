import { type AdjustedFee, isSameLine } from '../../../billing/adjusted-fees/adjusted-fee.ts';
import { type FeeRow, findFeesOfInvoices } from '../../../db/fees.ts';
import type { Transaction } from '../../../db/transaction.ts';

/** The line that an adjusted fee is on its bill now. */
export async function findAdjustedLine(trx: Transaction, adjusted: AdjustedFee): Promise<FeeRow | undefined> {
  const [line] = await findAdjustedLines(trx, adjusted.invoice_id, [adjusted]);
  return line;
}

/** In the order of the adjusted fees. */
export async function findAdjustedLines(
  trx: Transaction,
  invoice_id: string,
  list: readonly AdjustedFee[],
): Promise<(FeeRow | undefined)[]> {
  const fees = await findFeesOfInvoices(trx, [invoice_id]);
  return list.map((adjusted) =>
    fees.find(
      (fee) =>
        fee.fee_type === adjusted.fee_type &&
        fee.subscription_id === adjusted.subscription_id &&
        fee.charge_id === adjusted.charge_id &&
        fee.true_up_parent_fee_id === null &&
        isSameLine(adjusted, fee),
    ),
  );
}
