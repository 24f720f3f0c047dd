import type { CreditNoteDocument } from '../../billing/credit-notes/wire.ts';
import type { Invoice } from '../../billing/invoices/invoice.ts';
import type { CreditNoteContent } from '../templates/credit-note-content.ts';
import type { NamedSubscription } from '../templates/invoice-content.ts';
import { describeLine } from './describe-invoice.ts';
import { type Seller, describeParties } from './describe-parties.ts';

export interface CreditNoteFacts {
  readonly document: CreditNoteDocument;
  readonly invoice: Pick<Invoice, 'timezone'>;
  readonly seller: Seller;
  /** Those that its fees are for. */
  readonly subscriptions: readonly NamedSubscription[];
}

/** What the document says: what is given back, and its parties as they are at this moment. */
export function describeCreditNote({ document, invoice, seller, subscriptions }: CreditNoteFacts): CreditNoteContent {
  const { note, invoice_number, customer, items, taxes } = document;
  return {
    ...note,
    ...describeParties(seller, customer),
    // It says how invoices are paid.
    footer: null,
    timezone: invoice.timezone,
    invoice_number,
    subscriptions,
    lines: items.map(({ item, fee }) => ({ ...describeLine(fee), amount_cents: item.amount_cents })),
    taxes,
  };
}
