import type { Instant } from '../../billing/clock/instant.ts';
import { computeItems, type Item } from '../../billing/credit-notes/compute-items.ts';
import { NO_PARTS, type Parts, totalOf } from '../../billing/credit-notes/credit-note.ts';
import type { CreditableInvoice } from '../../billing/credit-notes/creditable-invoice.ts';
import { totalOfItems } from '../../billing/credit-notes/settle-credit-note.ts';
import { allThatIsLeft, checkVoidCredit, spreadOverFees } from '../../billing/credit-notes/void-credit.ts';
import { readCreditableInvoice } from '../../db/creditable-invoice.ts';
import type { InvoiceRow } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { issueCreditNote, type NewCreditNote } from './issue-credit-note.ts';

/** Whether so much can be given back of an invoice that is to be voided. @throws when it is too much */
export async function refuseTooMuchCredit(trx: Transaction, invoice: InvoiceRow, wanted: Parts): Promise<void> {
  checkVoidCredit(wanted, await readCreditableInvoice(trx, invoice));
}

/**
 * Gives back what is wanted of an invoice that is voided, over all its fees in proportion; a second note, void from the start, takes the rest off
 * the books. The caller holds the invoice and the billing of its customer.
 */
export async function creditVoidedInvoice(
  trx: Transaction,
  invoice: InvoiceRow,
  wanted: Parts,
  at: Instant,
): Promise<void> {
  const before = await readCreditableInvoice(trx, invoice);
  await issue(trx, invoice, before, spreadOverFees(totalOf(wanted), before), { wanted }, at);
  const after = await readCreditableInvoice(trx, invoice);
  await issue(trx, invoice, after, allThatIsLeft(after), { isVoided: true }, at);
}

async function issue(
  trx: Transaction,
  invoice: InvoiceRow,
  facts: CreditableInvoice,
  items: readonly Item[],
  { wanted, isVoided }: Partial<Pick<NewCreditNote, 'wanted' | 'isVoided'>>,
  at: Instant,
): Promise<void> {
  const computed = computeItems(items, facts);
  if (totalOfItems(computed) === 0) return;
  const all = { ...NO_PARTS, credit_amount_cents: computed.expected_total_cents };
  await issueCreditNote(trx, invoice, facts, { computed, wanted: wanted ?? all, reason: 'other', isVoided }, at);
}
