import type { Instant } from '../../billing/clock/instant.ts';
import { draftDates } from '../../billing/invoices/draft-dates.ts';
import type { BillingPeriod, Invoice } from '../../billing/invoices/invoice.ts';
import { draftNumber } from '../../billing/invoices/numbering.ts';
import { announceInvoice } from '../../db/announcements.ts';
import { type BillingSettings, readBillingSettings } from '../../db/billing-settings.ts';
import { newId } from '../../db/ids.ts';
import { insertBillingPeriods, insertInvoice } from '../../db/invoices.ts';
import { ring } from '../../db/outbox.ts';
import type { Transaction } from '../../db/transaction.ts';
import { fillInvoice } from './fill-invoice.ts';
import { finalizeInvoice } from './finalize-invoice.ts';
import { planInvoice } from './plan-invoice.ts';

export type SpansToBill = Omit<BillingPeriod, 'id' | 'invoice_id' | 'billing_at' | 'created_at'>;

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
  const invoice = await insertInvoice(trx, blankInvoice(bill, settings));
  if (!invoice) return;
  const { at } = bill;
  await insertBillingPeriods(
    trx,
    bill.periods.map((period) => ({ ...period, id: newId(), invoice_id: invoice.id, billing_at: at, created_at: at })),
  );
  const filled = await fillInvoice(trx, invoice, at);
  if (settings.invoice_grace_period === 0) return finalizeInvoice(trx, filled, settings, at);
  await announceInvoice(trx, invoice.id, 'invoice.drafted', at);
  await planInvoice(trx, invoice.id, at);
  await ring(trx, `invoice/${invoice.id}`);
}

function blankInvoice({ customer_id, currency, occasion, at }: Bill, settings: BillingSettings): Invoice {
  const { timezone, document_number_prefix } = settings;
  return {
    id: newId(),
    customer_id,
    invoice_type: 'subscription',
    status: 'draft',
    payment_status: 'pending',
    billing_at: at,
    occasion,
    currency,
    timezone,
    sequential_id: null,
    number: draftNumber(document_number_prefix),
    ...draftDates({ billing_at: at, timezone }, settings, at),
    ...NO_AMOUNTS,
    payment_overdue: false,
    payment_dispute_lost_at: null,
    voided_at: null,
    finalized_at: null,
    created_at: at,
    updated_at: at,
  };
}

const NO_AMOUNTS = {
  fees_amount_cents: 0,
  coupons_amount_cents: 0,
  progressive_billing_credit_amount_cents: 0,
  sub_total_excluding_taxes_amount_cents: 0,
  taxes_amount_cents: 0,
  taxes_rate: '0',
  sub_total_including_taxes_amount_cents: 0,
  credit_notes_amount_cents: 0,
  prepaid_credit_amount_cents: 0,
  total_amount_cents: 0,
  total_paid_amount_cents: 0,
} as const;
