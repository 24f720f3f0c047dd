import type { AggregationType } from '../billable-metrics/aggregation.ts';
import { spanDays } from '../clock/calendar.ts';
import { Decimal, sum, ZERO } from '../money/decimal.ts';
import { type HighWaterMark, pass } from './high-water-mark.ts';
import { proratedUnits } from './in-advance.ts';
import type { UsageEvent } from './reading.ts';
import type { MeasuredSpan } from './time-weighted.ts';

interface PaidCharge {
  readonly prorated: boolean;
  readonly metric: { readonly aggregation_type: AggregationType };
}

/**
 * What of usage has been paid for as it came, until the end of a span: what was there when the span began, for all of its days, and on top of it the
 * most that has come since, each event where it is prorated for the days that were left.
 */
export function paidUnits(charge: PaidCharge, events: readonly UsageEvent[], span: MeasuredSpan): Decimal {
  const earlier = events.filter((event) => isBefore(span, event));
  const during = events.filter((event) => !isBefore(span, event));
  const isSum = charge.metric.aggregation_type === 'sum_agg';
  const active = new Set<string | null>();
  const changeBy = ({ value, operation }: UsageEvent): Decimal => {
    if (isSum) return new Decimal(value ?? 0);
    const wasActive = active.has(value);
    if (operation === 'add') active.add(value);
    else active.delete(value);
    return new Decimal(Number(active.has(value)) - Number(wasActive));
  };
  const carried = sum(earlier.map(changeBy));

  let mark: HighWaterMark | undefined;
  let prorated = ZERO;
  let change = ZERO;
  for (const event of during) {
    const own = changeBy(event);
    change = change.plus(own);
    const passed = pass(mark, !mark && !isSum ? Decimal.max(own, 0) : own);
    mark = passed.mark;
    prorated = prorated.plus(proratedUnits({ billable: passed.billable, proration: prorationOf(charge, event, span) }));
  }
  if (charge.prorated) return Decimal.max(carried, 0).plus(prorated);
  const unpaid = mark ? mark.running.minus(mark.highest) : ZERO;
  return Decimal.max(carried.plus(change).minus(unpaid), 0);
}

function isBefore({ from }: MeasuredSpan, { timestamp }: UsageEvent): boolean {
  return `${timestamp.slice(0, 23)}Z` < from;
}

function prorationOf({ prorated }: PaidCharge, { timestamp }: UsageEvent, { to, timezone, period_days }: MeasuredSpan) {
  if (!prorated) return undefined;
  return { days: spanDays({ from: `${timestamp.slice(0, 23)}Z`, to }, timezone), period_days };
}
