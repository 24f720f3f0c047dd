import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { addOnFee, type SoldAddOn } from '../../billing/invoices/one-off.ts';
import { NO_DISCOUNTS, settleLines } from '../../billing/invoices/settle-lines.ts';
import type { Currency } from '../../billing/money/currency.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import { newId } from '../../db/ids.ts';
import { insertInvoice } from '../../db/invoices.ts';
import { lock, type Transaction } from '../../db/transaction.ts';
import { blankInvoice } from './blank-invoice.ts';
import { finalizeInvoice } from './finalize-invoice.ts';
import { replanInvoice } from './plan-invoice.ts';
import { storeComputed } from './store-computed.ts';

export interface OneOff {
  readonly customer_id: string;
  readonly currency: Currency;
  readonly sold: readonly SoldAddOn[];
}

/** An invoice of add-ons, final at once: neither coupons nor credits are used on it. Answers with its id. */
export async function generateOneOff(
  trx: Transaction,
  { customer_id, currency, sold }: OneOff,
  at: Instant,
): Promise<string> {
  await lock(trx, `billing/${customer_id}`);
  const settings = await readBillingSettings(trx, customer_id);
  const occasion = `one-off/${newId()}`;
  const invoice = await insertInvoice(
    trx,
    blankInvoice({ customer_id, invoice_type: 'one_off', currency, occasion, at }, settings),
  );
  assert(invoice, 'one-off: its occasion is its own');
  const lines = sold.map((one) => ({ fee: addOnFee(one, currency), taxes: one.taxes, plan_id: null }));
  const { invoice: filled } = await storeComputed(trx, invoice, settleLines(lines, currency, NO_DISCOUNTS), at);
  await finalizeInvoice(trx, filled, settings, at);
  await replanInvoice(trx, invoice.id, at);
  return invoice.id;
}
