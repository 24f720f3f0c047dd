import { assert } from '../billing/assert.ts';
import type { CreditNoteDocument } from '../billing/credit-notes/wire.ts';
import { type CreditNoteRow, findItemsOfNotes, findTaxesOfNotes } from './credit-notes.ts';
import { loadCustomers } from './customers.ts';
import { findDocumentNames } from './documents.ts';
import { findFees, loadFees } from './fees.ts';
import { type Transaction, rows } from './transaction.ts';

/** What their wire is made of, in the order of `notes`; a constant number of statements whatever their number. */
export async function loadCreditNotes(
  trx: Transaction,
  notes: readonly CreditNoteRow[],
): Promise<CreditNoteDocument[]> {
  if (notes.length === 0) return [];
  const ids = notes.map(({ id }) => id);
  const numbers = await readInvoiceNumbers(trx, notes);
  const customers = await loadCustomers(trx, [...new Set(notes.map(({ customer_id }) => customer_id))]);
  const items = await findItemsOfNotes(trx, ids);
  const fee_ids = [...new Set(items.map(({ fee_id }) => fee_id))];
  const fees = new Map(
    (await loadFees(trx, await findFees(trx, fee_ids))).map((document) => [document.fee.id, document]),
  );
  const itemsByNote = Map.groupBy(items, ({ credit_note_id }) => credit_note_id);
  const taxes = Map.groupBy(await findTaxesOfNotes(trx, ids), ({ credit_note_id }) => credit_note_id);
  const documents = await findDocumentNames(trx, 'credit_note_id', ids);
  return notes.map((note) => {
    const customer = customers.get(note.customer_id);
    assert(customer, 'credit note: its customer exists');
    return {
      note,
      invoice_number: numbers.get(note.invoice_id) ?? '',
      customer,
      items: (itemsByNote.get(note.id) ?? []).map((item) => {
        const fee = fees.get(item.fee_id);
        assert(fee, 'credit note: the fee of an item exists');
        return { item, fee };
      }),
      taxes: taxes.get(note.id) ?? [],
      document: documents.get(note.id) ?? null,
    };
  });
}

async function readInvoiceNumbers(trx: Transaction, notes: readonly CreditNoteRow[]): Promise<Map<string, string>> {
  const found = await rows<{ id: string; number: string }>(trx, 'invoices')
    .whereIn('id', [...new Set(notes.map(({ invoice_id }) => invoice_id))])
    .select('id', 'number');
  return new Map(found.map(({ id, number }) => [id, number]));
}
