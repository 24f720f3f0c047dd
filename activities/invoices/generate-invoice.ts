import type { Instant } from '../../billing/clock/instant.ts';
import type { BillingPeriod } from '../../billing/invoices/invoice.ts';
import { announceInvoice } from '../../db/announcements.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import { newId } from '../../db/ids.ts';
import { insertBillingPeriods, insertInvoice } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { blankInvoice } from './blank-invoice.ts';
import { fillOrFail } from './fill-or-fail.ts';
import { finalizeInvoice } from './finalize-invoice.ts';
import { replanInvoice } from './plan-invoice.ts';

export type SpansToBill = Omit<BillingPeriod, 'id' | 'invoice_id' | 'billing_at' | 'is_regenerated' | 'created_at'>;

export interface Bill {
  readonly customer_id: string;
  readonly currency: string;
  /** With the instant, what makes it the same bill when billing runs twice. */
  readonly occasion: string;
  readonly at: Instant;
  readonly periods: readonly SpansToBill[];
}

/** Makes the invoice, its fees and all that follows from it, once: a second run finds the first and does nothing. */
export async function generateInvoice(trx: Transaction, bill: Bill): Promise<void> {
  const settings = await readBillingSettings(trx, bill.customer_id);
  const invoice = await insertInvoice(trx, blankInvoice({ ...bill, invoice_type: 'subscription' }, settings));
  if (!invoice) return;
  const { at } = bill;
  await insertBillingPeriods(
    trx,
    bill.periods.map((period) => ({
      ...period,
      id: newId(),
      invoice_id: invoice.id,
      billing_at: at,
      is_regenerated: false,
      created_at: at,
    })),
  );
  const isFinal = settings.invoice_grace_period === 0;
  const filled = await fillOrFail(trx, invoice, at, { isFinal });
  if (isFinal && filled) await finalizeInvoice(trx, filled, settings, at);
  if (!isFinal) {
    await announceInvoice(trx, invoice.id, 'invoice.drafted', at);
    // Its taxes are known at once.
    await announceInvoice(trx, invoice.id, 'invoice.ready_to_finalize', at);
  }
  await replanInvoice(trx, invoice.id, at);
}
