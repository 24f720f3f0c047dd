import type { FeeDocument } from '../../billing/fees/wire.ts';
import type { InvoiceDocument } from '../../billing/invoices/wire.ts';
import type {
  DaysOfLine,
  InvoiceContent,
  InvoiceLine,
  NamedSubscription,
  ReachedThreshold,
} from '../templates/invoice-content.ts';
import { type Seller, describeParties } from './describe-parties.ts';

export interface InvoiceFacts {
  readonly invoice: InvoiceDocument;
  readonly seller: Seller;
  readonly subscriptions: readonly NamedSubscription[];
  readonly threshold: ReachedThreshold | null;
  /** By fee. */
  readonly days_used: ReadonlyMap<string, DaysOfLine>;
}

/** What the document says: the invoice as billed, its parties as they are at this moment. */
export function describeInvoice({
  invoice: facts,
  seller,
  subscriptions,
  threshold,
  days_used,
}: InvoiceFacts): InvoiceContent {
  const { invoice, customer: buyer, taxes, fees, credits } = facts;
  return {
    ...invoice,
    ...describeParties(seller, buyer),
    threshold,
    subscriptions,
    lines: fees.map((one) => ({ ...describeLine(one), days_used: days_used.get(one.fee.id) })),
    coupons: credits
      .filter(({ item }) => item.type === 'coupon')
      .map(({ item, amount_cents }) => ({ name: item.name, amount_cents })),
    taxes: taxes.map((tax) => ({ ...tax, base_amount_cents: tax.fees_amount_cents })),
  };
}

export function describeLine({ fee }: Pick<FeeDocument, 'fee'>): InvoiceLine {
  const groups = Object.entries(fee.grouped_by).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...fee,
    name: fee.invoice_display_name || fee.item_name,
    groups: [fee.filter_invoice_display_name, ...groups.map(([, value]) => value)].filter((one): one is string =>
      Boolean(one),
    ),
  };
}
