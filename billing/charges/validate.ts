import type { AggregationType } from '../billable-metrics/aggregation.ts';
import type { MetricFilter } from '../billable-metrics/filters.ts';
import type { ChargeModel, StoredProperties } from '../charge-models/charge-model.ts';
import { chargeModel, isChargeModelName } from '../charge-models/index.ts';
import type { ChargeFilter } from '../usage/filters.ts';
import { type FilterTerms, storedFilter, validateFilter } from './filters.ts';
import { notBuiltYet } from './not-built-yet.ts';
import { validateConversionRate } from './pricing-unit.ts';

/** A charge as a caller describes it, defaults filled in. */
export interface ChargeTerms {
  readonly charge_model: string;
  readonly pay_in_advance: boolean;
  readonly invoiceable: boolean;
  readonly regroup_paid_fees: string | null;
  readonly prorated: boolean;
  readonly min_amount_cents: number;
  /** As sent: absent, null and `{}` stand for the model's default. */
  readonly properties?: unknown;
  readonly filters: readonly FilterTerms[];
  /** Of what its prices are in; absent: the currency. */
  readonly conversion_rate?: unknown;
  readonly accepts_target_wallet?: boolean | null;
}

export interface MeteredBy {
  readonly aggregation_type: AggregationType;
  readonly recurring: boolean;
  readonly filters: readonly MetricFilter[];
}

type Details = Record<string, string[]>;

/** What is wrong with a charge, by field; empty when it can be stored. */
export function validateCharge(charge: ChargeTerms, metric: MeteredBy): Details {
  const details: Details = {};
  const add = (field: string, code: string): void => void (details[field] ??= []).push(code);

  checkAmounts(charge, add);
  checkInvoicing(charge, add);
  if ('conversion_rate' in charge)
    for (const code of validateConversionRate(charge.conversion_rate)) add('conversion_rate', code);
  if (isChargeModelName(charge.charge_model)) {
    const model = chargeModel(charge.charge_model);
    checkCombination(charge, model, metric, add);
    for (const filter of charge.filters)
      for (const [field, codes] of Object.entries(validateFilter(filter, model, metric)))
        codes.forEach((code) => add(field, code));
    for (const { field, code, isAskedFor } of notBuiltYet)
      if (isAskedFor(charge) && !details[field]?.includes(code)) add(field, code);
  } else {
    add('charge_model', 'value_is_invalid');
  }
  return details;
}

/** The properties to store for a valid charge. */
export function storedProperties(charge: Pick<ChargeTerms, 'charge_model' | 'properties'>): StoredProperties {
  const model = chargeModel(charge.charge_model);
  return isLeftOut(charge.properties) ? model.default_properties : model.normalize(charge.properties);
}

/** The filters to store for a valid charge, in their order. */
export function storedFilters(
  charge: Pick<ChargeTerms, 'charge_model' | 'filters'>,
): (Omit<ChargeFilter, 'id'> & { readonly id?: string })[] {
  const model = chargeModel(charge.charge_model);
  return charge.filters.map((filter) => ({
    ...(filter.id !== undefined && { id: filter.id }),
    ...storedFilter(filter, model),
  }));
}

type Add = (field: string, code: string) => void;

function checkAmounts({ min_amount_cents, pay_in_advance }: ChargeTerms, add: Add): void {
  if (min_amount_cents < 0) add('min_amount_cents', 'value_is_out_of_range');
  if (min_amount_cents > 0 && pay_in_advance) add('min_amount_cents', 'not_compatible_with_pay_in_advance');
}

function checkInvoicing({ pay_in_advance, invoiceable, regroup_paid_fees }: ChargeTerms, add: Add): void {
  if (!invoiceable && !pay_in_advance) add('invoiceable', 'must_be_true_unless_pay_in_advance');
  if (regroup_paid_fees === null) return;
  if (regroup_paid_fees !== 'invoice') add('regroup_paid_fees', 'value_is_invalid');
  else if (!pay_in_advance || invoiceable)
    add('regroup_paid_fees', 'only_compatible_with_pay_in_advance_and_non_invoiceable');
}

/** Metrics of which one event's share is known when it arrives. */
const PAYABLE_IN_ADVANCE: readonly AggregationType[] = ['count_agg', 'sum_agg', 'unique_count_agg', 'custom_agg'];

function checkCombination(charge: ChargeTerms, model: ChargeModel, metric: MeteredBy, add: Add): void {
  const { aggregation_type, recurring } = metric;
  if (!model.aggregation_types.includes(aggregation_type))
    add('charge_model', 'invalid_aggregation_type_or_charge_model');

  if (charge.pay_in_advance && !(model.canBePaidInAdvance && PAYABLE_IN_ADVANCE.includes(aggregation_type)))
    add('pay_in_advance', 'invalid_aggregation_type_or_charge_model');

  const modelProrates = model.prorates === 'always' || (model.prorates === 'in_arrears' && !charge.pay_in_advance);
  // A weighted sum already counts the time.
  if (charge.prorated && !(modelProrates && recurring && aggregation_type !== 'weighted_sum_agg'))
    add('prorated', 'invalid_billable_metric_or_charge_model');

  const properties = isLeftOut(charge.properties) ? model.default_properties : charge.properties;
  for (const code of model.validate(properties, metric)) add('properties', code);
}

/** Absent, null and `{}` stand for properties that were not sent. */
export function isLeftOut(properties: unknown): boolean {
  if (properties === undefined || properties === null) return true;
  return typeof properties === 'object' && !Array.isArray(properties) && Object.keys(properties).length === 0;
}
