import { type z } from 'zod';
import { type AggregationType, aggregationTypes } from '../billable-metrics/aggregation.ts';
import type { Currency } from '../money/currency.ts';
import { type Decimal, ZERO } from '../money/decimal.ts';
import { normalizeGroupKeys, validateGroupKeys } from './group-keys.ts';
import type { ProratedChange } from './prorated-graduated.ts';

/** What was used, as plain values. The optional ones are read by one model each, which asserts that it was given them. */
export interface Usage {
  /** After rounding; for a prorated charge the prorated units. Never negative. */
  readonly units: Decimal;
  /** For a prorated charge the units without proration. */
  readonly full_units?: Decimal;
  readonly events_count: number;
  /** Percentage with free units: see `runningTotals` in percentage.ts. */
  readonly running_totals?: readonly Decimal[];
  /** Percentage with bounds per event: the value of each event of the period, in the order of their timestamps. */
  readonly event_values?: readonly Decimal[];
  /** Dynamic: what the events say they cost, together. */
  readonly dynamic_amount_cents?: Decimal;
  /** Custom: what the code says that the events cost, in currency units. */
  readonly custom_amount?: Decimal;
  /** Prorated graduated: what came and went, in its order. */
  readonly prorated_changes?: readonly ProratedChange[];
}

/** In currency units, exact: rounding to cents happens once, in price-charge.ts. */
export interface Price {
  readonly amount: Decimal;
  readonly unit_amount: Decimal;
  /** The steps of the calculation as the wire shows them. */
  readonly amount_details: AmountDetails;
}

export type AmountDetails = Readonly<Record<string, unknown>>;

/** How prices are stored: JSON, amounts as decimal text. */
export type StoredProperties = Readonly<Record<string, unknown>>;

export interface ChargeModel {
  readonly name: string;
  readonly default_properties: StoredProperties;
  readonly aggregation_types: readonly AggregationType[];
  readonly canBePaidInAdvance: boolean;
  /** For which charges of recurring metrics the price may depend on the days of use. */
  readonly prorates: 'never' | 'in_arrears' | 'always';
  readonly isPricedFromUnits: boolean;
  /** The codes of what is wrong with the properties, one for each place; none when they can be stored. */
  validate(properties: unknown, metric: { readonly aggregation_type: AggregationType }): string[];
  /** Valid properties as they are stored: without what the model does not know, and with the keys that usage is grouped by. */
  normalize(properties: unknown): StoredProperties;
  price(input: Usage & { readonly properties: StoredProperties; readonly currency: Currency }): Price;
}

interface Definition<Name extends string, Schema extends z.ZodType<StoredProperties>> {
  readonly name: Name;
  /** Its issues' messages are the codes. Fields go through the checks of properties.ts, so that every wrong place is reported at once. */
  readonly properties: Schema;
  readonly default_properties: z.input<Schema>;
  /** Metrics it can be used with; absent: all. */
  readonly aggregation_types?: readonly AggregationType[];
  /** Metrics refused as a matter of the properties (`invalid_value`). */
  readonly unpriceable_aggregation_types?: readonly AggregationType[];
  readonly canBePaidInAdvance: boolean;
  readonly prorates: ChargeModel['prorates'];
  /** False when the price of the same units depends on the single events. */
  readonly isPricedFromUnits: boolean;
  /** `unit_amount` is left out where it is the amount divided by all units. */
  price(input: Usage & { readonly properties: z.output<Schema>; readonly currency: Currency }): Omit<
    Price,
    'unit_amount'
  > & {
    readonly unit_amount?: Decimal;
  };
}

export function defineChargeModel<const Name extends string, Schema extends z.ZodType<StoredProperties>>(
  definition: Definition<Name, Schema>,
): ChargeModel & { readonly name: Name } {
  const { properties: schema, unpriceable_aggregation_types = [] } = definition;
  return {
    name: definition.name,
    default_properties: schema.parse(definition.default_properties),
    aggregation_types: definition.aggregation_types ?? aggregationTypes,
    canBePaidInAdvance: definition.canBePaidInAdvance,
    prorates: definition.prorates,
    isPricedFromUnits: definition.isPricedFromUnits,
    validate(properties, { aggregation_type }) {
      if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return ['invalid_type'];
      const { error } = schema.safeParse(properties);
      const codes = error ? error.issues.map((issue) => issue.message) : [];
      if (unpriceable_aggregation_types.includes(aggregation_type)) codes.push('invalid_value');
      return [...codes, ...validateGroupKeys(properties as StoredProperties)];
    },
    normalize: (properties) => ({
      ...schema.parse(properties),
      ...normalizeCustomProperties(properties),
      ...normalizeGroupKeys(properties),
    }),
    price(input) {
      const price = definition.price({ ...input, properties: schema.parse(input.properties) });
      return { ...price, unit_amount: price.unit_amount ?? perUnit(price.amount, input.full_units ?? input.units) };
    },
  };
}

/** What the code of a metric is handed, with any model: kept as it was sent. */
function normalizeCustomProperties(properties: unknown): StoredProperties {
  const { custom_properties } = properties as StoredProperties;
  const isKept = typeof custom_properties === 'string' || (typeof custom_properties === 'object' && custom_properties);
  return isKept ? { custom_properties } : {};
}

function perUnit(amount: Decimal, units: Decimal): Decimal {
  return units.isZero() ? ZERO : amount.div(units);
}
