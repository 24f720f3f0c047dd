import type { Knex } from 'knex';
import { assert } from '../billing/assert.ts';
import type { Instant } from '../billing/clock/instant.ts';
import { notFound } from '../billing/errors.ts';
import type { PricingUnit } from '../billing/pricing-units/pricing-unit.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface PricingUnitRow extends PricingUnit {
  readonly organization_id: string;
  readonly updated_at: Instant;
}

export type PricingUnitFields = Omit<PricingUnit, 'id' | 'created_at'>;

/** The newest first. */
export function listPricingUnits(trx: Transaction): Knex.QueryBuilder<PricingUnitRow, PricingUnitRow[]> {
  return rows<PricingUnitRow>(trx, 'pricing_units').orderBy([
    { column: 'created_at', order: 'desc' },
    { column: 'id', order: 'desc' },
  ]);
}

export async function findPricingUnit(trx: Transaction, code: string): Promise<PricingUnitRow | undefined> {
  return rows<PricingUnitRow>(trx, 'pricing_units').where({ code }).first();
}

/** By code. @throws 404 when one of them does not exist. */
export async function findPricingUnitsByCode(
  trx: Transaction,
  codes: readonly string[],
): Promise<ReadonlyMap<string, PricingUnitRow>> {
  if (codes.length === 0) return new Map();
  const found = await rows<PricingUnitRow>(trx, 'pricing_units').whereIn('code', [...codes]);
  const units = new Map(found.map((unit) => [unit.code, unit]));
  if (codes.some((code) => !units.has(code))) throw notFound('pricing_unit');
  return units;
}

export async function insertPricingUnit(
  trx: Transaction,
  fields: PricingUnitFields,
  at: Instant,
): Promise<PricingUnitRow> {
  const row = { id: newId(), ...fields, created_at: at, updated_at: at };
  const [unit] = await insert<PricingUnitRow>(trx, 'pricing_units', row);
  assert(unit, 'pricing unit: an inserted row comes back');
  return unit;
}

export async function updatePricingUnit(
  trx: Transaction,
  id: string,
  changes: Partial<PricingUnitFields>,
  at: Instant,
): Promise<PricingUnitRow> {
  const [unit] = await rows<PricingUnitRow>(trx, 'pricing_units')
    .where({ id })
    .update({ ...changes, updated_at: at })
    .returning('*');
  assert(unit, 'pricing unit: an updated row exists');
  return unit;
}
