import type { Knex } from 'knex';
import type { Instant } from '../billing/clock/instant.ts';
import { notFound } from '../billing/errors.ts';
import type { TaxDocument } from '../billing/taxes/wire.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface TaxRow extends TaxDocument {
  readonly organization_id: string;
  readonly updated_at: Instant;
  readonly deleted_at: Instant | null;
}

export type TaxFields = Pick<TaxRow, 'name' | 'code' | 'rate' | 'description' | 'applied_to_organization'>;

function liveTaxes(trx: Transaction): Knex.QueryBuilder<TaxRow, TaxRow[]> {
  return rows<TaxRow>(trx, 'taxes').whereNull('taxes.deleted_at');
}

export function listTaxes(trx: Transaction): Knex.QueryBuilder<TaxRow, TaxRow[]> {
  return liveTaxes(trx).orderBy([{ column: 'name' }, { column: 'created_at', order: 'desc' }, { column: 'id' }]);
}

export async function findTax(trx: Transaction, code: string): Promise<TaxRow | undefined> {
  return liveTaxes(trx).where({ code }).first();
}

/** The taxes that everyone pays who has none nearer. */
export async function findOrganizationTaxes(trx: Transaction): Promise<TaxRow[]> {
  return listTaxes(trx).where({ applied_to_organization: true });
}

/** Exactly these apply to everyone who has none nearer. */
export async function applyTaxesToOrganization(trx: Transaction, ids: readonly string[], at: Instant): Promise<void> {
  await liveTaxes(trx)
    .whereRaw('applied_to_organization is distinct from (id = any(?::uuid[]))', [[...ids]])
    .update({ applied_to_organization: trx.raw('id = any(?::uuid[])', [[...ids]]), updated_at: at });
}

export async function insertTax(trx: Transaction, fields: TaxFields, at: Instant): Promise<TaxRow> {
  const [tax] = await insert<TaxRow>(trx, 'taxes', { id: newId(), ...fields, created_at: at, updated_at: at });
  return tax!;
}

export async function updateTax(
  trx: Transaction,
  id: string,
  changes: Partial<TaxFields>,
  at: Instant,
): Promise<TaxRow> {
  const [tax] = await liveTaxes(trx)
    .where({ id })
    .update({ ...changes, updated_at: at })
    .returning('*');
  return tax!;
}

/** Where taxes can be attached, each with a table of its own. */
export type TaxLevel = 'customer' | 'plan' | 'charge' | 'minimum_commitment' | 'add_on';
const levels: readonly TaxLevel[] = ['customer', 'plan', 'charge', 'minimum_commitment', 'add_on'];

/** Takes it off everything it is attached to. Documents keep their copies. */
export async function deleteTax(trx: Transaction, id: string, at: Instant): Promise<void> {
  for (const level of levels) await rows(trx, `${level}_taxes`).where({ tax_id: id }).delete();
  await rows(trx, 'taxes').where({ id }).update({ deleted_at: at });
}

/** Taxes by code. @throws `tax_not_found` when one of the codes is unknown. */
export async function findTaxesByCode(trx: Transaction, codes: readonly string[]): Promise<Map<string, TaxRow>> {
  const found = await findKnownTaxes(trx, codes);
  if (found.size !== new Set(codes).size) throw notFound('tax');
  return found;
}

/** The same, without those that are unknown. */
export async function findKnownTaxes(trx: Transaction, codes: readonly string[]): Promise<Map<string, TaxRow>> {
  const found = codes.length === 0 ? [] : await liveTaxes(trx).whereIn('code', [...codes]);
  return new Map(found.map((tax) => [tax.code, tax]));
}

/** Replaces the taxes attached to each of the owners. */
export async function attachTaxes(
  trx: Transaction,
  level: TaxLevel,
  tax_ids_of: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const owner = `${level}_id`;
  await rows(trx, `${level}_taxes`)
    .whereIn(owner, [...tax_ids_of.keys()])
    .delete();
  const links = [...tax_ids_of].flatMap(([id, tax_ids]) =>
    [...new Set(tax_ids)].map((tax_id) => ({ [owner]: id, tax_id })),
  );
  await insert(trx, `${level}_taxes`, links);
}

/** The taxes attached to each of the owners, in one query. */
export async function findAttachedTaxes(
  trx: Transaction,
  level: TaxLevel,
  owner_ids: readonly string[],
): Promise<(owner_id: string) => TaxRow[]> {
  const attached =
    owner_ids.length === 0
      ? []
      : ((await listTaxes(trx)
          .join(`${level}_taxes as link`, 'link.tax_id', 'taxes.id')
          .whereIn(`link.${level}_id`, [...owner_ids])
          .select('taxes.*', `link.${level}_id as owner_id`)) as unknown as (TaxRow & { owner_id: string })[]);
  const by_owner = Map.groupBy(attached, ({ owner_id }) => owner_id);
  return (owner_id) => by_owner.get(owner_id) ?? [];
}

/** Of the taxes that fees were made with, those that there are still, as they are today. */
export async function findLiveTaxesOfFees(
  trx: Transaction,
  fees: readonly { readonly id: string }[],
): Promise<(fee_id: string) => TaxRow[]> {
  const found = (await listTaxes(trx)
    .join('fee_taxes as link', 'link.tax_id', 'taxes.id')
    .whereIn(
      'link.fee_id',
      fees.map(({ id }) => id),
    )
    .select('taxes.*', 'link.fee_id')) as unknown as (TaxRow & { fee_id: string })[];
  const byFee = Map.groupBy(found, ({ fee_id }) => fee_id);
  return (fee_id) => byFee.get(fee_id) ?? [];
}
