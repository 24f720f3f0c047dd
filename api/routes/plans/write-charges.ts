import type { Instant } from '../../../billing/clock/instant.ts';
import { replaceChargeFilters } from '../../../db/charge-filters.ts';
import { insertCharges, updateCharge } from '../../../db/plans.ts';
import { attachTaxes } from '../../../db/taxes.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { ChargeWrite } from './charges.ts';

/** Answers with their ids, in their order. */
export async function addCharges(
  trx: Transaction,
  plan_id: string,
  writes: readonly ChargeWrite[],
  at: Instant,
): Promise<string[]> {
  const stored = await insertCharges(
    trx,
    plan_id,
    writes.map(({ fields }) => fields),
    at,
  );
  const added = writes.map((write, index) => ({ ...write, id: stored[index]!.id }));
  await attachToCharges(trx, added, at);
  return added.map(({ id }) => id);
}

export async function changeCharges(
  trx: Transaction,
  writes: readonly (ChargeWrite & { readonly id: string })[],
  at: Instant,
): Promise<void> {
  for (const { id, fields } of writes) await updateCharge(trx, id, fields, at);
  await attachToCharges(trx, writes, at);
}

async function attachToCharges(
  trx: Transaction,
  writes: readonly (ChargeWrite & { readonly id: string })[],
  at: Instant,
): Promise<void> {
  await replaceChargeFilters(trx, new Map(writes.map(({ id, filters }) => [id, filters])), at);
  const taxed = writes.flatMap(({ id, tax_ids }) => (tax_ids ? [[id, tax_ids] as const] : []));
  await attachTaxes(trx, 'charge', new Map(taxed));
}
