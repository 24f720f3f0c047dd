import { assert } from '../../billing/assert.ts';
import { localDate } from '../../billing/clock/calendar.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { type ComputedItems, DECIMALS } from '../../billing/credit-notes/compute-items.ts';
import { type CreditNote, creditNoteNumber, type Parts } from '../../billing/credit-notes/credit-note.ts';
import { type CreditableInvoice, roomOf } from '../../billing/credit-notes/creditable-invoice.ts';
import { settleCreditNote } from '../../billing/credit-notes/settle-credit-note.ts';
import type { LinkSettings } from '../../billing/invoices/document-link.ts';
import { roundToCents } from '../../billing/money/cents.ts';
import { announceCreditNote } from '../../db/announcements.ts';
import { readBillingSettings } from '../../db/billing-settings.ts';
import {
  type CreditNoteRow,
  insertCreditNote,
  insertCreditNoteItems,
  insertCreditNoteTaxes,
  nextSequentialId,
} from '../../db/credit-notes.ts';
import { newId } from '../../db/ids.ts';
import type { InvoiceRow } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { replanInvoice } from '../invoices/plan-invoice.ts';
import { settleInvoice } from '../payments/settle-invoice.ts';

export interface NewCreditNote extends Pick<CreditNote, 'reason'> {
  readonly computed: ComputedItems;
  readonly wanted: Parts;
  readonly description?: string | null;
  readonly metadata?: CreditNote['metadata'];
  /** What makes it only once. */
  readonly occasion?: string;
  /** For the books only: nothing of it can be used. */
  readonly isVoided?: boolean | undefined;
}

/**
 * Makes a note on an invoice and all that follows from it; that of a draft is a draft, and waits for it. Undefined when its occasion has made
 * it before. The caller holds the billing of the customer and the invoice, and has checked what is wanted.
 */
export async function issueCreditNote(
  trx: Transaction,
  invoice: InvoiceRow,
  facts: CreditableInvoice,
  made: NewCreditNote,
  at: Instant,
  links?: LinkSettings,
): Promise<CreditNoteRow | undefined> {
  const note = await insertCreditNote(trx, await blankNote(trx, invoice, facts, made, at));
  if (!note) return undefined;
  await insertItemsAndTaxes(trx, note, made.computed, at);
  if (note.status === 'draft') return note;
  await announceCreditNote(trx, note.id, 'credit_note.created', at);
  if (note.offset_amount_cents > 0) await settleInvoice(trx, invoice, at, links);
  await replanInvoice(trx, invoice.id, at);
  return note;
}

async function blankNote(
  trx: Transaction,
  invoice: InvoiceRow,
  facts: CreditableInvoice,
  { computed, wanted, reason, description = null, metadata = null, occasion, isVoided = false }: NewCreditNote,
  at: Instant,
): Promise<CreditNote> {
  const amounts = settleCreditNote(computed, wanted, roomOf(facts));
  assert(amounts.total_amount_cents > 0, 'credit note: it gives something back');
  const { timezone } = await readBillingSettings(trx, invoice.customer_id);
  const sequential_id = await nextSequentialId(trx, invoice.id);
  return {
    ...amounts,
    id: newId(),
    customer_id: invoice.customer_id,
    invoice_id: invoice.id,
    sequential_id,
    number: creditNoteNumber(invoice.number, sequential_id),
    status: invoice.status === 'draft' ? 'draft' : 'finalized',
    credit_status: isVoided ? 'voided' : 'available',
    refund_status: amounts.refund_amount_cents > 0 ? 'pending' : null,
    reason,
    description,
    metadata,
    occasion: occasion ?? null,
    currency: invoice.currency,
    issuing_date: localDate(at, timezone),
    balance_amount_cents: isVoided ? 0 : amounts.credit_amount_cents,
    refunded_at: null,
    voided_at: isVoided ? at : null,
    created_at: at,
    updated_at: at,
  };
}

export async function insertItemsAndTaxes(
  trx: Transaction,
  { id, currency }: Pick<CreditNote, 'id' | 'currency'>,
  { items, taxes }: ComputedItems,
  at: Instant,
): Promise<void> {
  await insertCreditNoteItems(
    trx,
    items.map(({ fee, amount }) => ({
      id: newId(),
      credit_note_id: id,
      fee_id: fee.id,
      amount_cents: roundToCents(amount),
      precise_amount_cents: amount.toDecimalPlaces(DECIMALS).toFixed(),
      amount_currency: currency,
      created_at: at,
    })),
  );
  await insertCreditNoteTaxes(
    trx,
    taxes.map(({ tax_id, tax_name, tax_code, tax_description, tax_rate, base_amount_cents, amount_cents }) => ({
      id: newId(),
      credit_note_id: id,
      tax_id,
      tax_name,
      tax_code,
      tax_description,
      tax_rate,
      base_amount_cents,
      amount_cents,
      created_at: at,
    })),
  );
}
