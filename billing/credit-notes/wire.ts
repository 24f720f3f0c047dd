import { BILLING_ENTITY_CODE } from '../organizations/billing-entity.ts';
import { toWireSeconds } from '../clock/instant.ts';
import { type CustomerDocument, customerWire } from '../customers/wire.ts';
import { type FeeDocument, feeWithTaxesWire } from '../fees/wire.ts';
import { toWireDecimal } from '../money/decimal.ts';
import type { CreditNote, CreditNoteItem, CreditNoteTax } from './credit-note.ts';

export interface CreditNoteDocument {
  readonly note: CreditNote;
  readonly invoice_number: string;
  readonly customer: CustomerDocument;
  readonly items: readonly { readonly item: CreditNoteItem; readonly fee: FeeDocument }[];
  readonly taxes: readonly CreditNoteTax[];
  /** Null until the PDF is made. */
  readonly document: { readonly id: string; readonly filename: string } | null;
}

function amountsWire(note: CreditNote) {
  return {
    currency: note.currency,
    total_amount_cents: note.total_amount_cents,
    precise_total_amount_cents: toWireDecimal(note.precise_total_amount_cents),
    taxes_amount_cents: note.taxes_amount_cents,
    precise_taxes_amount_cents: toWireDecimal(note.precise_taxes_amount_cents),
    taxes_rate: Number(note.taxes_rate),
    sub_total_excluding_taxes_amount_cents: note.sub_total_excluding_taxes_amount_cents,
    coupons_adjustment_amount_cents: note.coupons_adjustment_amount_cents,
    credit_amount_cents: note.credit_amount_cents,
    refund_amount_cents: note.refund_amount_cents,
    offset_amount_cents: note.offset_amount_cents,
    balance_amount_cents: note.balance_amount_cents,
  };
}

function itemWire({ item, fee }: CreditNoteDocument['items'][number]) {
  return {
    lago_id: item.id,
    amount_cents: item.amount_cents,
    precise_amount_cents: toWireDecimal(item.precise_amount_cents),
    amount_currency: item.amount_currency,
    fee: feeWithTaxesWire(fee),
  };
}

function taxWire(tax: CreditNoteTax, { currency }: CreditNote) {
  return {
    lago_id: tax.id,
    lago_credit_note_id: tax.credit_note_id,
    lago_tax_id: tax.tax_id,
    tax_name: tax.tax_name,
    tax_code: tax.tax_code,
    tax_rate: Number(tax.tax_rate),
    tax_description: tax.tax_description,
    base_amount_cents: tax.base_amount_cents,
    amount_cents: tax.amount_cents,
    amount_currency: currency,
    created_at: toWireSeconds(tax.created_at),
  };
}

/** `file_url` is where its PDF is, null when there is none yet. */
export function creditNoteWire(document: CreditNoteDocument, file_url: string | null) {
  const { note, invoice_number, customer, items, taxes } = document;
  return {
    lago_id: note.id,
    billing_entity_code: BILLING_ENTITY_CODE,
    sequential_id: note.sequential_id,
    number: note.number,
    lago_invoice_id: note.invoice_id,
    invoice_number,
    issuing_date: note.issuing_date,
    credit_status: note.credit_status,
    refund_status: note.refund_status,
    reason: note.reason,
    description: note.description,
    ...amountsWire(note),
    self_billed: false,
    file_url,
    xml_url: null,
    created_at: toWireSeconds(note.created_at),
    updated_at: toWireSeconds(note.updated_at),
    customer: customerWire(customer),
    items: items.map(itemWire),
    applied_taxes: taxes.map((tax) => taxWire(tax, note)),
    metadata: note.metadata,
    error_details: [],
  };
}
