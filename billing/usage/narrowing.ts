import type { StoredProperties } from '../charge-models/charge-model.ts';
import { type MeasuredCharge, groupKeys, groupValues } from './measure.ts';
import type { Dimensions, UsageReading } from './reading.ts';

/** Which part of the usage somebody asks for. */
export interface UsageNarrowing {
  /** Events have these values, null: none. What is asked for by value is not grouped by any more. */
  readonly group: Readonly<Record<string, string | null>>;
  /** Priced as if the charges grouped by nothing. */
  readonly skips_grouping: boolean;
}

export function narrowCharge(charge: MeasuredCharge, narrowing: UsageNarrowing): MeasuredCharge {
  const ungrouped = (properties: StoredProperties): StoredProperties => ({
    ...properties,
    pricing_group_keys: narrowing.skips_grouping
      ? []
      : groupKeys(properties).filter((key) => !Object.hasOwn(narrowing.group, key)),
  });
  return {
    ...charge,
    properties: ungrouped(charge.properties),
    filters: charge.filters.map((filter) => ({ ...filter, properties: ungrouped(filter.properties) })),
  };
}

/** The events that have the values; the reading tells the properties of the group apart. */
export function narrowReading(reading: UsageReading, { group }: UsageNarrowing): UsageReading {
  const keys = Object.keys(group);
  const wanted = JSON.stringify(Object.values(group));
  const isWanted = ({ dimensions }: { readonly dimensions: Dimensions }): boolean =>
    JSON.stringify(groupValues(keys, dimensions)) === wanted;
  return reading.detail === 'cells'
    ? { detail: 'cells', cells: reading.cells.filter(isWanted) }
    : { detail: 'events', events: reading.events.filter(isWanted) };
}
