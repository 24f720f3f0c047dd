import { assert } from '../../billing/assert.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { computeItems } from '../../billing/credit-notes/compute-items.ts';
import { NO_PARTS } from '../../billing/credit-notes/credit-note.ts';
import { totalOfItems } from '../../billing/credit-notes/settle-credit-note.ts';
import { itemsOfExcess } from '../../billing/progressive-billing/excess-items.ts';
import type { CreditedProgress } from '../../billing/progressive-billing/progressive-credit.ts';
import { readCreditableInvoice } from '../../db/creditable-invoice.ts';
import { lockInvoice } from '../../db/invoices.ts';
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
  for (const { invoice_id, amount_cents } of excesses) {
    const invoice = await lockInvoice(trx, invoice_id);
    assert(invoice, 'progressive billing: what was credited exists');
    const creditable = await readCreditableInvoice(trx, invoice);
    const items = itemsOfExcess(creditable.fees, amount_cents);
    const computed = computeItems(items, creditable);
    if (computed.expected_total_cents === 0 || totalOfItems(computed) === 0) continue;
    const wanted = { ...NO_PARTS, credit_amount_cents: computed.expected_total_cents };
    await issueCreditNote(trx, invoice, creditable, { computed, wanted, reason: 'other' }, at);
  }
}
