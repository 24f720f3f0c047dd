import { saveCarriedUsage } from '../../db/carried-usage.ts';
import type { ChargeFacts } from '../../db/pricing-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import type { Billed } from './commitments.ts';
import type { Uses } from './used-charges.ts';

/** Keeps with what the billed period of recurring metrics ended that do not count all there ever was: the next one goes on from there, whatever comes in late. */
export async function carryUsage(
  trx: Transaction,
  billed: readonly Billed[],
  charges: readonly ChargeFacts[],
  uses: Uses,
): Promise<void> {
  const recurring = new Set(charges.filter((charge) => charge.recurring).map(({ id }) => id));
  const carried = billed.flatMap(({ facts, period }) =>
    (uses.get(facts.id) ?? [])
      .filter(({ id }) => recurring.has(id))
      .flatMap(({ id, buckets }) =>
        buckets.flatMap((bucket) => (bucket.carried ? [{ id, bucket, state: bucket.carried }] : [])),
      )
      .map(({ id, bucket, state }) => ({
        external_subscription_id: facts.external_id,
        charge_id: id,
        charge_filter_id: bucket.filter?.id ?? null,
        grouped_by: bucket.grouped_by,
        period_from: period.charges_from,
        state,
      })),
  );
  await saveCarriedUsage(trx, carried);
}
