import { assert } from '../../billing/assert.ts';
import { customCodeFailed, isCustomCodeFailure } from '../../billing/usage/custom.ts';
import { type Bucket, measure } from '../../billing/usage/measure.ts';
import { type Carried, customParts, measureCustomPart, NOTHING_CARRIED } from '../../billing/usage/measure-custom.ts';
import { readCarriedUsage } from '../../db/carried-usage.ts';
import { type ChargeReading, type ChargeWindow, readCharged } from '../../db/charge-usage.ts';
import type { Transaction } from '../../db/transaction.ts';
import { runCustomCode } from '../custom-code/run-custom-code.ts';

export interface UsageOptions {
  /** What cannot be computed counts as nothing: where usage is only looked at, and nobody could be told. */
  readonly leavesOutFailures?: boolean;
}

/**
 * What was used of each charge, by filter and group, in their order.
 * @throws an error that `isCustomCodeFailure` knows, when the code of a metric does something wrong
 */
export async function readChargeUsage(
  trx: Transaction,
  windows: readonly ChargeWindow[],
  { leavesOutFailures = false }: UsageOptions = {},
): Promise<Bucket[][]> {
  const readings = await readCharged(trx, windows);
  const carried = await readCarried(trx, windows);
  const usages: Bucket[][] = [];
  for (const [index, read] of readings.entries()) {
    const window = windows[index];
    assert(window, 'usage: every reading is of a window');
    if (isCustom(window)) {
      const buckets = aggregate(window, read, carried.get(window) ?? NOTHING_CARRIED);
      usages.push(await (leavesOutFailures ? buckets.catch(nothingUsed) : buckets));
    } else usages.push(measure(read.charge, read.reading, window.span, carried.get(window)));
  }
  return usages;
}

function nothingUsed(error: unknown): Bucket[] {
  if (!isCustomCodeFailure(error)) throw error;
  return [];
}

/** Others count all there ever was. */
function isCarried({ charge }: ChargeWindow): boolean {
  return charge.aggregation_type === 'custom_agg' || charge.aggregation_type === 'weighted_sum_agg';
}

function isCustom({ charge }: ChargeWindow): boolean {
  return charge.aggregation_type === 'custom_agg';
}

async function readCarried(
  trx: Transaction,
  windows: readonly ChargeWindow[],
): Promise<ReadonlyMap<ChargeWindow, Carried>> {
  const recurring = windows.filter((window) => isCarried(window) && window.charge.recurring);
  const found = await readCarriedUsage(
    trx,
    recurring.map(({ external_subscription_id, charge, span }) => ({
      external_subscription_id,
      charge_id: charge.id,
      from: null,
      before: span.from,
    })),
  );
  return new Map(recurring.map((window, index) => [window, found[index] ?? NOTHING_CARRIED]));
}

async function aggregate(
  { charge: { metric_code } }: ChargeWindow,
  { charge, reading }: ChargeReading,
  carried: Carried,
): Promise<Bucket[]> {
  assert(reading.detail === 'events', 'usage: code looks at single events');
  const buckets: Bucket[] = [];
  for (const part of customParts(charge, reading.events, carried)) {
    const outcome = part.events.length > 0 ? await runCustomCode(part.run) : { states: [] };
    if (outcome.failure) throw customCodeFailed(metric_code, outcome.failure.message);
    buckets.push(measureCustomPart(charge, part, outcome));
  }
  return buckets;
}
