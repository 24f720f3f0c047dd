import { localDate } from '../../billing/clock/calendar.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { computeItems, type Item } from '../../billing/credit-notes/compute-items.ts';
import { creditNoteNumber } from '../../billing/credit-notes/credit-note.ts';
import { type CreditableInvoice, roomOf } from '../../billing/credit-notes/creditable-invoice.ts';
import { rescaleItem, settleDraft } from '../../billing/credit-notes/rescale-draft.ts';
import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import { dueCents } from '../../billing/invoices/due.ts';
import { announceCreditNote } from '../../db/announcements.ts';
import {
  type CreditNoteItemRow,
  type CreditNoteRow,
  deleteDraftNotes,
  deletePartsOfNote,
  findDraftNotes,
  findItemsOfNotes,
  updateCreditNote,
} from '../../db/credit-notes.ts';
import { readCreditableInvoice } from '../../db/creditable-invoice.ts';
import type { FeeRow } from '../../db/fees.ts';
import type { InvoiceRow } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { settleInvoice } from '../payments/settle-invoice.ts';
import { insertItemsAndTaxes } from './issue-credit-note.ts';

/** The notes of a draft follow its fees when these have been computed anew. A note whose fees are not there any more has no reason. */
export async function rescaleDraftNotes(
  trx: Transaction,
  invoice: InvoiceRow,
  removed: readonly FeeRow[],
  at: Instant,
): Promise<void> {
  const notes = await findDraftNotes(trx, invoice.id);
  if (notes.length === 0) return;
  const ids = notes.map(({ id }) => id);
  const facts = await readCreditableInvoice(trx, invoice, ids);
  const itemsByNote = Map.groupBy(await findItemsOfNotes(trx, ids), ({ credit_note_id }) => credit_note_id);
  for (const note of notes) {
    const items = (itemsByNote.get(note.id) ?? []).flatMap((item) => follow(item, removed, facts) ?? []);
    if (items.length > 0) await rewrite(trx, note, items, facts, at);
    else await deleteDraftNotes(trx, [note.id]);
  }
}

function follow(
  { fee_id, precise_amount_cents }: CreditNoteItemRow,
  removed: readonly FeeRow[],
  { fees, rows }: Awaited<ReturnType<typeof readCreditableInvoice>>,
): Item | undefined {
  const before = removed.find(({ id }) => id === fee_id);
  const now = before && rows.find((one) => keyOf(one) === keyOf(before));
  const fee = fees.find(({ id }) => id === now?.id);
  return before && fee && rescaleItem(precise_amount_cents, before.amount_cents, fee);
}

/** What makes it the same line of a bill. */
function keyOf(fee: FeeRow): string {
  const { fee_type, subscription_id, charge_id, charge_filter_id, grouped_by, true_up_parent_fee_id } = fee;
  const groups = Object.entries(grouped_by).sort();
  return JSON.stringify([
    fee_type,
    subscription_id,
    charge_id,
    charge_filter_id,
    groups,
    true_up_parent_fee_id !== null,
  ]);
}

async function rewrite(
  trx: Transaction,
  note: CreditNoteRow,
  items: readonly Item[],
  facts: CreditableInvoice,
  at: Instant,
): Promise<void> {
  const computed = computeItems(items, facts);
  const amounts = settleDraft(computed, note, roomOf(facts));
  await deletePartsOfNote(trx, note.id);
  await insertItemsAndTaxes(trx, note, computed, at);
  await updateCreditNote(trx, note.id, {
    ...amounts,
    balance_amount_cents: amounts.credit_amount_cents,
    updated_at: at,
  });
}

/** They become final with their invoice, are told of, and can be used from now on. Those that came to nothing were never there. */
export async function finalizeDraftNotes(
  trx: Transaction,
  invoice: InvoiceRow,
  at: Instant,
  links?: LinkSettings,
): Promise<void> {
  const drafts = await findDraftNotes(trx, invoice.id);
  if (drafts.length === 0) return;
  const empty = drafts.filter(({ total_amount_cents }) => total_amount_cents === 0);
  await deleteDraftNotes(
    trx,
    empty.map(({ id }) => id),
  );
  let due_cents = dueCents(invoice);
  for (const note of drafts.filter((one) => !empty.includes(one))) {
    // What is owed is known only now.
    const offset_amount_cents = Math.min(note.offset_amount_cents, due_cents);
    due_cents -= offset_amount_cents;
    const credit_amount_cents = note.credit_amount_cents + note.offset_amount_cents - offset_amount_cents;
    await updateCreditNote(trx, note.id, {
      status: 'finalized',
      number: creditNoteNumber(invoice.number, note.sequential_id),
      issuing_date: localDate(at, invoice.timezone),
      offset_amount_cents,
      credit_amount_cents,
      balance_amount_cents: credit_amount_cents,
      updated_at: at,
    });
    await announceCreditNote(trx, note.id, 'credit_note.created', at);
  }
  if (due_cents < dueCents(invoice)) await settleInvoice(trx, invoice, at, links);
}

/** Nobody will ever see their invoice. */
export async function dropDraftNotes(trx: Transaction, invoice_id: string): Promise<void> {
  const drafts = await findDraftNotes(trx, invoice_id);
  await deleteDraftNotes(
    trx,
    drafts.map(({ id }) => id),
  );
}
