import { Decimal } from '../money/decimal.ts';
import type { ChargeFilter } from './filters.ts';
import {
  type CustomOutcome,
  type CustomRun,
  type CustomState,
  customProperties,
  NO_USAGE,
  unixSeconds,
} from './custom.ts';
import { bucketKey } from './bucket-key.ts';
import { type Bucket, breakDownUnits, type GroupedBy, type MeasuredCharge, splitEvents } from './measure.ts';
import type { UsageEvent } from './reading.ts';

/** With what the period before ended, by `bucketKey`. */
export type Carried = ReadonlyMap<string, CarriedBucket>;

export interface CarriedBucket {
  readonly filter_id: string | null;
  readonly grouped_by: GroupedBy;
  readonly state: CustomState;
}

export const NOTHING_CARRIED: Carried = new Map();

/** What is aggregated on its own by the code of a metric. */
export interface CustomPart {
  readonly filter: ChargeFilter | null;
  readonly grouped_by: GroupedBy;
  readonly events: readonly UsageEvent[];
  readonly run: CustomRun;
}

/** By filter and group; also where nothing has come since the period before. */
export function customParts(charge: MeasuredCharge, events: readonly UsageEvent[], carried: Carried): CustomPart[] {
  const split = splitEvents(charge, events);
  const present = new Set(split.map(({ filter, grouped_by }) => bucketKey(filter?.id ?? null, grouped_by)));
  const silent = [...carried].flatMap(([key, { filter_id, grouped_by }]) => {
    const filter = charge.filters.find(({ id }) => id === filter_id) ?? null;
    // A filter that has been deleted since is no part of the charge any more.
    return present.has(key) || (filter?.id ?? null) !== filter_id ? [] : [{ filter, grouped_by, parts: [] }];
  });
  return [...split, ...silent].map(({ filter, grouped_by, parts }) => ({
    filter,
    grouped_by,
    events: parts,
    run: customRun(charge, filter, parts, carried.get(bucketKey(filter?.id ?? null, grouped_by))?.state),
  }));
}

export function customRun(
  charge: MeasuredCharge,
  filter: ChargeFilter | null,
  events: readonly UsageEvent[],
  state: CustomState = NO_USAGE,
): CustomRun {
  return {
    code: charge.metric.custom_aggregator ?? '',
    custom_properties: customProperties(filter?.properties ?? charge.properties),
    state,
    events: events.map(({ timestamp, properties }) => ({
      timestamp: unixSeconds(timestamp),
      properties: properties ?? {},
    })),
  };
}

/** What a part has come to. Its events carry what each has changed. */
export function measureCustomPart(charge: MeasuredCharge, part: CustomPart, { states }: CustomOutcome): Bucket {
  const { filter, grouped_by, events, run } = part;
  const state = states.at(-1) ?? run.state;
  const changes = states.map(({ total_units }, index) =>
    total_units.minus((states[index - 1] ?? run.state).total_units),
  );
  return {
    filter,
    grouped_by,
    usage: {
      units: state.total_units,
      events_count: events.length,
      events: { running_totals: [], event_values: changes, custom_amount: state.amount },
    },
    presentation: breakDownUnits(charge, events, (event) => changes[events.indexOf(event)] ?? new Decimal(0)),
    carried: state,
  };
}
