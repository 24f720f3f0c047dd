import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { computeItems } from '../../billing/credit-notes/compute-items.ts';
import { NO_PARTS } from '../../billing/credit-notes/credit-note.ts';
import { totalOfItems } from '../../billing/credit-notes/settle-credit-note.ts';
import type { Cents } from '../../billing/money/cents.ts';
import { itemsOfExcess, withoutShare } from '../../billing/progressive-billing/excess-items.ts';
import { type CreditedProgress, creditProgress } from '../../billing/progressive-billing/progressive-credit.ts';
import { readCreditableInvoice } from '../../db/creditable-invoice.ts';
import { type InvoiceRow, lockInvoice } from '../../db/invoices.ts';
import { findContainedProgress } from '../../db/progressive-invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { issueCreditNote } from '../credit-notes/issue-credit-note.ts';

/**
 * Gives back what thresholds have invoiced of usage that was corrected downwards since. A bill that is computed anew finds it given back, so it
 * happens once. The caller holds the billing of the customer.
 */
export async function creditExcesses(
  trx: Transaction,
  excesses: CreditedProgress['excesses'],
  at: Instant,
): Promise<void> {
  for (const { invoice_id, amount_cents } of excesses) await creditExcess(trx, invoice_id, amount_cents, at);
}

/** What an invoice has of those before it was paid there, and is given back there. */
async function creditExcess(trx: Transaction, invoice_id: string, excess_cents: Cents, at: Instant): Promise<void> {
  const invoice = await lockInvoice(trx, invoice_id);
  assert(invoice, 'progressive billing: what was credited exists');
  const before = await findContainedProgress(trx, invoice_id);
  const given_cents = await giveBack(trx, invoice, before, excess_cents, at);
  if (before && given_cents < excess_cents) await creditExcess(trx, before.invoice_id, excess_cents - given_cents, at);
}

/** As much as there is, before coupons and taxes. Answers with how much that is. */
async function giveBack(
  trx: Transaction,
  invoice: InvoiceRow,
  before: Awaited<ReturnType<typeof findContainedProgress>>,
  excess_cents: Cents,
  at: Instant,
): Promise<Cents> {
  const creditable = await readCreditableInvoice(trx, invoice);
  const { shares } = creditProgress(
    creditable.rows.map((fee) => ({ ...fee, isTrueUp: false })),
    before
      ? [
          {
            ...before,
            subscription_id: creditable.rows[0]?.subscription_id ?? '',
            creditable_cents: before.amount_cents,
          },
        ]
      : [],
  );
  const fees = creditable.fees.map((fee, index) => withoutShare(fee, shares[index]!));
  const facts = { ...creditable, fees };
  const items = itemsOfExcess(fees, excess_cents);
  const computed = computeItems(items, facts);
  const wanted = { ...NO_PARTS, credit_amount_cents: computed.expected_total_cents };
  if (computed.expected_total_cents > 0 && totalOfItems(computed) > 0)
    await issueCreditNote(trx, invoice, facts, { computed, wanted, reason: 'other' }, at);
  return items.reduce((total, { amount }) => total + amount.toNumber(), 0);
}
