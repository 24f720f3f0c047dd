import type { MetricFilter } from '../billable-metrics/filters.ts';
import type { ChargeModel } from '../charge-models/charge-model.ts';
import { ALL_FILTER_VALUES, type ChargeFilter, type FilterValues } from '../usage/filters.ts';

/** A filter as a caller describes it. Its properties are its own: nothing is inherited from the charge. */
export interface FilterTerms {
  /** Of the stored filter that it changes; absent where its values tell. */
  readonly id?: string;
  readonly values?: unknown;
  readonly properties?: unknown;
  readonly invoice_display_name?: string | null | undefined;
}

type Details = Record<string, string[]>;

/** What is wrong with a filter, by field; empty when it can be stored. */
export function validateFilter(
  filter: FilterTerms,
  model: ChargeModel,
  metric: Parameters<ChargeModel['validate']>[1] & { readonly filters: readonly MetricFilter[] },
): Details {
  const details = validateValues(filter.values, metric.filters);
  const properties = model.validate(ownProperties(filter), metric);
  return properties.length > 0 ? { ...details, properties } : details;
}

function validateValues(values: unknown, listed: readonly MetricFilter[]): Details {
  if (values === undefined || values === null) return { values: ['value_is_mandatory'] };
  if (typeof values !== 'object' || Array.isArray(values)) return { values: ['value_is_invalid'] };
  const entries: [string, unknown][] = Object.entries(values);
  if (entries.length === 0) return { values: ['value_is_mandatory'] };

  const codes = new Set<string>();
  const known = new Map(listed.map(({ key, values: list }) => [key, list]));
  for (const [key, list] of entries) {
    if (Array.isArray(list) && list.length === 0) codes.add('value_is_mandatory');
    else if (!isListOf(list, known.get(key) ?? [])) codes.add('value_is_invalid');
  }
  const isUnknown = entries.some(([key]) => !known.has(key));
  return {
    ...(isUnknown && { billable_metric_filter: ['relation_must_exist'] }),
    ...(codes.size > 0 && { values: [...codes] }),
  };
}

function isListOf(list: unknown, values: readonly string[]): boolean {
  if (!Array.isArray(list) || values.length === 0) return false;
  if (list.every((value) => value === ALL_FILTER_VALUES)) return true;
  return list.every((value: unknown) => typeof value === 'string' && values.includes(value));
}

/** A valid filter as it is stored. */
export function storedFilter(filter: FilterTerms, model: ChargeModel): Omit<ChargeFilter, 'id'> {
  const entries = Object.entries(filter.values as FilterValues).map(([key, list]) => [key, [...new Set(list)]]);
  return {
    values: Object.fromEntries(entries) as FilterValues,
    properties: model.normalize(ownProperties(filter)),
    invoice_display_name: filter.invoice_display_name ?? null,
  };
}

/** A breakdown for show is the whole charge's: filters have none. */
function ownProperties({ properties }: FilterTerms): unknown {
  if (properties === undefined || properties === null) return {};
  if (typeof properties !== 'object' || Array.isArray(properties)) return properties;
  const { presentation_group_keys: _, ...own } = properties as Record<string, unknown>;
  return own;
}

/**
 * Which of the stored filters each of the wanted ones is: the one with its id, else the first with its very values, whatever the order of the keys.
 * Undefined: a new one. A stored filter is found once.
 */
export function matchFilters(
  stored: readonly Pick<ChargeFilter, 'id' | 'values'>[],
  wanted: readonly (Pick<ChargeFilter, 'values'> & { readonly id?: string })[],
): (string | undefined)[] {
  const left = new Map(stored.map(({ id, values }) => [id, filterSignature(values)]));
  const take = (id: string | undefined): string | undefined => {
    if (id !== undefined) left.delete(id);
    return id;
  };
  const byId = wanted.map(({ id }) => (id !== undefined && left.has(id) ? take(id) : undefined));
  return wanted.map(({ values }, index) => {
    const wantedSignature = filterSignature(values);
    return byId[index] ?? take([...left].find(([, other]) => other === wantedSignature)?.[0]);
  });
}

/** What a filter is known by: its values, whatever the order of the keys. */
export function filterSignature(values: FilterValues): string {
  return JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * What is left of a filter's values when the metric lists fewer. A key without values drops out, so that the filter matches more;
 * null: nothing is left.
 */
export function trimFilterValues(values: FilterValues, listed: readonly MetricFilter[]): FilterValues | null {
  const known = new Map(listed.map(({ key, values: list }) => [key, new Set([...list, ALL_FILTER_VALUES])]));
  const entries = Object.entries(values)
    .map(([key, list]): [string, string[]] => [key, list.filter((value) => known.get(key)?.has(value))])
    .filter(([, list]) => list.length > 0);
  return entries.length > 0 ? Object.fromEntries(entries) : null;
}
