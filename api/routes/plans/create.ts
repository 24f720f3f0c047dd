import type { Instant } from '../../../billing/clock/instant.ts';
import { invalid } from '../../../billing/errors.ts';
import { refuseNotBuilt } from '../../../billing/plans/not-built-yet.ts';
import { billChargesMonthly } from '../../../billing/plans/plan.ts';
import { type PlanRow, findPlan, insertPlan } from '../../../db/plans.ts';
import { attachTaxes } from '../../../db/taxes.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { PlanCreateInput } from '../../contracts/plans.ts';
import { checkUsageThresholds, writeUsageThresholds } from '../progressive-billing/usage-thresholds.ts';
import { type Details, addDetails, findReferences, newCharges } from './charges.ts';
import { addCharges } from './write-charges.ts';
import { checkMinimumCommitment, writeMinimumCommitment } from './minimum-commitment.ts';

export async function createPlan(trx: Transaction, input: PlanCreateInput, at: Instant): Promise<PlanRow> {
  const charges = input.charges ?? [];
  const references = await findReferences(trx, [input.tax_codes, input.minimum_commitment?.tax_codes], charges);

  const details: Details = refuseNotBuilt(input);
  if (await findPlan(trx, input.code)) addDetails(details, { code: ['value_already_exist'] });
  addDetails(details, await checkMinimumCommitment(trx, undefined, input.minimum_commitment));
  addDetails(details, checkUsageThresholds(input.usage_thresholds));
  const newOnes = newCharges(charges, references, [], details);
  if (Object.keys(details).length > 0) throw invalid(details);

  const { name, code, interval, amount_cents, amount_currency, pay_in_advance } = input;
  const plan = await insertPlan(
    trx,
    {
      parent_id: null,
      metadata: input.metadata ?? null,
      name,
      code,
      interval,
      amount_cents,
      amount_currency,
      pay_in_advance,
      invoice_display_name: input.invoice_display_name ?? null,
      description: input.description ?? null,
      trial_period: input.trial_period ?? null,
      bill_charges_monthly: billChargesMonthly(interval, input.bill_charges_monthly),
    },
    at,
  );
  await attachTaxes(trx, 'plan', new Map([[plan.id, references.taxIds(input.tax_codes)]]));
  await writeMinimumCommitment(trx, plan.id, input.minimum_commitment, references, at);
  await writeUsageThresholds(trx, { plan_id: plan.id }, input.usage_thresholds, at);
  await addCharges(trx, plan.id, newOnes, at);
  return plan;
}
