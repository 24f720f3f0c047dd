import { assert } from '../../billing/assert.ts';
import { type EventPeriods, periodsOfEvent } from '../../billing/usage/event-periods.ts';
import { addMilliseconds, type Instant } from '../../billing/clock/instant.ts';
import { bucketKey } from '../../billing/usage/bucket-key.ts';
import { chargeInstantUsage, type InstantFacts, type InstantFee } from '../../billing/usage/instant-usage.ts';
import { type Carried, NOTHING_CARRIED } from '../../billing/usage/measure-custom.ts';
import type { UsageEvent } from '../../billing/usage/reading.ts';
import { readCarriedUsage, saveCarriedUsage } from '../../db/carried-usage.ts';
import { measuredCharge } from '../../db/charge-usage.ts';
import { readInstantUsage } from '../../db/instant-readings.ts';
import { type DueEvent, findMarks, type NewMark, saveMarks } from '../../db/instant-usage.ts';
import type { ChargeFacts } from '../../db/pricing-facts.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { type CustomPrices, priceCustomEvents } from './price-custom-events.ts';

/** An event with what one charge asks for it. */
export interface PricedEvent {
  readonly due: DueEvent;
  readonly charge: ChargeFacts;
  readonly fee: InstantFee;
  readonly periods: EventPeriods;
}

interface Window {
  readonly charge: ChargeFacts;
  readonly periods: EventPeriods;
  readonly events: readonly DueEvent[];
}

/** An event that the code of its metric could not price. */
export interface UnpricedEvent {
  readonly due: DueEvent;
  readonly charge: ChargeFacts;
  readonly message: string;
}

export interface PricedEvents {
  readonly priced: readonly PricedEvent[];
  readonly unpriced: readonly UnpricedEvent[];
}

/** Prices events, in their order and each by every charge that it is usage of, and moves the marks of their periods. */
export async function priceEvents(
  trx: Transaction,
  facts: SubscriptionFacts,
  charges: readonly ChargeFacts[],
  events: readonly DueEvent[],
): Promise<PricedEvents> {
  const windows = charges.flatMap((charge) => windowsOf(facts, charge, events));
  const readings = await readInstantUsage(
    trx,
    windows.map(({ charge, periods, events: own }) => ({
      external_subscription_id: facts.external_id,
      charge,
      period: periods.charges,
      timestamps: own.map(({ timestamp }) => timestamp),
    })),
  );
  const before = await findMarks(
    trx,
    facts.id,
    windows.map(({ charge, periods }) => ({ charge_id: charge.id, period_from: periods.charges.from })),
  );
  const moved: NewMark[] = [];
  const priced: PricedEvent[] = [];
  const unpriced: UnpricedEvent[] = [];
  for (const [index, { charge, periods, events: own }] of windows.entries()) {
    const reading = readings[index];
    const marks = before[index];
    assert(reading && marks, 'instant usage: every window is read');
    const instant = {
      charge: measuredCharge(charge),
      currency: facts.currency,
      pricing_unit: charge.pricing_unit,
      period: periods.charges,
      reading,
      marks,
      due: new Set(own.map(({ id }) => id)),
    };
    const dueOf = ({ id }: UsageEvent): DueEvent => own.find((due) => due.id === id)!;
    if (charge.aggregation_type === 'custom_agg') {
      const { fees, failed } = await priceByCode(trx, facts, charge, instant);
      priced.push(...fees.map((fee) => ({ due: dueOf(fee.event), charge, fee, periods })));
      unpriced.push(...failed.map(({ event, message }) => ({ due: dueOf(event), charge, message })));
      continue;
    }
    const result = chargeInstantUsage(instant);
    moved.push(...marksLeft(charge, periods, result));
    priced.push(...result.fees.map((fee) => ({ due: dueOf(fee.event), charge, fee, periods })));
  }
  await saveMarks(trx, facts.id, moved);
  const position = new Map(events.map(({ id }, index) => [id, index]));
  priced.sort((a, b) => (position.get(a.due.id) ?? 0) - (position.get(b.due.id) ?? 0));
  return { priced, unpriced };
}

/** From the state that the events before have left, in this period or, where the metric is recurring, in an earlier one. */
async function priceByCode(
  trx: Transaction,
  { external_id: external_subscription_id }: SubscriptionFacts,
  charge: ChargeFacts,
  instant: InstantFacts,
): Promise<CustomPrices> {
  const period_from = instant.period.from;
  const known = { external_subscription_id, charge_id: charge.id };
  const carried = await readCarriedOf(trx, external_subscription_id, charge, period_from);
  const prices = await priceCustomEvents(instant, carried);
  await saveCarriedUsage(
    trx,
    prices.states.map(({ filter_id, grouped_by, state }) => ({
      ...known,
      charge_filter_id: filter_id,
      grouped_by,
      period_from,
      state,
    })),
  );
  return prices;
}

export async function readCarriedOf(
  trx: Transaction,
  external_subscription_id: string,
  charge: ChargeFacts,
  period_from: Instant,
): Promise<Carried> {
  const from = charge.recurring ? null : period_from;
  const before = addMilliseconds(period_from, 1);
  const [carried] = await readCarriedUsage(trx, [{ external_subscription_id, charge_id: charge.id, from, before }]);
  return carried ?? NOTHING_CARRIED;
}

/** The events that a charge prices, by period. */
function windowsOf(facts: SubscriptionFacts, charge: ChargeFacts, events: readonly DueEvent[]): Window[] {
  const own = events.filter(({ code }) => code === charge.metric_code);
  const { started_at } = facts;
  assert(started_at, 'instant usage: the subscription has started');
  const dated = own.map((event) => ({ event, periods: periodsOfEvent({ ...facts, started_at }, event.timestamp) }));
  return [...Map.groupBy(dated, ({ periods }) => periods.charges.from).values()].map((together) => {
    const [first] = together;
    assert(first, 'instant usage: a window has events');
    return { charge, periods: first.periods, events: together.map(({ event }) => event) };
  });
}

function marksLeft(
  charge: ChargeFacts,
  periods: EventPeriods,
  { fees, marks }: ReturnType<typeof chargeInstantUsage>,
): NewMark[] {
  const buckets = new Map(fees.map((fee) => [bucketKey(fee.filter?.id ?? null, fee.grouped_by), fee]));
  return [...buckets].flatMap(([key, { filter, grouped_by }]) => {
    const mark = marks.get(key);
    const known = { charge_id: charge.id, charge_filter_id: filter?.id ?? null, grouped_by };
    return mark ? [{ ...known, period_from: periods.charges.from, mark }] : [];
  });
}
