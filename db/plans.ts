import type { Knex } from 'knex';
import { assert } from '../billing/assert.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { Charge, Plan } from '../billing/plans/plan.ts';
import type { ChargeDocument, PlanDocument } from '../billing/plans/wire.ts';
import { findChargeFilters } from './charge-filters.ts';
import { newId } from './ids.ts';
import { loadMinimumCommitments } from './minimum-commitments.ts';
import { findAttachedTaxes } from './taxes.ts';
import { type Transaction, insert, rows } from './transaction.ts';
import { findThresholdsOfPlans } from './usage-thresholds.ts';

export interface PlanRow extends Plan {
  readonly organization_id: string;
}

export type PlanFields = Omit<Plan, 'id' | 'pending_deletion' | 'created_at' | 'updated_at' | 'deleted_at'>;

/** Those that were made for a single subscription are seen with it only. */
export function listPlans(trx: Transaction): Knex.QueryBuilder<PlanRow, PlanRow[]> {
  return rows<PlanRow>(trx, 'plans')
    .where({ parent_id: null, deleted_at: null })
    .orderBy([
      { column: 'created_at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ]);
}

export async function findPlan(trx: Transaction, code: string): Promise<PlanRow | undefined> {
  return rows<PlanRow>(trx, 'plans').where({ code, parent_id: null, deleted_at: null }).first();
}

/** Holds the row until the transaction ends: changes of one plan come one after the other. Bills, which only refer to it, are not held up. */
export async function lockPlan(trx: Transaction, code: string): Promise<PlanRow | undefined> {
  return rows<PlanRow>(trx, 'plans').where({ code, parent_id: null, deleted_at: null }).forNoKeyUpdate().first();
}

/** Keeps others from changing or deleting the plan until the transaction ends: what is copied of it is whole, and who comes to it is seen. */
export async function keepPlan(trx: Transaction, id: string): Promise<PlanRow | undefined> {
  return rows<PlanRow>(trx, 'plans').where({ id, deleted_at: null }).forShare().first();
}

/** Holds the row of any plan, also of one that was made for a single subscription. */
export async function lockPlanById(trx: Transaction, id: string): Promise<PlanRow | undefined> {
  return rows<PlanRow>(trx, 'plans').where({ id, deleted_at: null }).forNoKeyUpdate().first();
}

export async function listPlansById(trx: Transaction, ids: readonly string[]): Promise<PlanRow[]> {
  return rows<PlanRow>(trx, 'plans')
    .whereIn('id', [...new Set(ids)])
    .orderBy('id');
}

export async function insertPlan(trx: Transaction, fields: PlanFields, at: Instant): Promise<PlanRow> {
  const [plan] = await insert<PlanRow>(trx, 'plans', { id: newId(), ...fields, created_at: at, updated_at: at });
  assert(plan, 'plan: an inserted row comes back');
  return plan;
}

export async function updatePlan(
  trx: Transaction,
  id: string,
  changes: Partial<PlanFields>,
  at: Instant,
): Promise<PlanRow> {
  const [plan] = await rows<PlanRow>(trx, 'plans')
    .where({ id })
    .update({ ...changes, updated_at: at })
    .returning('*');
  assert(plan, 'plan: an updated row exists');
  return plan;
}

/** Whether it ever had a subscription, of any status. */
export async function wasSubscribed(trx: Transaction, plan_id: string): Promise<boolean> {
  return (await rows(trx, 'subscriptions').where({ plan_id }).select('id').first()) !== undefined;
}

export type ChargeFields = Omit<Charge, 'id' | 'plan_id' | 'parent_id' | 'created_at' | 'updated_at'>;

/** The charges of a plan, oldest first. */
export async function findCharges(trx: Transaction, plan_id: string): Promise<Charge[]> {
  return rows<Charge>(trx, 'charges').where({ plan_id }).whereNull('deleted_at').orderBy(['created_at', 'id']);
}

export async function insertCharges(
  trx: Transaction,
  plan_id: string,
  list: readonly (ChargeFields & { readonly parent_id?: string | null })[],
  at: Instant,
): Promise<Charge[]> {
  return insertChargesOfPlans(
    trx,
    list.map((fields) => ({ ...fields, plan_id })),
    at,
  );
}

/** In their order. */
export async function insertChargesOfPlans(
  trx: Transaction,
  list: readonly (ChargeFields & { readonly plan_id: string; readonly parent_id?: string | null })[],
  at: Instant,
): Promise<Charge[]> {
  return insert<Charge>(
    trx,
    'charges',
    list.map((fields) => ({
      id: newId(),
      ...fields,
      properties: JSON.stringify(fields.properties),
      created_at: at,
      updated_at: at,
    })),
  );
}

export async function updateCharge(
  trx: Transaction,
  id: string,
  { properties, ...changes }: Partial<ChargeFields>,
  at: Instant,
): Promise<void> {
  await rows(trx, 'charges')
    .where({ id })
    .update({ ...changes, ...(properties && { properties: JSON.stringify(properties) }), updated_at: at });
}

export async function deleteCharges(trx: Transaction, ids: readonly string[], at: Instant): Promise<void> {
  await rows(trx, 'charges')
    .whereIn('id', [...ids])
    .update({ deleted_at: at });
}

/** What the wire of each plan is made of, by id: a few statements whatever their number. Deleted plans are still found. */
export async function loadPlans(trx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, PlanDocument>> {
  if (ids.length === 0) return new Map();
  const plans = await rows<PlanRow>(trx, 'plans').whereIn('id', [...ids]);
  const taxesOf = await findAttachedTaxes(trx, 'plan', ids);
  const charges = Map.groupBy(await loadCharges(trx, await listCharges(trx, ids)), ({ charge }) => charge.plan_id);
  const commitments = await loadMinimumCommitments(trx, ids);
  const thresholdsOf = await findThresholdsOfPlans(trx, ids);
  return new Map(
    plans.map((plan) => [
      plan.id,
      {
        plan,
        taxes: taxesOf(plan.id),
        charges: charges.get(plan.id) ?? [],
        minimum_commitment: commitments.get(plan.id),
        usage_thresholds: thresholdsOf(plan.id),
      },
    ]),
  );
}

export interface ListedCharge extends Charge {
  readonly billable_metric_code: string;
  readonly pricing_unit_code: string | null;
}

/** The charges of plans, oldest first. */
export function listCharges(
  trx: Transaction,
  plan_ids: readonly string[],
): Knex.QueryBuilder<ListedCharge, ListedCharge[]> {
  return rows<ListedCharge>(trx, 'charges')
    .join('billable_metrics as m', 'm.id', 'charges.billable_metric_id')
    .leftJoin('pricing_units as u', 'u.id', 'charges.pricing_unit_id')
    .whereIn('charges.plan_id', [...plan_ids])
    .whereNull('charges.deleted_at')
    .orderBy(['charges.created_at', 'charges.id'])
    .select('charges.*', 'm.code as billable_metric_code', 'u.code as pricing_unit_code') as Knex.QueryBuilder<
    ListedCharge,
    ListedCharge[]
  >;
}

export async function findCharge(trx: Transaction, plan_id: string, code: string): Promise<ListedCharge | undefined> {
  const [charge] = await listCharges(trx, [plan_id]).where('charges.code', code).limit(1);
  return charge;
}

/** What the wire of each charge is made of, in their order: two statements whatever their number. */
export async function loadCharges(trx: Transaction, charges: readonly ListedCharge[]): Promise<ChargeDocument[]> {
  const ids = charges.map(({ id }) => id);
  const taxesOf = await findAttachedTaxes(trx, 'charge', ids);
  const filtersOf = await findChargeFilters(trx, ids);
  return charges.map(({ billable_metric_code, pricing_unit_code, ...charge }) => ({
    charge,
    billable_metric_code,
    pricing_unit_code,
    filters: filtersOf(charge.id),
    taxes: taxesOf(charge.id),
  }));
}
