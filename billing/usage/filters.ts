import type { StoredProperties } from '../charge-models/charge-model.ts';
import type { Dimensions } from './reading.ts';

/** Stands for whatever values the metric lists for the key, also later ones. */
export const ALL_FILTER_VALUES = '__ALL_FILTER_VALUES__';

/** Key to values. */
export type FilterValues = Readonly<Record<string, readonly string[]>>;

export interface ChargeFilter {
  readonly id: string;
  readonly values: FilterValues;
  readonly properties: StoredProperties;
  readonly invoice_display_name: string | null;
}

interface Expanded {
  readonly filter: ChargeFilter;
  readonly values: FilterValues;
}

/** Of events with these dimensions: the filters that price them, in their order; none: the charge's own properties do. */
export type FilterChoice = (dimensions: Dimensions) => readonly ChargeFilter[];

/**
 * In arrears, where more specific filters are carved out of wider ones. `filters` come oldest first. Filters on different keys, and those that
 * overlap in part, both count an event: the reference does so, and prices are set with it in mind. Source: spec "Arrears: more specific filters".
 */
export function filtersInArrears(filters: readonly ChargeFilter[], metric_filters: FilterValues): FilterChoice {
  const expanded = filters.map((filter) => ({ filter, values: expand(filter.values, metric_filters) }));
  const carved = expanded.map((one, index) => ({ ...one, excluded: excludedFrom(one, index, expanded) }));
  return (dimensions) => {
    const matching = carved.filter(({ values }) => matches(values, dimensions));
    return matching
      .filter(({ excluded }) => excluded !== 'everything' && !excluded.some((values) => excludes(values, dimensions)))
      .map(({ filter }) => filter);
  };
}

/** Whether any filter matches at all: what is carved out of one is never the default's. */
export function matchesAny(
  filters: readonly ChargeFilter[],
  metric_filters: FilterValues,
): (dimensions: Dimensions) => boolean {
  const expanded = filters.map((filter) => expand(filter.values, metric_filters));
  return (dimensions) => expanded.some((values) => matches(values, dimensions));
}

/** In advance, where one filter prices an event: the one with the most keys, of several the earliest. */
export function filterInAdvance(
  filters: readonly ChargeFilter[],
  metric_filters: FilterValues,
  dimensions: Dimensions,
): ChargeFilter | undefined {
  const matching = filters.filter(({ values }) => matches(expand(values, metric_filters), dimensions));
  return matching.reduce<ChargeFilter | undefined>(
    (best, one) => (best && keysOf(best.values).length >= keysOf(one.values).length ? best : one),
    undefined,
  );
}

function excludedFrom(one: Expanded, index: number, all: readonly Expanded[]): readonly FilterValues[] | 'everything' {
  const excluded: FilterValues[] = [];
  for (const [otherIndex, other] of all.entries()) {
    if (otherIndex === index || !isCandidate(one, other)) continue;
    if (keysOf(other.values).length > keysOf(one.values).length) excluded.push(other.values);
    else if (isIdentical(one, other)) {
      if (otherIndex < index) return 'everything';
    } else if (isWithin(other, one)) excluded.push(other.values);
    else excluded.push(beyond(one, other));
  }
  return excluded.filter((values) => keysOf(values).length > 0);
}

/** Another filter that has all of its keys, and shares a value of each. */
function isCandidate(one: Expanded, other: Expanded): boolean {
  return keysOf(one.values).every((key) =>
    listOf(other.values, key)?.some((value) => listOf(one.values, key)?.includes(value)),
  );
}

function isWithin(inner: Expanded, outer: Expanded): boolean {
  return keysOf(outer.values).every((key) =>
    listOf(inner.values, key)?.every((value) => listOf(outer.values, key)?.includes(value)),
  );
}

function isIdentical(one: Expanded, other: Expanded): boolean {
  return isWithin(one, other) && isWithin(other, one);
}

/** Of an overlapping filter, the values that this one does not have: key by key, and untouched where this one was given all values. */
function beyond(one: Expanded, other: Expanded): FilterValues {
  const entries = keysOf(other.values).map((key): [string, readonly string[]] => {
    const values = listOf(other.values, key) ?? [];
    if (listOf(one.filter.values, key)?.includes(ALL_FILTER_VALUES)) return [key, values];
    return [key, values.filter((value) => !listOf(one.values, key)?.includes(value))];
  });
  return Object.fromEntries(entries.filter(([, values]) => values.length > 0));
}

function matches(values: FilterValues, dimensions: Dimensions): boolean {
  return keysOf(values).every((key) => {
    const text = dimensions[key];
    return text !== null && text !== undefined && listOf(values, key)?.includes(text);
  });
}

/** An event without the property is excluded by the empty text. */
function excludes(values: FilterValues, dimensions: Dimensions): boolean {
  return keysOf(values).every((key) => listOf(values, key)?.includes(dimensions[key] ?? ''));
}

function expand(values: FilterValues, metric_filters: FilterValues): FilterValues {
  return Object.fromEntries(
    Object.entries(values).map(([key, list]) => [
      key,
      list.includes(ALL_FILTER_VALUES) ? (listOf(metric_filters, key) ?? []) : list,
    ]),
  );
}

/** Keys are names that people chose: `toString` is one only where they did. */
function listOf(values: FilterValues, key: string): readonly string[] | undefined {
  return Object.hasOwn(values, key) ? values[key] : undefined;
}

function keysOf(values: FilterValues): string[] {
  return Object.keys(values);
}

/** Its own name, else its values; a key with all values shows the key itself. */
export function filterDisplayName({
  invoice_display_name,
  values,
}: Pick<ChargeFilter, 'invoice_display_name' | 'values'>): string {
  if (invoice_display_name) return invoice_display_name;
  const texts = Object.entries(values).flatMap(([key, list]) => (list.includes(ALL_FILTER_VALUES) ? [key] : list));
  return texts.join(', ');
}
