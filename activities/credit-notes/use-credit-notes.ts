import type { Instant } from '../../billing/clock/instant.ts';
import { takesCreditNotes, useBalances } from '../../billing/credit-notes/use-credit-notes.ts';
import type { Invoice } from '../../billing/invoices/invoice.ts';
import { lockUsableCreditNotes, setBalances } from '../../db/credit-notes.ts';
import { insertCredits } from '../../db/credits.ts';
import { updateInvoice } from '../../db/invoices.ts';
import { lock, type Transaction } from '../../db/transaction.ts';

/** Pays an invoice that becomes final with the credit notes of its customer, the oldest first. Answers with the invoice as it is then. */
export async function useCreditNotes(trx: Transaction, invoice: Invoice, at: Instant): Promise<Invoice> {
  if (!takesCreditNotes(invoice) || invoice.total_amount_cents === 0) return invoice;
  await lock(trx, `billing/${invoice.customer_id}`);
  const uses = useBalances(await lockUsableCreditNotes(trx, invoice), invoice.total_amount_cents);
  if (uses.length === 0) return invoice;
  await setBalances(trx, uses, at);
  await insertCredits(
    trx,
    uses.map(({ id, amount_cents }) => ({
      invoice_id: invoice.id,
      credit_note_id: id,
      amount_cents,
      amount_currency: invoice.currency,
      created_at: at,
    })),
  );
  const credit_notes_amount_cents = uses.reduce((total, { amount_cents }) => total + amount_cents, 0);
  return updateInvoice(trx, invoice.id, {
    credit_notes_amount_cents,
    total_amount_cents: invoice.total_amount_cents - credit_notes_amount_cents,
    updated_at: at,
  });
}
