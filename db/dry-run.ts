import type { Transaction } from './transaction.ts';

class Undone extends Error {}

/**
 * Runs work and undoes it, whatever it did: rows, numbers taken, rings and messages. Answers with what it found. Locks that it took are held until the
 * transaction around it ends.
 */
export async function dryRun<T>(trx: Transaction, work: (trx: Transaction) => Promise<T>): Promise<T> {
  let found: { readonly value: T } | undefined;
  try {
    await trx.transaction(async (inner) => {
      found = { value: await work(Object.assign(inner, { organization_id: trx.organization_id })) };
      throw new Undone();
    });
  } catch (error) {
    if (!(error instanceof Undone)) throw error;
  }
  return found!.value;
}
