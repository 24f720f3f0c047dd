import { reconsiderChanges } from '../../../activities/subscriptions/reconsider-changes.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { cascadeCharge, isRepriced } from '../../../billing/plans/cascade.ts';
import { chooseChargeCodes } from '../../../billing/plans/charge-codes.ts';
import { findChargeFilters, replaceChargeFilters } from '../../../db/charge-filters.ts';
import {
  findChargeCodes,
  findCopies,
  followAmount,
  lockLiveChildren,
  repriceCharges,
  ringSubscriptionsOn,
} from '../../../db/plan-children.ts';
import {
  type ListedCharge,
  type PlanRow,
  deleteCharges,
  insertChargesOfPlans,
  listCharges,
  listPlansById,
} from '../../../db/plans.ts';
import { markDraftsStale } from '../../../db/stale-drafts.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { type StoredCharge, chargeFields } from './charges.ts';

/** Children whose charges are read and written at once. */
const PLANS_AT_ONCE = 100;

type Stored = StoredCharge & { readonly charge: ListedCharge };

interface ChargesChange {
  readonly added: readonly Stored[];
  readonly removed: readonly string[];
  readonly repriced: ReadonlyMap<string, { readonly before: Stored; readonly after: Stored }>;
}

/**
 * Changes a plan, and has the plans that were made of it for single subscriptions follow, where that is asked for. In the transaction of the change:
 * it happens with it, wholly and once. The caller holds the plan.
 */
export async function cascading<T>(
  trx: Transaction,
  plan: PlanRow,
  input: { readonly cascade_updates?: boolean | null | undefined } | null | undefined,
  at: Instant,
  change: () => Promise<T>,
): Promise<T> {
  if (!input?.cascade_updates) return change();
  const before = await readCharges(trx, plan.id);
  const result = await change();
  await cascadeAmount(trx, plan, at);
  await cascadeCharges(trx, plan, compare(before, await readCharges(trx, plan.id)), at);
  return result;
}

async function readCharges(trx: Transaction, plan_id: string): Promise<ReadonlyMap<string, Stored>> {
  const charges = await listCharges(trx, [plan_id]);
  const filtersOf = await findChargeFilters(
    trx,
    charges.map(({ id }) => id),
  );
  return new Map(charges.map((charge) => [charge.id, { charge, filters: filtersOf(charge.id) }]));
}

function compare(before: ReadonlyMap<string, Stored>, after: ReadonlyMap<string, Stored>): ChargesChange {
  const kept = [...after].flatMap(([id, now]) => {
    const old = before.get(id);
    return old && isRepriced(priced(old), priced(now)) ? [[id, { before: old, after: now }] as const] : [];
  });
  return {
    added: [...after.values()].filter(({ charge }) => !before.has(charge.id)),
    removed: [...before.keys()].filter((id) => !after.has(id)),
    repriced: new Map(kept),
  };
}

async function cascadeAmount(trx: Transaction, before: PlanRow, at: Instant): Promise<void> {
  const [plan] = await listPlansById(trx, [before.id]);
  if (!plan || plan.amount_cents === before.amount_cents) return;
  for (const child of await followAmount(trx, plan, before.amount_cents, at)) await reconsiderChanges(trx, child, at);
}

async function cascadeCharges(trx: Transaction, plan: PlanRow, change: ChargesChange, at: Instant): Promise<void> {
  const children = await lockLiveChildren(trx, plan.id);
  const parts = Array.from({ length: Math.ceil(children.length / PLANS_AT_ONCE) }, (_, part) =>
    children.slice(part * PLANS_AT_ONCE, (part + 1) * PLANS_AT_ONCE),
  );
  for (const plan_ids of parts) {
    const removed = await findCopies(trx, plan_ids, change.removed);
    await deleteCharges(
      trx,
      removed.map(({ id }) => id),
      at,
    );
    await repriceCopies(trx, plan_ids, change, at);
    for (const charge of change.added) await addCopies(trx, plan_ids, charge, at);
    await ringSubscriptionsOn(trx, plan_ids);
  }
  await markDraftsStale(trx, { plan_ids: children }, at);
}

async function repriceCopies(
  trx: Transaction,
  plan_ids: readonly string[],
  { repriced }: ChargesChange,
  at: Instant,
): Promise<void> {
  const copies = await findCopies(trx, plan_ids, [...repriced.keys()]);
  const filtersOf = await findChargeFilters(
    trx,
    copies.map(({ id }) => id),
  );
  const changed = copies.flatMap((charge) => {
    const change = repriced.get(charge.parent_id);
    const copy = { charge, filters: filtersOf(charge.id) };
    const prices = change && cascadeCharge(priced(change.before), priced(change.after), priced(copy));
    return prices ? [{ id: charge.id, ...prices }] : [];
  });
  await repriceCharges(
    trx,
    changed.map(({ id, properties }) => ({ id, properties })),
    at,
  );
  await replaceChargeFilters(trx, new Map(changed.map(({ id, filters }) => [id, filters])), at);
}

/** Without its taxes: those of the child, or of its customer, count. */
async function addCopies(
  trx: Transaction,
  plan_ids: readonly string[],
  { charge, filters }: Stored,
  at: Instant,
): Promise<void> {
  const codesOf = await findChargeCodes(trx, plan_ids);
  const metric_code = charge.billable_metric_code;
  const copies = plan_ids.map((plan_id) => {
    const taken = codesOf(plan_id);
    const code = taken.includes(charge.code) ? chooseChargeCodes([{ metric_code }], taken)[0]! : charge.code;
    return { ...chargeFields(charge), code, plan_id, parent_id: charge.id };
  });
  const added = await insertChargesOfPlans(trx, copies, at);
  const own = filters.map(({ id: _id, ...filter }) => filter);
  await replaceChargeFilters(trx, new Map(added.map(({ id }) => [id, own])), at);
}

function priced({ charge: { charge_model, properties }, filters }: StoredCharge) {
  return { charge_model, properties, filters };
}
