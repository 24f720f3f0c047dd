import { assert } from '../billing/assert.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { CreditNote, CreditNoteItem, CreditNoteTax } from '../billing/credit-notes/credit-note.ts';
import type { CreditNoteUse } from '../billing/credit-notes/use-credit-notes.ts';
import type { Currency } from '../billing/money/currency.ts';
import { type Transaction, insert, rows } from './transaction.ts';

export interface CreditNoteRow extends CreditNote {
  readonly organization_id: string;
}

export interface CreditNoteItemRow extends CreditNoteItem {
  readonly organization_id: string;
}

export interface CreditNoteTaxRow extends CreditNoteTax {
  readonly organization_id: string;
}

/** Undefined when its occasion has made one before. */
export async function insertCreditNote(trx: Transaction, note: CreditNote): Promise<CreditNoteRow | undefined> {
  const [row] = (await trx('credit_notes')
    .insert({ ...note, organization_id: trx.organization_id })
    .onConflict(['organization_id', 'occasion'])
    .ignore()
    .returning('*')) as CreditNoteRow[];
  return row;
}

export async function insertCreditNoteItems(trx: Transaction, items: readonly CreditNoteItem[]): Promise<void> {
  await insert(trx, 'credit_note_items', [...items]);
}

export async function insertCreditNoteTaxes(trx: Transaction, taxes: readonly CreditNoteTax[]): Promise<void> {
  await insert(trx, 'credit_note_taxes', [...taxes]);
}

/** Of an invoice. Its customer's billing is held, so that two never take the same. */
export async function nextSequentialId(trx: Transaction, invoice_id: string): Promise<number> {
  const found = (await rows(trx, 'credit_notes').where({ invoice_id }).max({ last: 'sequential_id' }).first()) as
    { last: number | null } | undefined;
  return (found?.last ?? 0) + 1;
}

/** As callers see it: drafts do not exist. */
export async function findCreditNote(trx: Transaction, id: string): Promise<CreditNoteRow | undefined> {
  return rows<CreditNoteRow>(trx, 'credit_notes').where({ id, status: 'finalized' }).first();
}

/** Whether this occasion has made its note. */
export async function hasCreditNote(trx: Transaction, occasion: string): Promise<boolean> {
  return (await rows(trx, 'credit_notes').where({ occasion }).first('id')) !== undefined;
}

/** Holds the row until the transaction ends. */
export async function lockCreditNote(trx: Transaction, id: string): Promise<CreditNoteRow | undefined> {
  return rows<CreditNoteRow>(trx, 'credit_notes').where({ id, status: 'finalized' }).forUpdate().first();
}

export async function updateCreditNote(
  trx: Transaction,
  id: string,
  changes: Partial<CreditNote> & Pick<CreditNote, 'updated_at'>,
): Promise<CreditNoteRow> {
  const [row] = await rows<CreditNoteRow>(trx, 'credit_notes').where({ id }).update(changes).returning('*');
  assert(row, 'credit note: an updated row exists');
  return row;
}

/** What may be used on an invoice, the oldest first: of its customer and currency, and not of itself. Holds the rows. */
export async function lockUsableCreditNotes(
  trx: Transaction,
  invoice: { readonly id: string; readonly customer_id: string; readonly currency: Currency },
): Promise<CreditNoteRow[]> {
  return rows<CreditNoteRow>(trx, 'credit_notes')
    .where({ customer_id: invoice.customer_id, currency: invoice.currency })
    .where({ status: 'finalized', credit_status: 'available' })
    .where('balance_amount_cents', '>', 0)
    .whereNot({ invoice_id: invoice.id })
    .orderBy(['created_at', 'id'])
    .forUpdate();
}

/** What is left of notes that were used. */
export async function setBalances(trx: Transaction, uses: readonly CreditNoteUse[], at: Instant): Promise<void> {
  await trx.raw(
    `update credit_notes n set balance_amount_cents = u.balance, updated_at = ?,
       credit_status = case when u.balance = 0 then 'consumed' else n.credit_status end
     from unnest(?::uuid[], ?::bigint[]) u (id, balance)
     where n.organization_id = ? and n.id = u.id`,
    [at, uses.map(({ id }) => id), uses.map((use) => use.balance_amount_cents), trx.organization_id],
  );
}

/** Notes of an invoice that is a draft, in their order. */
export async function findDraftNotes(trx: Transaction, invoice_id: string): Promise<CreditNoteRow[]> {
  return rows<CreditNoteRow>(trx, 'credit_notes').where({ invoice_id, status: 'draft' }).orderBy('sequential_id');
}

export async function findItemsOfNotes(trx: Transaction, note_ids: readonly string[]): Promise<CreditNoteItemRow[]> {
  return rows<CreditNoteItemRow>(trx, 'credit_note_items')
    .whereIn('credit_note_id', [...note_ids])
    .orderBy(['created_at', 'id']);
}

export async function findTaxesOfNotes(trx: Transaction, note_ids: readonly string[]): Promise<CreditNoteTaxRow[]> {
  return rows<CreditNoteTaxRow>(trx, 'credit_note_taxes')
    .whereIn('credit_note_id', [...note_ids])
    .orderBy([{ column: 'tax_rate', order: 'desc' }, { column: 'tax_code' }]);
}

/** A draft is computed anew. */
export async function deletePartsOfNote(trx: Transaction, credit_note_id: string): Promise<void> {
  await rows(trx, 'credit_note_items').where({ credit_note_id }).delete();
  await rows(trx, 'credit_note_taxes').where({ credit_note_id }).delete();
}

/** Drafts never were anybody's. */
export async function deleteDraftNotes(trx: Transaction, note_ids: readonly string[]): Promise<void> {
  await rows(trx, 'credit_notes')
    .whereIn('id', [...note_ids])
    .where({ status: 'draft' })
    .delete();
}
