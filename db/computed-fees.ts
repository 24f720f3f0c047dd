import type { Instant } from '../billing/clock/instant.ts';
import type { ComputedFee } from '../billing/invoices/settle-lines.ts';
import { insertFees, insertFeeTaxes } from './fees.ts';
import { newId } from './ids.ts';
import type { Transaction } from './transaction.ts';

export interface FeeToStore extends ComputedFee {
  /** Null: it stands alone. */
  readonly invoice_id: string | null;
  readonly created_at: Instant;
}

/** Stores fees of a customer with their taxes; answers with their ids, in their order. A true-up refers to another fee of the same list. */
export async function insertComputedFees(
  trx: Transaction,
  customer_id: string,
  fees: readonly FeeToStore[],
): Promise<string[]> {
  const numbered = fees.map((fee) => ({ ...fee, id: newId() }));
  await insertFees(
    trx,
    numbered.map(({ taxes: _, tops_up, ...fee }) => ({
      ...fee,
      true_up_parent_fee_id: tops_up === null ? null : (numbered[tops_up]?.id ?? null),
      customer_id,
      payment_status: 'pending' as const,
      succeeded_at: null,
      failed_at: null,
      refunded_at: null,
      updated_at: fee.created_at,
      deleted_at: null,
    })),
  );
  await insertFeeTaxes(
    trx,
    numbered.flatMap(({ id, taxes, created_at }) =>
      taxes.map((tax) => ({ ...tax, id: newId(), fee_id: id, created_at })),
    ),
  );
  return numbered.map(({ id }) => id);
}
