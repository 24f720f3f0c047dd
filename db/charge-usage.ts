import { assert } from '../billing/assert.ts';
import type { ChargeModelName } from '../billing/charge-models/index.ts';
import type { Span } from '../billing/clock/instant.ts';
import { type Bucket, dimensionKeys, type MeasuredCharge, measure, needsEvents } from '../billing/usage/measure.ts';
import type { ChargeFacts } from './pricing-facts.ts';
import type { Transaction } from './transaction.ts';
import { readUsage } from './usage.ts';

/** A charge and the events that it prices. Of a recurring metric all events until the end of the span count. */
export interface ChargeWindow extends Span {
  readonly external_subscription_id: string;
  readonly charge: ChargeFacts;
}

function measuredCharge({
  charge_model,
  properties,
  filters,
  aggregation_type,
  metric_filters,
}: ChargeFacts): MeasuredCharge {
  return {
    charge_model: charge_model as ChargeModelName,
    properties,
    filters,
    metric: { aggregation_type, filters: metric_filters },
  };
}

/** What was used of each charge, by filter and group, in their order: a constant number of statements whatever their number. */
export async function readChargeUsage(trx: Transaction, windows: readonly ChargeWindow[]): Promise<Bucket[][]> {
  const measured = windows.map(({ charge }) => measuredCharge(charge));
  const readings = await readUsage(
    trx,
    windows.map(({ external_subscription_id, charge, from, to }, index) => ({
      external_subscription_id,
      code: charge.metric_code,
      aggregation_type: charge.aggregation_type,
      field_name: charge.field_name,
      from: charge.recurring ? null : from,
      to,
      keys: dimensionKeys(measured[index] as MeasuredCharge),
      detail: needsEvents(measured[index] as MeasuredCharge) ? 'events' : 'cells',
    })),
  );
  return readings.map((reading, index) => {
    const charge = measured[index];
    assert(charge, 'usage: every window has a reading');
    return measure(charge, reading);
  });
}
