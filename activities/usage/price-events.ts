import { assert } from '../../billing/assert.ts';
import { type EventPeriods, periodsOfEvent } from '../../billing/usage/event-periods.ts';
import { bucketKey, chargeInstantUsage, type InstantFee } from '../../billing/usage/instant-usage.ts';
import { measuredCharge } from '../../db/charge-usage.ts';
import { readInstantUsage } from '../../db/instant-readings.ts';
import { type DueEvent, findMarks, type NewMark, saveMarks } from '../../db/instant-usage.ts';
import type { ChargeFacts } from '../../db/pricing-facts.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';

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

/** Prices events, in their order and each by every charge that it is usage of, and moves the marks of their periods. */
export async function priceEvents(
  trx: Transaction,
  facts: SubscriptionFacts,
  charges: readonly ChargeFacts[],
  events: readonly DueEvent[],
): Promise<PricedEvent[]> {
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
  const priced = windows.flatMap(({ charge, periods, events: own }, index) => {
    const reading = readings[index];
    const marks = before[index];
    assert(reading && marks, 'instant usage: every window is read');
    const result = chargeInstantUsage({
      charge: measuredCharge(charge),
      currency: facts.currency,
      pricing_unit: charge.pricing_unit,
      period: periods.charges,
      reading,
      marks,
      due: new Set(own.map(({ id }) => id)),
    });
    moved.push(...marksLeft(charge, periods, result));
    const byId = new Map(own.map((due) => [due.id, due]));
    return result.fees.map((fee) => {
      const due = byId.get(fee.event.id);
      assert(due, 'instant usage: only due events are paid for');
      return { due, charge, fee, periods };
    });
  });
  await saveMarks(trx, facts.id, moved);
  const position = new Map(events.map(({ id }, index) => [id, index]));
  return priced.sort((a, b) => (position.get(a.due.id) ?? 0) - (position.get(b.due.id) ?? 0));
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
