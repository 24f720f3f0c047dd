import type { Instant } from '../billing/clock/instant.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { MinimumCommitment, MinimumCommitmentDocument } from '../billing/plans/minimum-commitment.ts';
import { newId } from './ids.ts';
import { attachTaxes, findAttachedTaxes } from './taxes.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface MinimumCommitmentFields {
  readonly amount_cents: Cents;
  readonly invoice_display_name: string | null;
}

export async function findMinimumCommitment(trx: Transaction, plan_id: string): Promise<MinimumCommitment | undefined> {
  return rows<MinimumCommitment>(trx, 'minimum_commitments').where({ plan_id }).first();
}

/** Makes it, or changes what is sent of it. Taxes left out stay as they are. */
export async function setMinimumCommitment(
  trx: Transaction,
  plan_id: string,
  { amount_cents, invoice_display_name }: Partial<MinimumCommitmentFields>,
  tax_ids: readonly string[] | undefined,
  at: Instant,
): Promise<void> {
  const known = await findMinimumCommitment(trx, plan_id);
  const changes = {
    ...(amount_cents !== undefined && { amount_cents }),
    ...(invoice_display_name !== undefined && { invoice_display_name }),
    updated_at: at,
  };
  const id = known?.id ?? newId();
  if (known) await rows(trx, 'minimum_commitments').where({ id }).update(changes);
  else await insert(trx, 'minimum_commitments', { id, plan_id, created_at: at, ...changes });
  if (tax_ids) await attachTaxes(trx, 'minimum_commitment', new Map([[id, tax_ids]]));
}

export async function deleteMinimumCommitment(trx: Transaction, plan_id: string): Promise<void> {
  await rows(trx, 'minimum_commitments').where({ plan_id }).delete();
}

/** By plan, with their taxes; two statements whatever their number. */
export async function loadMinimumCommitments(
  trx: Transaction,
  plan_ids: readonly string[],
): Promise<ReadonlyMap<string, MinimumCommitmentDocument>> {
  const found = await rows<MinimumCommitment>(trx, 'minimum_commitments').whereIn('plan_id', [...plan_ids]);
  const taxesOf = await findAttachedTaxes(
    trx,
    'minimum_commitment',
    found.map((commitment) => commitment.id),
  );
  return new Map(found.map((commitment) => [commitment.plan_id, { commitment, taxes: taxesOf(commitment.id) }]));
}
