import { type ChargeTerms, storedProperties, validateCharge } from '../../../billing/charges/validate.ts';
import type { ChargeModelName } from '../../../billing/charge-models/index.ts';
import { notFound } from '../../../billing/errors.ts';
import { chooseChargeCodes } from '../../../billing/plans/charge-codes.ts';
import { type BillableMetricRow, findBillableMetrics } from '../../../db/billable-metrics.ts';
import { isId } from '../../../db/ids.ts';
import type { ChargeFields } from '../../../db/plans.ts';
import { findTaxesByCode } from '../../../db/taxes.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { ChargeInput } from '../../contracts/plans.ts';

export type Details = Record<string, string[]>;

/** What charges refer to. */
export interface References {
  readonly metrics: ReadonlyMap<string, BillableMetricRow>;
  taxIds(codes: readonly string[] | null | undefined): string[];
}

/** Everything that a plan and its charges name, at once. @throws 404 when something of it does not exist. */
export async function findReferences(
  trx: Transaction,
  plan_tax_codes: readonly string[] | null | undefined,
  charges: readonly ChargeInput[],
): Promise<References> {
  const metric_ids = charges.map(({ billable_metric_id }) => billable_metric_id ?? '').filter((id) => id !== '');
  const metrics = await findBillableMetrics(trx, metric_ids.filter(isId));
  if (metric_ids.some((id) => !metrics.has(id.toLowerCase()))) throw notFound('billable_metrics');
  const codes = [plan_tax_codes, ...charges.map(({ tax_codes }) => tax_codes)].flatMap((list) => list ?? []);
  const taxes = await findTaxesByCode(trx, codes);
  return {
    metrics,
    taxIds: (wanted) => (wanted ?? []).map((code) => (taxes.get(code) as { id: string }).id),
  };
}

export function metricOf(charge: ChargeInput, { metrics }: References): BillableMetricRow {
  const metric = metrics.get(charge.billable_metric_id?.toLowerCase() ?? '');
  if (!metric) throw notFound('billable_metrics');
  return metric;
}

/** A charge as it would be stored, with the model's defaults. */
export function termsOf(input: ChargeInput, before?: ChargeFields): ChargeTerms {
  return {
    charge_model: input.charge_model ?? before?.charge_model ?? '',
    pay_in_advance: input.pay_in_advance ?? before?.pay_in_advance ?? false,
    invoiceable: input.invoiceable ?? before?.invoiceable ?? true,
    regroup_paid_fees:
      input.regroup_paid_fees === undefined ? (before?.regroup_paid_fees ?? null) : input.regroup_paid_fees,
    prorated: input.prorated ?? before?.prorated ?? false,
    min_amount_cents: input.min_amount_cents ?? before?.min_amount_cents ?? 0,
    properties: input.properties,
    ...(input.filters !== undefined && { filters: input.filters }),
    ...(input.applied_pricing_unit !== undefined && { applied_pricing_unit: input.applied_pricing_unit }),
    ...(input.accepts_target_wallet !== undefined && { accepts_target_wallet: input.accepts_target_wallet }),
  };
}

/** Call it when `validateCharge` found nothing. */
export function toFields(
  terms: ChargeTerms,
  { invoice_display_name }: ChargeInput,
  fixed: Pick<ChargeFields, 'code' | 'billable_metric_id'>,
): ChargeFields {
  const { pay_in_advance, invoiceable, regroup_paid_fees, prorated, min_amount_cents } = terms;
  return {
    ...fixed,
    charge_model: terms.charge_model as ChargeModelName,
    properties: storedProperties(terms),
    invoice_display_name: invoice_display_name ?? null,
    pay_in_advance,
    invoiceable,
    regroup_paid_fees: regroup_paid_fees as ChargeFields['regroup_paid_fees'],
    prorated,
    min_amount_cents,
  };
}

/** New charges beside those whose codes are taken. What is wrong with them is added to `details`, and then nothing comes back. */
export function newCharges(
  inputs: readonly ChargeInput[],
  references: References,
  taken: readonly string[],
  details: Details,
): ChargeFields[] {
  const metrics = inputs.map((input) => metricOf(input, references));
  const wishes = inputs.map(({ code }, index) => ({ code, metric_code: (metrics[index] as BillableMetricRow).code }));
  const codes = chooseChargeCodes(wishes, taken);
  if (codes.includes(undefined)) addDetails(details, { code: ['value_already_exist'] });
  inputs.forEach((input, index) =>
    addDetails(details, validateCharge(termsOf(input), metrics[index] as BillableMetricRow)),
  );
  if (Object.keys(details).length > 0) return [];
  return inputs.map((input, index) =>
    toFields(termsOf(input), input, {
      code: codes[index] as string,
      billable_metric_id: (metrics[index] as BillableMetricRow).id,
    }),
  );
}

export function addDetails(details: Details, more: Details): void {
  for (const [field, codes] of Object.entries(more)) (details[field] ??= []).push(...codes);
}
