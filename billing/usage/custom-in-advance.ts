import { presentEvent, type InstantFacts, type InstantFee, isInstantUsage } from './instant-usage.ts';
import { bucketKey } from './bucket-key.ts';
import { type CustomState, NO_USAGE } from './custom.ts';
import { type ChargeFilter, filterInAdvance } from './filters.ts';
import { Decimal } from '../money/decimal.ts';
import { type PriceOptions, priceInstantUsage } from './in-advance.ts';
import { type GroupedBy, groupedBy, groupKeys, groupValues } from './measure.ts';
import type { Carried } from './measure-custom.ts';
import type { UsageEvent } from './reading.ts';

/** Events of one filter and group that the code of a metric is to price, in their order, and the state that it goes on from. */
export interface CustomQueue {
  readonly filter: ChargeFilter | null;
  readonly grouped_by: GroupedBy;
  readonly events: readonly UsageEvent[];
  readonly state: CustomState;
}

type Facts = Pick<InstantFacts, 'charge' | 'currency' | 'pricing_unit'>;

/** A late event comes after those before it, whatever its own time: what they were priced at stays. */
export function customQueues(
  { charge, reading, due }: Pick<InstantFacts, 'charge' | 'reading' | 'due'>,
  carried: Carried,
): CustomQueue[] {
  const events = reading.events.filter((event) => due.has(event.id) && isInstantUsage(charge, event));
  const placed = events.map((event) => {
    const filter = filterInAdvance(charge.filters, charge.metric.filters, event.dimensions) ?? null;
    const keys = groupKeys(filter?.properties ?? charge.properties);
    return { event, filter, grouped_by: groupedBy(keys, groupValues(keys, event.dimensions)) };
  });
  const queues = Map.groupBy(placed, ({ filter, grouped_by }) => bucketKey(filter?.id ?? null, grouped_by));
  return [...queues].map(([key, own]) => ({
    filter: own[0]!.filter,
    grouped_by: own[0]!.grouped_by,
    events: own.map(({ event }) => event),
    state: carried.get(key)?.state ?? NO_USAGE,
  }));
}

/** What an event costs that has brought the code from one state to another. Nothing is given back. */
export function customFee(
  { charge, currency, pricing_unit }: Facts,
  { filter, grouped_by }: Pick<CustomQueue, 'filter' | 'grouped_by'>,
  event: UsageEvent,
  [before, after]: readonly [before: CustomState, after: CustomState],
  options: PriceOptions = {},
): InstantFee {
  const units = Decimal.max(after.total_units.minus(before.total_units), 0);
  const numbers = priceInstantUsage(
    {
      charge_model: charge.charge_model,
      properties: filter?.properties ?? charge.properties,
      aggregation_type: charge.metric.aggregation_type,
      currency,
      pricing_unit,
      units,
      billable: units,
      total: Decimal.max(after.total_units, 0),
      events_count: 1,
      event_values: [],
      period_values: [units],
      dynamic_amount_cents: null,
      custom_amount: after.amount.minus(before.amount),
    },
    options,
  );
  return { event, filter, grouped_by, numbers, presentation: presentEvent(charge, event, numbers) };
}
