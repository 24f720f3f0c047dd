import type { IssuingDateAdjustment, IssuingDateAnchor } from '../billing/invoices/draft-dates.ts';
import type { Transaction } from './transaction.ts';

/** How a customer is billed: its own settings, else the organization's. */
export interface BillingSettings {
  readonly customer_id: string;
  readonly customer_sequential_id: number;
  readonly timezone: string;
  /** Days. */
  readonly net_payment_term: number;
  /** Days. */
  readonly invoice_grace_period: number;
  readonly issuing_date_anchor: IssuingDateAnchor;
  readonly issuing_date_adjustment: IssuingDateAdjustment;
  readonly finalizes_zero_amount_invoices: boolean;
  readonly document_numbering: 'per_customer' | 'per_organization';
  readonly document_number_prefix: string;
  readonly organization_timezone: string;
}

export async function readBillingSettings(trx: Transaction, customer_id: string): Promise<BillingSettings> {
  const { rows } = await trx.raw<{ rows: BillingSettings[] }>(
    `select c.id as customer_id, c.sequential_id as customer_sequential_id,
       coalesce(c.timezone, o.timezone) as timezone,
       coalesce(c.net_payment_term, o.net_payment_term) as net_payment_term,
       coalesce(c.invoice_grace_period, o.invoice_grace_period) as invoice_grace_period,
       coalesce(c.subscription_invoice_issuing_date_anchor, o.subscription_invoice_issuing_date_anchor) as issuing_date_anchor,
       coalesce(c.subscription_invoice_issuing_date_adjustment, o.subscription_invoice_issuing_date_adjustment) as issuing_date_adjustment,
       case c.finalize_zero_amount_invoice when 'inherit' then o.finalize_zero_amount_invoice else c.finalize_zero_amount_invoice = 'finalize' end
         as finalizes_zero_amount_invoices,
       o.document_numbering, o.document_number_prefix, o.timezone as organization_timezone
     from customers c join organizations o on o.id = c.organization_id
     where c.organization_id = :organization_id and c.id = :customer_id`,
    { organization_id: trx.organization_id, customer_id },
  );
  const [settings] = rows;
  if (!settings) throw new Error(`customer ${customer_id} has no settings`);
  return settings;
}

/** Counts one more finalized invoice of the customer. Holds the counter, so numbers have no holes: a transaction that fails gives its number back. */
export async function countInvoiceOfCustomer(trx: Transaction, customer_id: string): Promise<number> {
  const { rows } = await trx.raw<{ rows: { numbered_invoices_count: number }[] }>(
    `insert into invoice_counters as c (customer_id, organization_id, numbered_invoices_count) values (?, ?, 1)
     on conflict (customer_id) do update set numbered_invoices_count = c.numbered_invoices_count + 1
     returning numbered_invoices_count`,
    [customer_id, trx.organization_id],
  );
  const [row] = rows;
  if (!row) throw new Error(`customer ${customer_id} is gone`);
  return row.numbered_invoices_count;
}

/** The same over the organization. The first one after a change of numbering goes on from all invoices numbered before. */
export async function countInvoiceOfOrganization(trx: Transaction): Promise<number> {
  const { rows } = await trx.raw<{ rows: { numbered_invoices_count: number }[] }>(
    `update organizations o set numbered_invoices_count = 1 + coalesce(
       o.numbered_invoices_count,
       (select count(*) from invoices i where i.organization_id = o.id and i.sequential_id is not null)
     ) where o.id = ? returning numbered_invoices_count`,
    [trx.organization_id],
  );
  const [row] = rows;
  if (!row) throw new Error('the organization is gone');
  return row.numbered_invoices_count;
}
