import { assert } from '../../billing/assert.ts';
import { localDate, startOfDay } from '../../billing/clock/calendar.ts';
import { type Instant, latest } from '../../billing/clock/instant.ts';
import type { Cents } from '../../billing/money/cents.ts';
import type { UsageThreshold } from '../../billing/progressive-billing/usage-threshold.ts';
import { periodAt } from '../../billing/subscriptions/periods.ts';
import { announceThreshold } from '../../db/announcements.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import { newId } from '../../db/ids.ts';
import { insertBillingPeriods, insertInvoice } from '../../db/invoices.ts';
import { insertAppliedThresholds } from '../../db/lifetime-usages.ts';
import { isProgressInvoiced, type UsedSpan } from '../../db/progressive-invoices.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { blankInvoice } from '../invoices/blank-invoice.ts';
import { fillInvoice } from '../invoices/fill-invoice.ts';
import { finalizeInvoice } from '../invoices/finalize-invoice.ts';
import { replanInvoice } from '../invoices/plan-invoice.ts';

export interface Progress {
  readonly at: Instant;
  /** The whole of the running period: what is dated later in it is used already. */
  readonly span: UsedSpan;
  /** At least one, in their order. */
  readonly reached: readonly UsageThreshold[];
  /** On the invoices of periods that are over, and before. */
  readonly invoiced_cents: Cents;
  readonly lifetime_cents: Cents;
  /** That of the thresholds before, of the same period. */
  readonly latest_invoice_id: string | undefined;
}

/** Invoices what was used of the running period so far, however many thresholds it has reached, once and final at once. */
export async function invoiceProgress(trx: Transaction, facts: SubscriptionFacts, progress: Progress): Promise<void> {
  const { customer_id, currency } = facts;
  const { at, span, reached, lifetime_cents } = progress;
  const occasion = occasionOf(facts, progress);
  if (await isProgressInvoiced(trx, customer_id, occasion)) return;
  const settings = await readBillingSettings(trx, customer_id);
  const invoice = await insertInvoice(
    trx,
    blankInvoice({ customer_id, invoice_type: 'progressive_billing', currency, occasion, at }, settings),
  );
  assert(invoice, 'progressive billing: its occasion is its own');
  const subscribed = periodAt(facts, at);
  assert(facts.started_at, 'progressive billing: the subscription has started');
  await insertBillingPeriods(trx, [
    {
      id: newId(),
      invoice_id: invoice.id,
      subscription_id: facts.id,
      plan_id: facts.plan_id,
      invoicing_reason: 'progressive_billing',
      billing_at: at,
      subscription_from: latest(
        subscribed.from,
        startOfDay(localDate(facts.started_at, facts.timezone), facts.timezone),
      ),
      subscription_to: subscribed.to,
      charges_from: span.from,
      charges_to: span.to,
      is_regenerated: false,
      created_at: at,
    },
  ]);
  await insertAppliedThresholds(
    trx,
    reached.map(({ id }) => ({
      usage_threshold_id: id,
      invoice_id: invoice.id,
      lifetime_usage_amount_cents: lifetime_cents,
      created_at: at,
    })),
  );
  const filled = await fillInvoice(trx, invoice, at, { isFinal: true });
  await finalizeInvoice(trx, filled, settings, at);
  await replanInvoice(trx, invoice.id, at);
  for (const threshold of reached) await announceThreshold(trx, facts.id, threshold, at);
}

/** A step is invoiced once for what was invoiced before; a recurring threshold once after each invoice that it has made. */
function occasionOf(
  { external_id, subscription_at }: SubscriptionFacts,
  { reached, invoiced_cents, latest_invoice_id }: Progress,
): string {
  const highest = Math.max(...reached.map(({ amount_cents }) => amount_cents));
  const after = reached.some(({ recurring }) => recurring) ? `/after ${latest_invoice_id ?? 'none'}` : '';
  return `progressive/${highest} on ${invoiced_cents}${after}/${subscription_at}/${external_id}`;
}
