import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { forbidden, notAllowed } from '../../billing/errors.ts';
import { settleLines } from '../../billing/invoices/settle-lines.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import { newId } from '../../db/ids.ts';
import {
  findBillingPeriodsOfInvoice,
  insertBillingPeriods,
  insertInvoice,
  type InvoiceRow,
  isRegenerated,
} from '../../db/invoices.ts';
import { readProgressiveCredits } from '../../db/progressive-invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { readUsableCoupons } from '../../db/usable-coupons.ts';
import { creditExcesses } from '../progressive-billing/credit-excesses.ts';
import { blankInvoice } from './blank-invoice.ts';
import { finalizeInvoice } from './finalize-invoice.ts';
import { replanInvoice } from './plan-invoice.ts';
import { regenerateLines, type WantedLine } from './regenerated-lines.ts';
import { storeComputed } from './store-computed.ts';

/**
 * Makes a final invoice in place of a voided one, once: for the same spans, with its lines as they were or as they are wanted, and discounts and
 * taxes as for any new invoice. Answers with its id. The caller holds the voided one and the billing of its customer.
 */
export async function regenerateInvoice(
  trx: Transaction,
  voided: InvoiceRow,
  wanted: readonly WantedLine[] | null,
  at: Instant,
): Promise<string> {
  const { customer_id, invoice_type, currency, billing_at } = voided;
  if (voided.status !== 'voided') throw notAllowed('invalid_status');
  if (await isRegenerated(trx, voided.id)) throw notAllowed('already_regenerated');
  const isOneOff = invoice_type === 'one_off';
  if (!isOneOff && invoice_type !== 'subscription') throw forbidden('feature_unavailable');

  const lines = await regenerateLines(trx, voided, wanted);
  const settings = await readBillingSettings(trx, customer_id);
  const blank = blankInvoice(
    { customer_id, invoice_type, currency, occasion: `regenerated/${voided.id}`, at },
    settings,
  );
  const invoice = await insertInvoice(trx, { ...blank, billing_at, voided_invoice_id: voided.id });
  assert(invoice, 'regeneration: a voided invoice is replaced once');
  const periods = await findBillingPeriodsOfInvoice(trx, voided.id);
  await insertBillingPeriods(
    trx,
    periods.map((period) => ({ ...period, id: newId(), invoice_id: invoice.id, is_regenerated: true, created_at: at })),
  );
  const spans = periods
    // What was used before it was invoiced is paid for as it came.
    .filter(({ invoicing_reason }) => invoicing_reason !== 'in_advance_charge')
    .map(({ subscription_id, charges_from: from, charges_to: to }) => ({ subscription_id, from, to }))
    .filter(({ from, to }) => from < to);
  const computed = settleLines(lines, currency, {
    progressive_credits: isOneOff ? [] : await readProgressiveCredits(trx, spans, invoice.id),
    coupons: isOneOff ? [] : await readUsableCoupons(trx, customer_id),
  });
  const { invoice: filled } = await storeComputed(trx, invoice, computed, at);
  await creditExcesses(trx, computed.progressive.excesses, at);
  await finalizeInvoice(trx, filled, settings, at);
  await replanInvoice(trx, invoice.id, at);
  return invoice.id;
}
