import { assert } from '../billing/assert.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { FeeRow } from './fees.ts';
import { type Transaction, rows } from './transaction.ts';

export interface PaidFeesFilter {
  readonly customer_id: string;
  readonly external_ids: readonly string[];
  readonly currency: string;
  /** Only what was paid until then. */
  readonly paid_until: Instant;
  /** Only what is for a period that is over by then; null: whatever it is for. */
  readonly used_until: Instant | null;
}

/**
 * Fees that were paid and that no invoice has, of subscriptions with the same external ids; none unless one of their plans wants them on an invoice.
 * The oldest first.
 */
export async function findPaidFees(trx: Transaction, filter: PaidFeesFilter): Promise<FeeRow[]> {
  const { rows: found } = await trx.raw<{ rows: FeeRow[] }>(
    `with paid as (
       select f.*, s.plan_id from fees f join subscriptions s on s.id = f.subscription_id
       where f.organization_id = :organization_id and s.customer_id = :customer_id and s.external_id = any(:external_ids)
         and s.status in ('active', 'terminated') and f.customer_id = :customer_id
         and f.invoice_id is null and f.deleted_at is null and f.fee_type = 'charge'
         and f.payment_status = 'succeeded' and f.succeeded_at <= :paid_until and f.amount_currency = :currency
         and (:used_until::timestamptz is null or f.to_at <= :used_until)
     )
     select f.* from fees f join paid on paid.id = f.id
     where f.organization_id = :organization_id and exists (
       select from charges c where c.organization_id = :organization_id and c.plan_id in (select plan_id from paid)
         and c.pay_in_advance and not c.invoiceable and c.regroup_paid_fees = 'invoice' and c.deleted_at is null)
     order by f.created_at, f.id`,
    {
      organization_id: trx.organization_id,
      customer_id: filter.customer_id,
      external_ids: [...filter.external_ids],
      currency: filter.currency,
      paid_until: filter.paid_until,
      used_until: filter.used_until as string,
    },
  );
  return found;
}

/** Puts fees on an invoice. */
export async function attachFees(
  trx: Transaction,
  fee_ids: readonly string[],
  invoice_id: string,
  at: Instant,
): Promise<void> {
  const count = await rows(trx, 'fees')
    .whereIn('id', [...fee_ids])
    .whereNull('invoice_id')
    .update({ invoice_id, updated_at: at });
  assert((count as unknown as number) === fee_ids.length, 'fees: each is on one invoice');
}
