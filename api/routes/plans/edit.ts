import { reconsiderChanges } from '../../../activities/subscriptions/reconsider-changes.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { invalid } from '../../../billing/errors.ts';
import { refuseNotBuilt } from '../../../billing/plans/not-built-yet.ts';
import { type Charge, billChargesMonthly } from '../../../billing/plans/plan.ts';
import { type BillableMetricRow, findBillableMetrics } from '../../../db/billable-metrics.ts';
import { findChargeFilters } from '../../../db/charge-filters.ts';
import {
  type PlanFields,
  type PlanRow,
  deleteCharges,
  findCharges,
  findPlan,
  updatePlan,
  wasSubscribed,
} from '../../../db/plans.ts';
import { attachTaxes } from '../../../db/taxes.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { ChargeInput, PlanUpdateInput } from '../../contracts/plans.ts';
import {
  type ChargeWrite,
  type Details,
  type References,
  addDetails,
  changedCharge,
  codeAfter,
  findReferences,
  newCharges,
} from './charges.ts';
import { checkUsageThresholds, writeUsageThresholds } from '../progressive-billing/usage-thresholds.ts';
import { checkMinimumCommitment, writeMinimumCommitment } from './minimum-commitment.ts';
import { addCharges, changeCharges } from './write-charges.ts';

/** What becomes of the charges, decided before anything is written. */
interface ChargeChanges {
  readonly changed: readonly (ChargeWrite & { readonly id: string })[];
  readonly added: readonly ChargeWrite[];
  readonly removed: readonly string[];
}

export async function editPlan(trx: Transaction, plan: PlanRow, input: PlanUpdateInput, at: Instant): Promise<PlanRow> {
  const isFixed = await wasSubscribed(trx, plan.id);
  const references = await findReferences(
    trx,
    [input.tax_codes, input.minimum_commitment?.tax_codes],
    input.charges ?? [],
  );

  const details: Details = refuseNotBuilt(input);
  addDetails(details, await checkMinimumCommitment(trx, plan.id, input.minimum_commitment));
  addDetails(details, checkUsageThresholds(input.usage_thresholds));
  const changes = isFixed ? editableAlways(input) : { ...editableAlways(input), ...editableBefore(input) };
  const { code } = changes;
  if (code !== undefined && code !== plan.code && (await findPlan(trx, code)))
    addDetails(details, { code: ['value_already_exist'] });
  const charges = input.charges && (await decideCharges(trx, plan, input.charges, isFixed, references, details));
  if (Object.keys(details).length > 0) throw invalid(details);

  if (input.tax_codes !== undefined)
    await attachTaxes(trx, 'plan', new Map([[plan.id, references.taxIds(input.tax_codes)]]));
  await writeMinimumCommitment(trx, plan.id, input.minimum_commitment, references, at);
  await writeUsageThresholds(trx, { plan_id: plan.id }, input.usage_thresholds, at);
  if (charges) {
    await deleteCharges(trx, charges.removed, at);
    await changeCharges(trx, charges.changed, at);
    await addCharges(trx, plan.id, charges.added, at);
  }
  const updated = await updatePlan(trx, plan.id, changes, at);
  if (updated.amount_cents !== plan.amount_cents) await reconsiderChanges(trx, updated, at);
  return updated;
}

function editableAlways({
  name,
  invoice_display_name,
  description,
  amount_cents,
  metadata,
}: PlanUpdateInput): Partial<PlanFields> {
  return withoutAbsent({ name, invoice_display_name, description, amount_cents, metadata });
}

/** What subscribers agreed to: kept once there was one, whatever is sent. */
function editableBefore(input: PlanUpdateInput): Partial<PlanFields> {
  const { code, interval, pay_in_advance, amount_currency, trial_period } = input;
  return {
    ...withoutAbsent({ code, interval, pay_in_advance, amount_currency, trial_period }),
    bill_charges_monthly: billChargesMonthly(interval, input.bill_charges_monthly),
  };
}

function withoutAbsent<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

/** The list is complete: what has the id of a charge changes it, everything else is new, and what is not listed goes. */
async function decideCharges(
  trx: Transaction,
  plan: PlanRow,
  inputs: readonly ChargeInput[],
  isFixed: boolean,
  references: References,
  details: Details,
): Promise<ChargeChanges> {
  const known = new Map((await findCharges(trx, plan.id)).map((charge) => [charge.id, charge]));
  const isKnown = ({ id }: ChargeInput): boolean => known.has(id?.toLowerCase() ?? '');
  const kept = inputs.filter(isKnown).map((input) => ({ input, charge: known.get(input.id!.toLowerCase()) as Charge }));
  const metrics = await findBillableMetrics(
    trx,
    kept.map(({ charge }) => charge.billable_metric_id),
  );
  const filtersOf = await findChargeFilters(trx, [...known.keys()]);

  const changed = kept.flatMap(({ input, charge }) => {
    const before = { charge, filters: filtersOf(charge.id) };
    const metric = metrics.get(charge.billable_metric_id) as BillableMetricRow;
    return changedCharge(input, before, isFixed, metric, references, details) ?? [];
  });
  const codes = kept.map(({ input, charge }) => (isFixed ? charge.code : codeAfter(input, charge)));
  if (new Set(codes).size < codes.length) addDetails(details, { code: ['value_already_exist'] });

  const newInputs = inputs.filter((input) => !isKnown(input));
  const added = newCharges(newInputs, references, codes, details);
  const listed = new Set(kept.map(({ charge }) => charge.id));
  return { changed, added, removed: [...known.keys()].filter((id) => !listed.has(id)) };
}
