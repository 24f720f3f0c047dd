import type { Instant } from '../../../billing/clock/instant.ts';
import { notFound } from '../../../billing/errors.ts';
import { type BillableMetricRow, findBillableMetrics } from '../../../db/billable-metrics.ts';
import { ringSubscriptions } from '../../../db/doorbells.ts';
import { type ListedCharge, type PlanRow, findCharge, findPlan, lockPlan, updatePlan } from '../../../db/plans.ts';
import { markDraftsStale } from '../../../db/stale-drafts.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { announcePlan } from './announce.ts';

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

/** With its metric, which holds still from now on: read the charge's filters only after this. */
export async function lockCharge(
  trx: Transaction,
  code: string,
  charge_code: string,
): Promise<{ readonly plan: PlanRow; readonly charge: ListedCharge; readonly metric: BillableMetricRow }> {
  const plan = await lockPlanOf(trx, code);
  const charge = await takeCharge(trx, plan, charge_code);
  const metric = (await findBillableMetrics(trx, [charge.billable_metric_id])).get(charge.billable_metric_id);
  // The metric has just been deleted, and its charges with it.
  if (!metric) throw notFound('charge');
  return { plan, charge, metric };
}

export async function announceChange(trx: Transaction, plan: PlanRow, at: Instant): Promise<void> {
  const changed = await updatePlan(trx, plan.id, {}, at);
  await ringSubscriptions(trx, { plan_id: plan.id });
  await markDraftsStale(trx, { plan_ids: [plan.id] }, at);
  await announcePlan(trx, changed, 'updated', at);
}
