import { assert } from '../billing/assert.ts';
import type { ChargeModelName } from '../billing/charge-models/index.ts';
import type { Instant } from '../billing/clock/instant.ts';
import { dimensionKeys, type MeasuredCharge, needsEvents } from '../billing/usage/measure.ts';
import { narrowCharge, narrowReading, type UsageNarrowing } from '../billing/usage/narrowing.ts';
import type { UsageQuestion, UsageReading } from '../billing/usage/reading.ts';
import type { MeasuredSpan } from '../billing/usage/time-weighted.ts';
import type { ChargeFacts } from './pricing-facts.ts';
import type { Transaction } from './transaction.ts';
import { readUsage } from './usage.ts';

/** A charge and the events that it prices. Of a recurring metric all events until the end of the span count. */
export interface ChargeWindow {
  readonly external_subscription_id: string;
  readonly charge: ChargeFacts;
  readonly span: MeasuredSpan;
  /** Only a part of it. */
  readonly narrowing?: UsageNarrowing | undefined;
}

export function measuredCharge(charge: ChargeFacts): MeasuredCharge {
  const { charge_model, properties, filters, prorated, aggregation_type, metric_filters } = charge;
  return {
    charge_model: charge_model as ChargeModelName,
    properties,
    filters,
    prorated,
    isPaidAsItComes: charge.pay_in_advance,
    metric: { aggregation_type, filters: metric_filters, custom_aggregator: charge.custom_aggregator },
  };
}

/** What a charge asks of events. A part of it is asked like the whole wherever that can tell it apart, which may be rolled up. */
export function questionOf(charge: ChargeFacts, narrowing?: UsageNarrowing): UsageQuestion {
  const { metric_code, aggregation_type, field_name } = charge;
  const keys = [...dimensionKeys(measuredCharge(charge)), ...Object.keys(narrowing?.group ?? {})];
  return { code: metric_code, aggregation_type, field_name, keys: [...new Set(keys)] };
}

/** A charge with the events that it prices, or what they add up to. */
export interface ChargeReading {
  readonly charge: MeasuredCharge;
  readonly reading: UsageReading;
}

/** In the order of the windows: a constant number of statements whatever their number. */
export async function readCharged(trx: Transaction, windows: readonly ChargeWindow[]): Promise<ChargeReading[]> {
  const measured = windows.map(({ charge, narrowing }) =>
    narrowing ? narrowCharge(measuredCharge(charge), narrowing) : measuredCharge(charge),
  );
  const readings = await readUsage(
    trx,
    windows.map(({ external_subscription_id, charge, span, narrowing }, index) => ({
      external_subscription_id,
      ...questionOf(charge, narrowing),
      from: beginning(charge, span),
      to: span.to,
      detail: needsEvents(measured[index] as MeasuredCharge) ? 'events' : 'cells',
    })),
  );
  return readings.map((reading, index) => {
    const charge = measured[index];
    const window = windows[index];
    assert(charge && window, 'usage: every reading is of a window');
    return { charge, reading: window.narrowing ? narrowReading(reading, window.narrowing) : reading };
  });
}

/** Recurring metrics count all there ever was; a weighted sum what has been since the subscription started, and custom code goes on where it ended. */
function beginning({ recurring, aggregation_type }: ChargeFacts, { from, started_at }: MeasuredSpan): Instant | null {
  if (!recurring || aggregation_type === 'custom_agg') return from;
  return aggregation_type === 'weighted_sum_agg' ? started_at : null;
}
