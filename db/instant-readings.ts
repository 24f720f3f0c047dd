import { assert } from '../billing/assert.ts';
import { addMilliseconds, earliest, type Instant, latest } from '../billing/clock/instant.ts';
import { historyNeeded, type InstantPeriod, type InstantReading } from '../billing/usage/instant-usage.ts';
import type { UsageRequest } from '../billing/usage/reading.ts';
import { measuredCharge, questionOf } from './charge-usage.ts';
import type { ChargeFacts } from './pricing-facts.ts';
import type { Transaction } from './transaction.ts';
import { readUsage } from './usage.ts';

/** Events of one charge and period that are to be priced. */
export interface InstantWindow {
  readonly external_subscription_id: string;
  readonly charge: ChargeFacts;
  readonly period: InstantPeriod;
  /** Of the events; there is at least one. */
  readonly timestamps: readonly Instant[];
}

/** What the events are priced on top of, and they themselves: two statements, whatever the number of windows. */
export async function readInstantUsage(trx: Transaction, windows: readonly InstantWindow[]): Promise<InstantReading[]> {
  const requests = windows.map(requestsFor);
  const readings = await readUsage(trx, requests.flat());
  let position = 0;
  return requests.map((own) => {
    const mine = readings.slice(position, (position += own.length));
    return {
      before: mine.flatMap((reading) => (reading.detail === 'cells' ? reading.cells : [])),
      events: mine.flatMap((reading) => (reading.detail === 'events' ? reading.events : [])),
    };
  });
}

/** Up to the last of the events, also where later ones have come in already. */
function requestsFor({ external_subscription_id, charge, period, timestamps }: InstantWindow): UsageRequest[] {
  assert(timestamps.length > 0, 'instant usage: a window has events');
  const measured = measuredCharge(charge);
  const beginning = charge.recurring ? null : period.from;
  const first = earliest(...timestamps);
  const common = { external_subscription_id, ...questionOf(charge) };
  const to = addMilliseconds(latest(...timestamps), 1);
  const needed = historyNeeded(measured);
  const events: UsageRequest = { ...common, detail: 'events', from: needed === 'events' ? beginning : first, to };
  return needed === 'cells' ? [{ ...common, detail: 'cells', from: beginning, to: first }, events] : [events];
}
