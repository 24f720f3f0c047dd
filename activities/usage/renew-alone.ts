import { assert } from '../../billing/assert.ts';
import { type ChargeFeeNumbers, priceCharge } from '../../billing/charge-models/price-charge.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { chargeFee } from '../../billing/fees/charge-fee.ts';
import type { UsedCharge } from '../../billing/invoices/compute-invoice.ts';
import type { Currency } from '../../billing/money/currency.ts';
import { resolveTaxes } from '../../billing/taxes/resolve-taxes.ts';
import type { Bucket } from '../../billing/usage/measure.ts';
import { readCharges, readTaxLevels } from '../../db/pricing-facts.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import type { SpansToBill } from '../invoices/generate-invoice.ts';
import { readUsageOf, renewalsOf, usedCharge } from '../invoices/used-charges.ts';
import { chargeAlone } from './charge-events.ts';

/** Renews what is never invoiced, for the period that begins: a fee for each filter and group, of nothing too. */
export async function renewAlone(
  trx: Transaction,
  together: readonly SubscriptionFacts[],
  periods: readonly SpansToBill[],
  at: Instant,
): Promise<void> {
  const [first] = together;
  assert(first, 'renewal: somebody is billed');
  const plan_ids = [...new Set(together.map((facts) => facts.plan_id))];
  const charges = (await readCharges(trx, plan_ids)).filter((charge) => !charge.invoiceable);
  const renewals = together.flatMap((facts, index) =>
    renewalsOf(facts, charges, { ...(periods[index] as SpansToBill), billing_at: at }, facts.timezone),
  );
  if (renewals.length === 0) return;
  const usage = await readUsageOf(trx, renewals, { leavesOutFailures: true });
  const levels = await readTaxLevels(trx, first.customer_id, plan_ids);
  const lines = renewals.flatMap(({ subscription, charge, renewed_for }, index) => {
    const taxes = resolveTaxes({
      ...levels,
      charge: charge.taxes,
      plan: levels.plans.get(subscription.plan_id) ?? [],
    });
    const used = usedCharge(charge, usage[index] ?? []);
    return used.buckets.map((bucket) => ({
      taxes,
      at,
      fee: chargeFee({
        subscription_id: subscription.id,
        charge: used,
        filter: bucket.filter,
        grouped_by: bucket.grouped_by,
        numbers: price(used, bucket, subscription.currency),
        presentation: bucket.presentation,
        currency: subscription.currency,
        span: renewed_for,
        pay_in_advance: true,
        dates_timezone: renewed_for.timezone,
        event_transaction_id: null,
      }),
    }));
  });
  await chargeAlone(trx, first, lines);
}

function price(charge: UsedCharge, { filter, usage }: Bucket, currency: Currency): ChargeFeeNumbers {
  const { charge_model, metric, pricing_unit } = charge;
  const properties = filter?.properties ?? charge.properties;
  return priceCharge({ ...usage, charge_model, properties, currency, pricing_unit, rounding: metric.rounding });
}
