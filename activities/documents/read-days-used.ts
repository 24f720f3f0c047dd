import type { Fee } from '../../billing/fees/fee.ts';
import type { InvoiceDocument } from '../../billing/invoices/wire.ts';
import { splitEvents } from '../../billing/usage/measure.ts';
import { daysUsed } from '../../billing/usage/time-weighted.ts';
import { readCharged } from '../../db/charge-usage.ts';
import { readCharges } from '../../db/pricing-facts.ts';
import { readSubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { measuredSpan } from '../invoices/used-charges.ts';
import type { DaysOfLine } from '../templates/invoice-content.ts';

/** By fee, how long what a prorated charge counted was there. Read from the events anew: charges that are gone by now have none. */
export async function readDaysUsed(
  trx: Transaction,
  { invoice, billing_periods, fees }: Pick<InvoiceDocument, 'invoice' | 'billing_periods' | 'fees'>,
): Promise<ReadonlyMap<string, DaysOfLine>> {
  const charges = (await readCharges(trx, [...new Set(billing_periods.map(({ plan_id }) => plan_id))])).filter(
    ({ id, prorated, pay_in_advance }) => prorated && !pay_in_advance && fees.some(({ fee }) => fee.charge_id === id),
  );
  if (charges.length === 0) return new Map();
  const facts = await readSubscriptionFacts(trx, [...new Set(billing_periods.map((one) => one.subscription_id))], invoice.id); // prettier-ignore
  const windows = billing_periods.flatMap((period) => {
    const subscription = facts.find(({ id }) => id === period.subscription_id);
    if (!subscription || period.charges_to <= period.charges_from) return [];
    const span = measuredSpan(subscription, period, invoice.timezone);
    return charges
      .filter(({ plan_id }) => plan_id === period.plan_id)
      .map((charge) => ({ charge, span, external_subscription_id: subscription.external_id, subscription }));
  });
  const found = new Map<string, DaysOfLine>();
  for (const [index, { charge, reading }] of (await readCharged(trx, windows)).entries()) {
    const { span, subscription, charge: read } = windows[index]!;
    if (reading.detail !== 'events') continue;
    const aggregation = read.aggregation_type === 'sum_agg' ? 'sum_agg' : 'unique_count_agg';
    for (const { filter, grouped_by, parts } of splitEvents(charge, reading.events)) {
      const key = {
        charge_id: read.id,
        subscription_id: subscription.id,
        charge_filter_id: filter?.id ?? null,
        grouped_by,
      };
      const of = fees.find(({ fee }) => fee.true_up_parent_fee_id === null && isPricedBy(fee, key));
      if (!of) continue;
      const parts_used = daysUsed(aggregation, parts, span).map(({ units, days }) => ({
        units: units.toFixed(),
        days,
      }));
      found.set(of.fee.id, { period_days: span.period_days, parts: parts_used });
    }
  }
  return found;
}

type BucketOfFee = Pick<Fee, 'charge_id' | 'subscription_id' | 'charge_filter_id' | 'grouped_by'>;

function isPricedBy(fee: BucketOfFee, bucket: BucketOfFee): boolean {
  const groups = Object.entries(bucket.grouped_by);
  return (
    fee.charge_id === bucket.charge_id &&
    fee.subscription_id === bucket.subscription_id &&
    fee.charge_filter_id === bucket.charge_filter_id &&
    groups.every(([key, value]) => (fee.grouped_by[key] ?? null) === value)
  );
}
