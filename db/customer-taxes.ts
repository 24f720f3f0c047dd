import type { Instant } from '../billing/clock/instant.ts';
import { markDraftsStale } from './stale-drafts.ts';
import { attachTaxes, findAttachedTaxes } from './taxes.ts';
import type { Transaction } from './transaction.ts';

/** A customer's taxes are exactly these. Where they were others, its drafts are computed anew. */
export async function setCustomerTaxes(
  trx: Transaction,
  customer_id: string,
  tax_ids: readonly string[],
  at: Instant,
): Promise<void> {
  const taxesOf = await findAttachedTaxes(trx, 'customer', [customer_id]);
  const before = new Set(taxesOf(customer_id).map(({ id }) => id));
  const after = new Set(tax_ids);
  if (before.size === after.size && [...after].every((id) => before.has(id))) return;
  await attachTaxes(trx, 'customer', new Map([[customer_id, tax_ids]]));
  await markDraftsStale(trx, { customer_id }, at);
}
