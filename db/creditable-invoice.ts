import type { CreditableFee } from '../billing/credit-notes/compute-items.ts';
import type { CreditableInvoice } from '../billing/credit-notes/creditable-invoice.ts';
import type { Cents } from '../billing/money/cents.ts';
import { type FeeRow, findFeeTaxes, findFeesOfInvoices } from './fees.ts';
import type { InvoiceRow } from './invoices.ts';
import { type Transaction, rows } from './transaction.ts';

/** An invoice with its fees, and what was given back of it. `apart_from` leaves out notes that are being computed anew. */
export async function readCreditableInvoice(
  trx: Transaction,
  invoice: InvoiceRow,
  apart_from: readonly string[] = [],
): Promise<CreditableInvoice & { readonly rows: readonly FeeRow[] }> {
  const fees = await findFeesOfInvoices(trx, [invoice.id]);
  const taxes = Map.groupBy(await findFeeTaxes(trx, fees), ({ fee_id }) => fee_id);
  const credited = await readCredited(trx, invoice.id, apart_from);
  const creditable = fees.map((fee): CreditableFee => ({
    id: fee.id,
    amount_cents: fee.amount_cents,
    precise_coupons_amount_cents: fee.precise_coupons_amount_cents,
    taxes: taxes.get(fee.id) ?? [],
    credited_cents: credited.get(fee.id) ?? 0,
  }));
  const given = await readGiven(trx, invoice.id, apart_from);
  return {
    invoice,
    rows: fees,
    fees: creditable,
    taxes_amount_cents: invoice.taxes_amount_cents,
    earlier_taxes_cents: given.taxes,
    earlier_precise_taxes: given.precise_taxes,
    given: { credit_amount_cents: given.credit, refund_amount_cents: given.refund, offset_amount_cents: given.offset },
  };
}

/** What the items of all notes come to by fee, drafts and voided ones included. */
async function readCredited(
  trx: Transaction,
  invoice_id: string,
  apart_from: readonly string[],
): Promise<Map<string, Cents>> {
  const found = (await rows(trx, 'credit_note_items')
    .join('credit_notes as n', 'n.id', 'credit_note_items.credit_note_id')
    .where('n.invoice_id', invoice_id)
    .whereNotIn('n.id', [...apart_from])
    .groupBy('fee_id')
    .select('fee_id', trx.raw('sum(amount_cents)::bigint as cents'))) as unknown as { fee_id: string; cents: Cents }[];
  return new Map(found.map(({ fee_id, cents }) => [fee_id, cents]));
}

interface Given {
  readonly taxes: Cents;
  readonly precise_taxes: string;
  readonly credit: Cents;
  readonly refund: Cents;
  readonly offset: Cents;
}

async function readGiven(trx: Transaction, invoice_id: string, apart_from: readonly string[]): Promise<Given> {
  const { rows: found } = await trx.raw<{ rows: [Given] }>(
    `select coalesce(sum(taxes_amount_cents), 0)::bigint as taxes, coalesce(sum(precise_taxes_amount_cents), 0)::text as precise_taxes,
       coalesce(sum(credit_amount_cents) filter (where status = 'finalized'), 0)::bigint as credit,
       coalesce(sum(refund_amount_cents) filter (where status = 'finalized'), 0)::bigint as refund,
       coalesce(sum(offset_amount_cents) filter (where status = 'finalized'), 0)::bigint as "offset"
     from credit_notes where organization_id = ? and invoice_id = ? and not id = any(?)`,
    [trx.organization_id, invoice_id, [...apart_from]],
  );
  return found[0];
}
