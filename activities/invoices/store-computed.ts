import type { Instant } from '../../billing/clock/instant.ts';
import type { Invoice } from '../../billing/invoices/invoice.ts';
import type { ComputedInvoice } from '../../billing/invoices/settle-lines.ts';
import { insertComputedFees } from '../../db/computed-fees.ts';
import { deleteCreditsOfInvoice, insertCredits } from '../../db/credits.ts';
import { deleteFeesOfInvoice } from '../../db/fees.ts';
import { newId } from '../../db/ids.ts';
import { deleteInvoiceTaxes, insertInvoiceTaxes, updateInvoice } from '../../db/invoices.ts';
import type { Transaction } from '../../db/transaction.ts';
import { recordCouponUses } from '../../db/usable-coupons.ts';
import { rescaleDraftNotes } from '../credit-notes/draft-notes.ts';

export interface StoredInvoice {
  readonly invoice: Invoice;
  /** In the order of the computed ones. */
  readonly fee_ids: readonly string[];
}

/** Stores what an invoice has come to, in place of what it came to before. */
export async function storeComputed(
  trx: Transaction,
  invoice: Invoice,
  computed: ComputedInvoice,
  at: Instant,
): Promise<StoredInvoice> {
  const removed = await deleteFeesOfInvoice(trx, invoice.id);
  await deleteInvoiceTaxes(trx, invoice.id);
  await deleteCreditsOfInvoice(trx, invoice.id);
  const fee_ids = await insertComputedFees(
    trx,
    invoice.customer_id,
    computed.fees.map((fee) => ({ ...fee, invoice_id: invoice.id, created_at: at })),
  );
  await insertInvoiceTaxes(
    trx,
    computed.taxes.map((tax) => ({ ...tax, id: newId(), invoice_id: invoice.id, created_at: at })),
  );
  const common = { invoice_id: invoice.id, amount_currency: invoice.currency, created_at: at };
  await insertCredits(trx, [
    ...computed.progressive.credits.map(({ invoice_id, amount_cents }) => ({
      ...common,
      progressive_billing_invoice_id: invoice_id,
      amount_cents,
    })),
    ...computed.coupon_uses.map(({ coupon, amount_cents }) => ({
      ...common,
      applied_coupon_id: coupon.id,
      amount_cents,
    })),
  ]);
  await recordCouponUses(trx, computed.coupon_uses, at);
  const updated = await updateInvoice(trx, invoice.id, { ...computed.totals, stale_at: null, updated_at: at });
  if (removed.length > 0) await rescaleDraftNotes(trx, updated, removed, at);
  return { invoice: updated, fee_ids };
}
