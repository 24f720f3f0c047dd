import type { Instant } from '../billing/clock/instant.ts';
import type { CreditDocument } from '../billing/invoices/wire.ts';
import type { Cents } from '../billing/money/cents.ts';
import type { Currency } from '../billing/money/currency.ts';
import { newId } from './ids.ts';
import { type Transaction, insert, rows } from './transaction.ts';

/** What was taken off an invoice, and by what: one of the three. */
export interface Credit {
  readonly invoice_id: string;
  readonly applied_coupon_id?: string;
  readonly progressive_billing_invoice_id?: string;
  readonly credit_note_id?: string;
  readonly amount_cents: Cents;
  readonly amount_currency: Currency;
  readonly created_at: Instant;
}

export async function insertCredits(trx: Transaction, credits: readonly Credit[]): Promise<void> {
  await insert(
    trx,
    'credits',
    credits.map((credit) => ({ ...credit, id: newId(), before_taxes: credit.credit_note_id === undefined })),
  );
}

/** SQL for what an applied coupon has taken off the invoices that count. `applied_coupon_id` is an expression, never input. */
export function centsUsedOf(applied_coupon_id: string): string {
  return `(select coalesce(sum(used.amount_cents), 0)::bigint from credits used join invoices on invoices.id = used.invoice_id
    where used.applied_coupon_id = ${applied_coupon_id} and invoices.status not in ('voided', 'closed', 'deleted'))`;
}

/** A draft is computed anew. */
export async function deleteCreditsOfInvoice(trx: Transaction, invoice_id: string): Promise<void> {
  await rows(trx, 'credits').where({ invoice_id }).delete();
}

export interface CreditOfInvoice extends CreditDocument {
  readonly invoice_id: string;
  readonly applied_coupon_id: string | null;
}

/** Of invoices, in the order in which they were taken off. */
export function loadCredits(trx: Transaction, invoice_ids: readonly string[]): Promise<CreditOfInvoice[]> {
  return readCredits(trx, 'c.invoice_id', invoice_ids);
}

/** What applied coupons have taken off. */
export function loadCreditsOfCoupons(
  trx: Transaction,
  applied_coupon_ids: readonly string[],
): Promise<CreditOfInvoice[]> {
  return readCredits(trx, 'c.applied_coupon_id', applied_coupon_ids);
}

async function readCredits(
  trx: Transaction,
  column: 'c.invoice_id' | 'c.applied_coupon_id',
  ids: readonly string[],
): Promise<CreditOfInvoice[]> {
  const { rows: found } = await trx.raw<{ rows: CreditOfInvoice[] }>(
    `select c.id, c.invoice_id, c.applied_coupon_id, c.amount_cents, c.amount_currency, c.before_taxes, c.created_at,
       coalesce(
         case when c.applied_coupon_id is not null then jsonb_build_object('lago_item_id', k.id, 'type', 'coupon', 'code', k.code, 'name', k.name, 'description', k.description) end,
         case when c.progressive_billing_invoice_id is not null then jsonb_build_object('lago_item_id', p.id, 'type', 'invoice', 'code', p.number, 'name', p.number, 'description', null) end,
         case when c.credit_note_id is not null then jsonb_build_object('lago_item_id', n.id, 'type', 'credit_note', 'code', n.number, 'name', s.number, 'description', n.description) end
       ) as item,
       jsonb_build_object('lago_id', coalesce(p.id, i.id), 'payment_status', coalesce(p.payment_status, i.payment_status)) as invoice
     from credits c
     join invoices i on i.id = c.invoice_id
     left join applied_coupons a on a.id = c.applied_coupon_id
     left join coupons k on k.id = a.coupon_id
     left join invoices p on p.id = c.progressive_billing_invoice_id
     left join credit_notes n on n.id = c.credit_note_id
     left join invoices s on s.id = n.invoice_id
     where c.organization_id = ? and ${column} = any(?)
     order by c.before_taxes desc, c.progressive_billing_invoice_id is null, c.created_at, c.id`,
    [trx.organization_id, [...ids]],
  );
  return found;
}
