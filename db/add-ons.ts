import type { Knex } from 'knex';
import { assert } from '../billing/assert.ts';
import type { AddOn } from '../billing/add-ons/add-on.ts';
import type { AddOnDocument } from '../billing/add-ons/wire.ts';
import type { Instant } from '../billing/clock/instant.ts';
import { newId } from './ids.ts';
import { findAttachedTaxes } from './taxes.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface AddOnRow extends AddOn {
  readonly organization_id: string;
  readonly updated_at: Instant;
  readonly deleted_at: Instant | null;
}

export type AddOnFields = Omit<AddOn, 'id' | 'created_at'>;

/** The newest first. */
export function listAddOns(trx: Transaction): Knex.QueryBuilder<AddOnRow, AddOnRow[]> {
  return rows<AddOnRow>(trx, 'add_ons')
    .whereNull('deleted_at')
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);
}

export async function findAddOn(trx: Transaction, code: string): Promise<AddOnRow | undefined> {
  return rows<AddOnRow>(trx, 'add_ons').where({ code, deleted_at: null }).first();
}

export async function findAddOnsByCode(trx: Transaction, codes: readonly string[]): Promise<Map<string, AddOnRow>> {
  const found = await rows<AddOnRow>(trx, 'add_ons')
    .whereIn('code', [...codes])
    .whereNull('deleted_at');
  return new Map(found.map((add_on) => [add_on.code, add_on]));
}

export async function insertAddOn(trx: Transaction, fields: AddOnFields, at: Instant): Promise<AddOnRow> {
  const [add_on] = await insert<AddOnRow>(trx, 'add_ons', { id: newId(), ...fields, created_at: at, updated_at: at });
  assert(add_on, 'add-on: an inserted row comes back');
  return add_on;
}

export async function updateAddOn(
  trx: Transaction,
  id: string,
  changes: Partial<AddOnFields>,
  at: Instant,
): Promise<AddOnRow> {
  const [add_on] = await rows<AddOnRow>(trx, 'add_ons')
    .where({ id })
    .update({ ...changes, updated_at: at })
    .returning('*');
  assert(add_on, 'add-on: an updated row exists');
  return add_on;
}

/** Its code is free from now on. Invoices keep their copies. */
export async function deleteAddOn(trx: Transaction, id: string, at: Instant): Promise<void> {
  await rows(trx, 'add_ons').where({ id }).update({ deleted_at: at });
}

/** What the wire of each is made of, in their order. */
export async function loadAddOns(trx: Transaction, add_ons: readonly AddOnRow[]): Promise<AddOnDocument[]> {
  const taxesOf = await findAttachedTaxes(
    trx,
    'add_on',
    add_ons.map(({ id }) => id),
  );
  return add_ons.map((add_on) => ({ add_on, taxes: taxesOf(add_on.id) }));
}
