import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { addOnFee, type SoldAddOn } from '../../billing/invoices/one-off.ts';
import { computeTotals } from '../../billing/invoices/totals.ts';
import type { Currency } from '../../billing/money/currency.ts';
import { applyTaxes } from '../../billing/taxes/apply-taxes.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import { insertComputedFees } from '../../db/computed-fees.ts';
import { newId } from '../../db/ids.ts';
import { insertInvoice, insertInvoiceTaxes, updateInvoice } from '../../db/invoices.ts';
import { ring } from '../../db/outbox.ts';
import { lock, type Transaction } from '../../db/transaction.ts';
import { blankInvoice } from './blank-invoice.ts';
import { finalizeInvoice } from './finalize-invoice.ts';
import { planInvoice } from './plan-invoice.ts';

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
  const lines = sold.map((one) => ({ ...addOnFee(one, currency), taxes: one.taxes }));
  const taxed = applyTaxes(lines);
  const fees = lines.map((line, index) => ({ ...line, ...taxed.fees[index]!, tops_up: null }));
  await insertComputedFees(
    trx,
    customer_id,
    fees.map((fee) => ({ ...fee, invoice_id: invoice.id, created_at: at })),
  );
  await insertInvoiceTaxes(
    trx,
    taxed.invoice.taxes.map((tax) => ({ ...tax, id: newId(), invoice_id: invoice.id, created_at: at })),
  );
  const totals = computeTotals({ fees, taxes: taxed.invoice });
  const filled = await updateInvoice(trx, invoice.id, { ...totals, updated_at: at });
  await finalizeInvoice(trx, filled, settings, at);
  const { kind } = await planInvoice(trx, invoice.id, at);
  if (kind !== 'over') await ring(trx, `invoice/${invoice.id}`);
  return invoice.id;
}
