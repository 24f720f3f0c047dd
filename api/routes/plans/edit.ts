import type { Instant } from '../../../billing/clock/instant.ts';
import { validateCharge } from '../../../billing/charges/validate.ts';
import { invalid } from '../../../billing/errors.ts';
import { refuseNotBuilt } from '../../../billing/plans/not-built-yet.ts';
import { type Charge, billChargesMonthly } from '../../../billing/plans/plan.ts';
import { findBillableMetrics } from '../../../db/billable-metrics.ts';
import {
  type ChargeFields,
  type PlanFields,
  type PlanRow,
  deleteCharges,
  findCharges,
  findPlan,
  insertCharges,
  updateCharge,
  updatePlan,
  wasSubscribed,
} from '../../../db/plans.ts';
import { attachTaxes } from '../../../db/taxes.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { ChargeInput, PlanUpdateInput } from '../../contracts/plans.ts';
import { type Details, type References, addDetails, findReferences, newCharges, termsOf, toFields } from './charges.ts';

/** What becomes of the charges, decided before anything is written. */
interface ChargeChanges {
  readonly changed: readonly { readonly id: string; readonly fields: ChargeFields; readonly input: ChargeInput }[];
  readonly added: readonly { readonly fields: ChargeFields; readonly input: ChargeInput }[];
  readonly removed: readonly string[];
}

export async function editPlan(trx: Transaction, plan: PlanRow, input: PlanUpdateInput, at: Instant): Promise<PlanRow> {
  const isFixed = await wasSubscribed(trx, plan.id);
  const references = await findReferences(trx, input.tax_codes, input.charges ?? []);

  const details: Details = refuseNotBuilt(input);
  const changes = isFixed ? editableAlways(input) : { ...editableAlways(input), ...editableBefore(input) };
  const { code } = changes;
  if (code !== undefined && code !== plan.code && (await findPlan(trx, code)))
    addDetails(details, { code: ['value_already_exist'] });
  const charges = input.charges && (await decideCharges(trx, plan, input.charges, isFixed, references, details));
  if (Object.keys(details).length > 0) throw invalid(details);

  if (input.tax_codes !== undefined)
    await attachTaxes(trx, 'plan', new Map([[plan.id, references.taxIds(input.tax_codes)]]));
  if (charges) await writeCharges(trx, plan, charges, references, at);
  return updatePlan(trx, plan.id, changes, at);
}

function editableAlways({
  name,
  invoice_display_name,
  description,
  amount_cents,
}: PlanUpdateInput): Partial<PlanFields> {
  return withoutAbsent({ name, invoice_display_name, description, amount_cents });
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

  const changed = kept.map(({ input, charge }) => {
    const terms = termsOf(isFixed ? onlyPrices(input) : input, charge);
    const metric = metrics.get(charge.billable_metric_id)!;
    const found = validateCharge(terms, metric);
    addDetails(details, found);
    const code = isFixed ? charge.code : (input.code ?? charge.code);
    const isValid = Object.keys(found).length === 0;
    return {
      id: charge.id,
      input,
      fields: isValid ? toFields(terms, input, { code, billable_metric_id: charge.billable_metric_id }) : charge,
    };
  });
  const codes = changed.map(({ fields }) => fields.code);
  if (new Set(codes).size < codes.length) addDetails(details, { code: ['value_already_exist'] });

  const newInputs = inputs.filter((input) => !isKnown(input));
  const added = newCharges(newInputs, references, codes, details).map((fields, index) => ({
    fields,
    input: newInputs[index] as ChargeInput,
  }));
  const listed = new Set(kept.map(({ charge }) => charge.id));
  return { changed, added, removed: [...known.keys()].filter((id) => !listed.has(id)) };
}

/** Of a charge that is billed already. */
function onlyPrices({ properties, filters, invoice_display_name, applied_pricing_unit }: ChargeInput): ChargeInput {
  return { properties, filters, invoice_display_name, applied_pricing_unit } as ChargeInput;
}

async function writeCharges(
  trx: Transaction,
  plan: PlanRow,
  { changed, added, removed }: ChargeChanges,
  references: References,
  at: Instant,
): Promise<void> {
  await deleteCharges(trx, removed, at);
  for (const { id, fields } of changed) {
    const { code, charge_model, properties, invoice_display_name, pay_in_advance, invoiceable } = fields;
    const { regroup_paid_fees, prorated, min_amount_cents } = fields;
    const prices = { charge_model, properties, invoice_display_name };
    const terms = { code, pay_in_advance, invoiceable, regroup_paid_fees, prorated, min_amount_cents };
    await updateCharge(trx, id, { ...prices, ...terms }, at);
  }
  const stored = await insertCharges(
    trx,
    plan.id,
    added.map(({ fields }) => fields),
    at,
  );
  const ids = [...changed, ...stored.map(({ id }, index) => ({ id, input: added[index]!.input }))];
  const taxed = ids.filter(({ input }) => input.tax_codes !== undefined);
  await attachTaxes(
    trx,
    'charge',
    new Map(taxed.map(({ id, input }) => [id, references.taxIds(input.tax_codes)] as const)),
  );
}
