import { reconsiderChanges } from '../../../activities/subscriptions/reconsider-changes.ts';
import { catchUp } from '../../../activities/subscriptions/steps.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { invalid, notFound } from '../../../billing/errors.ts';
import { refuseNotBuilt } from '../../../billing/plans/not-built-yet.ts';
import { findBillableMetrics } from '../../../db/billable-metrics.ts';
import { findChargeFilters } from '../../../db/charge-filters.ts';
import { continueCharges } from '../../../db/charge-states.ts';
import { type PlanFields, type PlanRow, findCharges, insertPlan, keepPlan, lockPlanById } from '../../../db/plans.ts';
import { type SubscriptionRow, updateSubscription } from '../../../db/subscriptions.ts';
import { markDraftsStale } from '../../../db/stale-drafts.ts';
import { attachTaxes } from '../../../db/taxes.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { ChargeInput, PlanOverridesInput } from '../../contracts/plans.ts';
import {
  type ChargeWrite,
  type Details,
  type References,
  addDetails,
  copiedCharge,
  findReferences,
} from '../plans/charges.ts';
import { editPlan } from '../plans/edit.ts';
import { checkMinimumCommitment, writeMinimumCommitment } from '../plans/minimum-commitment.ts';
import { addCharges } from '../plans/write-charges.ts';
import { checkUsageThresholds, writeUsageThresholds } from '../progressive-billing/usage-thresholds.ts';

/**
 * Overrides the plan that a subscription is on, or changes the one of its own. Until now it is billed as it was. The caller has the subscription's
 * workflow rung.
 */
export async function overridePlanOf(
  trx: Transaction,
  subscription: Pick<SubscriptionRow, 'id' | 'customer_id'>,
  overrides: PlanOverridesInput,
  at: Instant,
): Promise<PlanRow> {
  const before = await holdPlanOf(trx, subscription, at);
  const own = await overridePlan(trx, before, overrides, at);
  if (own.id !== before.id) await moveToOwnPlan(trx, subscription.id, before, own, at);
  await markDraftsStale(trx, { subscription_id: subscription.id }, at);
  return own;
}

/** The plan of a subscription's own, made where there is none, and held until it is changed. */
export async function ownPlanOf(
  trx: Transaction,
  subscription: Pick<SubscriptionRow, 'id' | 'customer_id'>,
  at: Instant,
): Promise<PlanRow> {
  const before = await holdPlanOf(trx, subscription, at);
  if (before.parent_id !== null) return before;
  const own = await overridePlan(trx, before, {}, at);
  await moveToOwnPlan(trx, subscription.id, before, own, at);
  return own;
}

/** Holds the billing of the customer, and the plan against changes. What is due is taken at the prices of until now. */
async function holdPlanOf(
  trx: Transaction,
  subscription: Pick<SubscriptionRow, 'id' | 'customer_id'>,
  at: Instant,
): Promise<PlanRow> {
  const { facts } = await catchUp(trx, subscription, at);
  if (facts.status !== 'active' && facts.status !== 'pending') throw notFound('subscription');
  const plan = await keepPlan(trx, facts.plan_id);
  if (!plan) throw notFound('plan');
  return plan.parent_id === null ? plan : ((await lockPlanById(trx, plan.id)) ?? plan);
}

/**
 * From the plan that is sold to everybody. What was paid for at the charges of that one is not paid for again. What waits for another plan may not be
 * worth it at the new price.
 */
async function moveToOwnPlan(
  trx: Transaction,
  subscription_id: string,
  before: PlanRow,
  own: PlanRow,
  at: Instant,
): Promise<void> {
  const moved = await updateSubscription(trx, subscription_id, { plan_id: own.id, updated_at: at });
  await continueCharges(trx, moved, own.id);
  if (own.amount_cents !== before.amount_cents) await reconsiderChanges(trx, own, at);
}

/**
 * The plan of a single subscription: made of the one that is sold to everybody, or changed where the subscription has its own already. Its code and
 * its periods are its parent's; taxes, commitment and thresholds are only what is asked for. Source: spec "Overridden plans".
 */
export async function overridePlan(
  trx: Transaction,
  plan: PlanRow,
  overrides: PlanOverridesInput,
  at: Instant,
): Promise<PlanRow> {
  if (plan.parent_id !== null) {
    // What it was begun with stays.
    const { amount_currency: _currency, trial_period: _trial, ...changes } = overrides;
    return editPlan(trx, plan, changes, at);
  }
  const parent = await keepPlan(trx, plan.id);
  if (!parent) throw notFound('plan');
  return makeChild(trx, parent, overrides, at);
}

async function makeChild(
  trx: Transaction,
  parent: PlanRow,
  overrides: PlanOverridesInput,
  at: Instant,
): Promise<PlanRow> {
  const { minimum_commitment, usage_thresholds, tax_codes } = overrides;
  const inputs = (overrides.charges ?? []).map(({ billable_metric_id: _metric, ...input }) => input);
  const references = await findReferences(trx, [tax_codes, minimum_commitment?.tax_codes], inputs);

  const details: Details = refuseNotBuilt(overrides);
  addDetails(details, await checkMinimumCommitment(trx, undefined, minimum_commitment));
  addDetails(details, checkUsageThresholds(usage_thresholds));
  const charges = await copyCharges(trx, parent, inputs, references, details);
  if (Object.keys(details).length > 0) throw invalid(details);

  const child = await insertPlan(trx, childFields(parent, overrides), at);
  if (tax_codes !== undefined) await attachTaxes(trx, 'plan', new Map([[child.id, references.taxIds(tax_codes)]]));
  await writeMinimumCommitment(trx, child.id, minimum_commitment, references, at);
  await writeUsageThresholds(trx, { plan_id: child.id }, usage_thresholds, at);
  await addCharges(trx, child.id, charges, at);
  return child;
}

function childFields(parent: PlanRow, overrides: PlanOverridesInput): PlanFields {
  const { code, interval, pay_in_advance, bill_charges_monthly } = parent;
  const { invoice_display_name, description, trial_period, metadata } = { ...parent, ...sentOnly(overrides) };
  return {
    parent_id: parent.id,
    code,
    interval,
    pay_in_advance,
    bill_charges_monthly,
    name: overrides.name ?? parent.name,
    amount_cents: overrides.amount_cents ?? parent.amount_cents,
    amount_currency: overrides.amount_currency ?? parent.amount_currency,
    invoice_display_name,
    description,
    trial_period,
    metadata,
  };
}

function sentOnly<T extends object>(input: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined)) as never;
}

/** All of the parent's, each with what is asked of it. An id that is none of theirs names nothing. */
async function copyCharges(
  trx: Transaction,
  parent: PlanRow,
  inputs: readonly ChargeInput[],
  references: References,
  details: Details,
): Promise<ChargeWrite[]> {
  const charges = await findCharges(trx, parent.id);
  const wishes = new Map(inputs.map((input) => [input.id?.toLowerCase(), input]));
  const metrics = await findBillableMetrics(
    trx,
    charges.filter(({ id }) => wishes.has(id)).map(({ billable_metric_id }) => billable_metric_id),
  );
  const filtersOf = await findChargeFilters(
    trx,
    charges.map(({ id }) => id),
  );
  return charges.map((charge) => {
    const before = { charge, filters: filtersOf(charge.id) };
    return copiedCharge(wishes.get(charge.id), before, metrics.get(charge.billable_metric_id), references, details);
  });
}
