import type { Instant } from '../../../billing/clock/instant.ts';
import { notFound } from '../../../billing/errors.ts';
import { findBillableMetrics } from '../../../db/billable-metrics.ts';
import { ringSubscriptions } from '../../../db/doorbells.ts';
import { type ListedCharge, type PlanRow, findCharge, findPlan, lockPlan, updatePlan } from '../../../db/plans.ts';
import { markDraftsStale } from '../../../db/stale-drafts.ts';
import { markForCheck } from '../../../db/threshold-checks.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { announcePlan } from './announce.ts';
import type { HeldCharge } from './filters.ts';

// What is addressed on its own below a plan is still a part of it: it changes while the plan is held, and the plan is announced.

export async function takePlan(trx: Transaction, code: string): Promise<PlanRow> {
  const plan = await findPlan(trx, code);
  if (!plan) throw notFound('plan');
  return plan;
}

export async function lockPlanOf(trx: Transaction, code: string): Promise<PlanRow> {
  const plan = await lockPlan(trx, code);
  if (!plan) throw notFound('plan');
  return plan;
}

export async function takeCharge(trx: Transaction, plan: PlanRow, charge_code: string): Promise<ListedCharge> {
  const charge = await findCharge(trx, plan.id, charge_code);
  if (!charge) throw notFound('charge');
  return charge;
}

export async function lockCharge(
  trx: Transaction,
  code: string,
  charge_code: string,
): Promise<HeldCharge & { readonly plan: PlanRow }> {
  const plan = await lockPlanOf(trx, code);
  return { plan, ...(await holdCharge(trx, plan, charge_code)) };
}

/** With its metric, which holds still from now on: read the charge's filters only after this. */
export async function holdCharge(trx: Transaction, plan: PlanRow, charge_code: string): Promise<HeldCharge> {
  const charge = await takeCharge(trx, plan, charge_code);
  const metric = (await findBillableMetrics(trx, [charge.billable_metric_id])).get(charge.billable_metric_id);
  // The metric has just been deleted, and its charges with it.
  if (!metric) throw notFound('charge');
  return { charge, metric };
}

export async function announceChange(trx: Transaction, plan: PlanRow, at: Instant): Promise<void> {
  const changed = await updatePlan(trx, plan.id, {}, at);
  await ringSubscriptions(trx, { plan_id: plan.id });
  await markDraftsStale(trx, { plan_ids: [plan.id] }, at);
  await markForCheck(trx, { plan_id: plan.id }, at);
  await announcePlan(trx, changed, 'updated', at);
}
