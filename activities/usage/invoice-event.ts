import { assert } from '../../billing/assert.ts';
import { settleLines } from '../../billing/invoices/settle-lines.ts';
import { announceFees } from '../../db/announcements.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import { newId } from '../../db/ids.ts';
import { insertBillingPeriods, insertInvoice } from '../../db/invoices.ts';
import type { SubscriptionFacts } from '../../db/subscription-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { readUsableCoupons } from '../../db/usable-coupons.ts';
import { blankInvoice } from '../invoices/blank-invoice.ts';
import { finalizeInvoice, isLeftOut } from '../invoices/finalize-invoice.ts';
import { replanInvoice } from '../invoices/plan-invoice.ts';
import { storeComputed } from '../invoices/store-computed.ts';
import type { TaxableLine } from './charge-events.ts';
import type { PricedEvent } from './price-events.ts';

/** One event on an invoice of its own, final at once. */
export async function invoiceEvent(
  trx: Transaction,
  facts: SubscriptionFacts,
  { due, charge, periods }: PricedEvent,
  { fee, taxes }: TaxableLine,
): Promise<void> {
  const { customer_id, currency } = facts;
  const at = due.received_at;
  const occasion = `in-advance/${facts.id}/${charge.id}/${due.transaction_id}`;
  const settings = await readBillingSettings(trx, customer_id);
  const invoice = await insertInvoice(
    trx,
    blankInvoice({ customer_id, invoice_type: 'subscription', currency, occasion, at }, settings),
  );
  assert(invoice, 'instant usage: an event is taken from its queue once');
  await insertBillingPeriods(trx, [
    {
      id: newId(),
      invoice_id: invoice.id,
      subscription_id: facts.id,
      plan_id: facts.plan_id,
      invoicing_reason: 'in_advance_charge',
      billing_at: at,
      subscription_from: periods.subscription.from,
      subscription_to: periods.subscription.to,
      charges_from: periods.charges.from,
      charges_to: periods.charges.to,
      is_regenerated: false,
      created_at: at,
    },
  ]);
  const coupons = await readUsableCoupons(trx, customer_id);
  const computed = settleLines([{ fee, taxes, plan_id: facts.plan_id }], currency, {
    progressive_credits: [],
    coupons,
  });
  const { invoice: filled, fee_ids } = await storeComputed(trx, invoice, computed, at);
  if (!isLeftOut(filled, settings)) await announceFees(trx, fee_ids, at);
  await finalizeInvoice(trx, filled, settings, at);
  await replanInvoice(trx, invoice.id, at);
}
