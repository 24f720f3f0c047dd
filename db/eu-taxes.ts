import { localDate } from '../billing/clock/calendar.ts';
import type { Instant } from '../billing/clock/instant.ts';
import { isEuCode } from '../billing/taxes/eu/assign.ts';
import { generatedTaxes } from '../billing/taxes/eu/generated-taxes.ts';
import { setCustomerTaxes } from './customer-taxes.ts';
import { newId } from './ids.ts';
import { findAttachedTaxes, findKnownTaxes } from './taxes.ts';
import type { Transaction } from './transaction.ts';

/** Makes the European taxes, or brings those that are there up to date. */
export async function writeEuTaxes(trx: Transaction, at: Instant): Promise<void> {
  const taxes = generatedTaxes(localDate(at, 'UTC'));
  await trx.raw(
    `insert into taxes (id, organization_id, name, code, description, rate, auto_generated, created_at, updated_at)
     select t.id, ?, t.name, t.code, t.description, t.rate, true, ?, ?
     from unnest(?::uuid[], ?::text[], ?::text[], ?::text[], ?::numeric[]) t (id, name, code, description, rate)
     on conflict (organization_id, code) where deleted_at is null do update
       set name = excluded.name, description = excluded.description, rate = excluded.rate, auto_generated = true, updated_at = excluded.updated_at
       where (taxes.name, taxes.description, taxes.rate, taxes.auto_generated) is distinct from (excluded.name, excluded.description, excluded.rate, true)`,
    [
      trx.organization_id,
      at,
      at,
      taxes.map(() => newId()),
      taxes.map(({ name }) => name),
      taxes.map(({ code }) => code),
      taxes.map(({ description }) => description),
      taxes.map(({ rate }) => rate),
    ],
  );
}

/** A customer's taxes are exactly these. One of the European taxes that was deleted is made again. */
export async function attachEuTaxes(
  trx: Transaction,
  customer_id: string,
  codes: readonly string[],
  at: Instant,
): Promise<void> {
  let found = await findKnownTaxes(trx, codes);
  if (codes.some((code) => isEuCode(code) && !found.has(code))) {
    await writeEuTaxes(trx, at);
    found = await findKnownTaxes(trx, codes);
  }
  await setCustomerTaxes(
    trx,
    customer_id,
    [...found.values()].map(({ id }) => id),
    at,
  );
}

export async function hasEuTax(trx: Transaction, customer_id: string): Promise<boolean> {
  const taxesOf = await findAttachedTaxes(trx, 'customer', [customer_id]);
  return taxesOf(customer_id).some(({ code }) => isEuCode(code));
}
