import {
  type ChargeTerms,
  isLeftOut,
  storedFilters,
  storedProperties,
  validateCharge,
} from '../../../billing/charges/validate.ts';
import type { ChargeModelName } from '../../../billing/charge-models/index.ts';
import type { ChargePricingUnit } from '../../../billing/charges/pricing-unit.ts';
import { notFound } from '../../../billing/errors.ts';
import { chooseChargeCodes } from '../../../billing/plans/charge-codes.ts';
import type { Charge } from '../../../billing/plans/plan.ts';
import type { ChargeFilter } from '../../../billing/usage/filters.ts';
import { type BillableMetricRow, findBillableMetrics } from '../../../db/billable-metrics.ts';
import type { ChargeFilterFields } from '../../../db/charge-filters.ts';
import { isId } from '../../../db/ids.ts';
import { findPricingUnitsByCode, type PricingUnitRow } from '../../../db/pricing-units.ts';
import type { ChargeFields } from '../../../db/plans.ts';
import { findTaxesByCode } from '../../../db/taxes.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { ChargeInput } from '../../contracts/plans.ts';

export type Details = Record<string, string[]>;

/** A charge as it is to be stored, with what hangs on it. */
export interface ChargeWrite {
  readonly fields: ChargeFields & { readonly parent_id?: string };
  readonly filters: readonly ChargeFilterFields[];
  /** Undefined: they stay. */
  readonly tax_ids: readonly string[] | undefined;
}

export interface StoredCharge {
  readonly charge: Charge;
  readonly filters: readonly ChargeFilter[];
}

/** What charges refer to. */
export interface References {
  readonly metrics: ReadonlyMap<string, BillableMetricRow>;
  readonly pricingUnits: ReadonlyMap<string, PricingUnitRow>;
  taxIds(codes: readonly string[] | null | undefined): string[];
}

/** Everything that a plan and its charges name, at once. @throws 404 when something of it does not exist. */
export async function findReferences(
  trx: Transaction,
  plan_tax_codes: readonly (readonly string[] | null | undefined)[],
  charges: readonly ChargeInput[],
  unknownMetric: 'billable_metrics' | 'billable_metric' = 'billable_metrics',
): Promise<References> {
  const metric_ids = charges.map(({ billable_metric_id }) => billable_metric_id ?? '').filter((id) => id !== '');
  const metrics = await findBillableMetrics(trx, metric_ids.filter(isId));
  if (metric_ids.some((id) => !metrics.has(id.toLowerCase()))) throw notFound(unknownMetric);
  const codes = [...plan_tax_codes, ...charges.map(({ tax_codes }) => tax_codes)].flatMap((list) => list ?? []);
  const taxes = await findTaxesByCode(trx, codes);
  const pricingUnits = await findPricingUnitsByCode(
    trx,
    charges.flatMap(({ applied_pricing_unit }) => applied_pricing_unit?.code ?? []),
  );
  return {
    metrics,
    pricingUnits,
    taxIds: (wanted) => (wanted ?? []).map((code) => (taxes.get(code) as { id: string }).id),
  };
}

function metricOf(charge: ChargeInput, { metrics }: References): BillableMetricRow {
  const metric = metrics.get(charge.billable_metric_id?.toLowerCase() ?? '');
  if (!metric) throw notFound('billable_metric');
  return metric;
}

/** A charge as it would be stored, with the model's defaults. */
function termsOf(input: ChargeInput, before?: StoredCharge): ChargeTerms {
  const { charge, filters = [] } = before ?? {};
  return {
    charge_model: input.charge_model ?? charge?.charge_model ?? '',
    pay_in_advance: input.pay_in_advance ?? charge?.pay_in_advance ?? false,
    invoiceable: input.invoiceable ?? charge?.invoiceable ?? true,
    regroup_paid_fees:
      input.regroup_paid_fees === undefined ? (charge?.regroup_paid_fees ?? null) : input.regroup_paid_fees,
    prorated: input.prorated ?? charge?.prorated ?? false,
    min_amount_cents: input.min_amount_cents ?? charge?.min_amount_cents ?? 0,
    properties: input.properties,
    // Those that stay are held against the charge as well: its model may be another now.
    filters: input.filters === undefined ? filters : (input.filters ?? []),
    ...ratesOf(input, charge),
    ...(input.accepts_target_wallet !== undefined && { accepts_target_wallet: input.accepts_target_wallet }),
  };
}

/** A rate is checked where there is a unit. */
function ratesOf(
  { applied_pricing_unit: wish }: ChargeInput,
  before: Charge | undefined,
): Pick<ChargeTerms, 'conversion_rate'> {
  if (wish === undefined) return before?.conversion_rate ? { conversion_rate: before.conversion_rate } : {};
  if (wish === null || (!wish.code && !before?.pricing_unit_id)) return {};
  return { conversion_rate: wish.conversion_rate ?? before?.conversion_rate };
}

/** Its unit stays with a charge that is billed already, and goes where null is sent. */
function pricingUnitOf(
  terms: ChargeTerms,
  { applied_pricing_unit: wish }: ChargeInput,
  before: Charge | undefined,
  { pricingUnits }: References,
): ChargePricingUnit {
  if (!('conversion_rate' in terms)) return { pricing_unit_id: null, conversion_rate: null };
  return {
    pricing_unit_id: pricingUnits.get(wish?.code ?? '')?.id ?? before?.pricing_unit_id ?? null,
    conversion_rate: String(terms.conversion_rate),
  };
}

/** Call it when `validateCharge` found nothing. */
function toWrite(
  terms: ChargeTerms,
  { invoice_display_name, tax_codes }: ChargeInput,
  fixed: Pick<ChargeFields, 'code' | 'billable_metric_id' | 'pricing_unit_id' | 'conversion_rate'>,
  references: References,
): ChargeWrite {
  const { pay_in_advance, invoiceable, regroup_paid_fees, prorated, min_amount_cents } = terms;
  return {
    fields: {
      ...fixed,
      charge_model: terms.charge_model as ChargeModelName,
      properties: storedProperties(terms),
      invoice_display_name: invoice_display_name ?? null,
      pay_in_advance,
      invoiceable,
      regroup_paid_fees: regroup_paid_fees as ChargeFields['regroup_paid_fees'],
      prorated,
      min_amount_cents,
    },
    filters: storedFilters(terms),
    tax_ids: tax_codes === undefined ? undefined : references.taxIds(tax_codes),
  };
}

/** New charges beside those whose codes are taken. What is wrong with them is added to `details`, and then nothing comes back. */
export function newCharges(
  inputs: readonly ChargeInput[],
  references: References,
  taken: readonly string[],
  details: Details,
): ChargeWrite[] {
  const wishes = inputs.map((input) => ({ input, metric: metricOf(input, references), terms: termsOf(input) }));
  const codes = chooseChargeCodes(
    wishes.map(({ input, metric }) => ({ code: input.code, metric_code: metric.code })),
    taken,
  );
  if (codes.includes(undefined)) addDetails(details, { code: ['value_already_exist'] });
  for (const { terms, metric } of wishes) addDetails(details, validateCharge(terms, metric));
  if (Object.keys(details).length > 0) return [];
  return wishes.map(({ input, metric, terms }, index) =>
    toWrite(
      terms,
      input,
      {
        code: codes[index] as string,
        billable_metric_id: metric.id,
        ...pricingUnitOf(terms, input, undefined, references),
      },
      references,
    ),
  );
}

/** A charge after its update. What is wrong with it is added to `details`, and then nothing comes back. */
export function changedCharge(
  input: ChargeInput,
  before: StoredCharge,
  isFixed: boolean,
  metric: BillableMetricRow,
  references: References,
  details: Details,
): (ChargeWrite & { readonly id: string }) | undefined {
  const { charge } = before;
  const allowed = isFixed ? onlyPrices(input, charge) : input;
  const terms = termsOf(allowed, before);
  const found = validateCharge(terms, metric);
  addDetails(details, found);
  if (Object.keys(found).length > 0) return undefined;
  const code = isFixed ? charge.code : codeAfter(input, charge);
  const { id, billable_metric_id } = charge;
  const unit = pricingUnitOf(terms, allowed, charge, references);
  return { id, ...toWrite(terms, input, { code, billable_metric_id, ...unit }, references) };
}

export function codeAfter({ code }: ChargeInput, before: Pick<Charge, 'code'>): string {
  return code?.trim() ? code : before.code;
}

/** A copy of a charge for a single subscription, with what it pays differently. What is wrong with that is added to `details`. */
export function copiedCharge(
  input: ChargeInput | undefined,
  before: StoredCharge,
  metric: BillableMetricRow | undefined,
  references: References,
  details: Details,
): ChargeWrite {
  const { charge } = before;
  const changed = input && metric ? overriddenCharge(input, before, metric, references, details) : undefined;
  const { filters } = changed ?? before;
  return {
    fields: { ...(changed?.fields ?? chargeFields(charge)), parent_id: charge.id },
    // The copy's are filters of its own.
    filters: filters.map(({ id: _id, ...filter }) => filter),
    tax_ids: changed?.tax_ids,
  };
}

/** What makes a charge, without what it belongs to. */
export function chargeFields(charge: Charge): ChargeFields {
  const { billable_metric_id, code, invoice_display_name, charge_model, properties, pay_in_advance } = charge;
  const { invoiceable, regroup_paid_fees, prorated, min_amount_cents, pricing_unit_id, conversion_rate } = charge;
  const terms = { billable_metric_id, code, invoice_display_name, charge_model, properties, pay_in_advance };
  return { ...terms, invoiceable, regroup_paid_fees, prorated, min_amount_cents, pricing_unit_id, conversion_rate };
}

/** A charge of a single subscription after its update. Unlike those of plans that are sold to many, it keeps what is not sent. */
export function overriddenCharge(
  input: ChargeInput,
  before: StoredCharge,
  metric: BillableMetricRow,
  references: References,
  details: Details,
): ChargeWrite | undefined {
  const { charge } = before;
  const { invoice_display_name = charge.invoice_display_name, filters, tax_codes, min_amount_cents } = input;
  const properties = isLeftOut(input.properties) ? charge.properties : input.properties;
  const rate = charge.pricing_unit_id === null ? undefined : input.applied_pricing_unit?.conversion_rate;
  const applied_pricing_unit = rate == null ? undefined : { conversion_rate: rate };
  const kept = { properties, invoice_display_name, applied_pricing_unit };
  const wish = { ...kept, filters, tax_codes, min_amount_cents } as ChargeInput;
  const terms = termsOf(wish, before);
  const found = validateCharge(terms, metric);
  addDetails(details, found);
  if (Object.keys(found).length > 0) return undefined;
  const { code, billable_metric_id } = charge;
  return toWrite(
    terms,
    wish,
    { code, billable_metric_id, ...pricingUnitOf(terms, wish, charge, references) },
    references,
  );
}

/** Of a charge that is billed already. */
function onlyPrices(
  { properties, filters, invoice_display_name, applied_pricing_unit: unit }: ChargeInput,
  { pricing_unit_id }: Charge,
): ChargeInput {
  const rate = unit && pricing_unit_id ? { conversion_rate: unit.conversion_rate } : undefined;
  return { properties, filters, invoice_display_name, applied_pricing_unit: rate } as ChargeInput;
}

export function addDetails(details: Details, more: Details): void {
  for (const [field, codes] of Object.entries(more)) (details[field] ??= []).push(...codes);
}
