import { assert } from '../../billing/assert.ts';
import type { SubscriptionDocument } from '../../billing/subscriptions/wire.ts';
import { findCreditNote } from '../../db/credit-notes.ts';
import { type MissingDocument, findReachedThreshold } from '../../db/documents.ts';
import { findInvoice, loadInvoices } from '../../db/invoices.ts';
import { loadCreditNotes } from '../../db/load-credit-notes.ts';
import { findLogo } from '../../db/logos.ts';
import { findOrganization } from '../../db/organizations.ts';
import { loadPlans } from '../../db/plans.ts';
import { loadSubscriptions } from '../../db/subscriptions.ts';
import type { Transaction } from '../../db/transaction.ts';
import { creditNoteHtml } from '../templates/credit-note.html.ts';
import type { NamedSubscription } from '../templates/invoice-content.ts';
import { invoiceHtml } from '../templates/invoice.html.ts';
import { readDaysUsed } from './read-days-used.ts';
import { describeCreditNote } from './describe-credit-note.ts';
import { describeInvoice } from './describe-invoice.ts';
import type { Seller } from './describe-parties.ts';

/** A page to be printed, and the number of what it is of. */
export interface Page {
  readonly number: string;
  readonly html: string;
}

export function readPage(trx: Transaction, owner: MissingDocument['owner']): Promise<Page> {
  return 'invoice_id' in owner ? readInvoicePage(trx, owner.invoice_id) : readCreditNotePage(trx, owner.credit_note_id);
}

async function readInvoicePage(trx: Transaction, invoice_id: string): Promise<Page> {
  const [invoice] = await loadInvoices(trx, [invoice_id]);
  assert(invoice, 'document: the invoice exists');
  const content = describeInvoice({
    invoice,
    seller: await readSeller(trx),
    subscriptions: await nameSubscriptions(trx, invoice.subscriptions),
    threshold: await findReachedThreshold(trx, invoice_id),
    days_used: await readDaysUsed(trx, invoice),
  });
  return { number: content.number, html: invoiceHtml(content) };
}

async function readCreditNotePage(trx: Transaction, credit_note_id: string): Promise<Page> {
  const note = await findCreditNote(trx, credit_note_id);
  assert(note, 'document: the credit note exists');
  const [document] = await loadCreditNotes(trx, [note]);
  const invoice = await findInvoice(trx, note.invoice_id);
  assert(document && invoice, 'document: the credit note is one of an invoice');
  const ids = new Set(document.items.flatMap(({ fee: { fee } }) => fee.subscription_id ?? []));
  const content = describeCreditNote({
    document,
    invoice,
    seller: await readSeller(trx),
    subscriptions: await nameSubscriptions(trx, await loadSubscriptions(trx, [...ids])),
  });
  return { number: content.number, html: creditNoteHtml(content) };
}

async function readSeller(trx: Transaction): Promise<Seller> {
  return { organization: await findOrganization(trx), logo: await findLogo(trx) };
}

/** By their own names, else by those of their plans. */
async function nameSubscriptions(
  trx: Transaction,
  subscriptions: readonly Pick<SubscriptionDocument, 'subscription' | 'plan'>[],
): Promise<NamedSubscription[]> {
  const plans = await loadPlans(trx, [...new Set(subscriptions.map(({ plan }) => plan.id))]);
  return subscriptions.map(({ subscription, plan }) => {
    const names = plans.get(plan.id)?.plan;
    return {
      id: subscription.id,
      name: subscription.name || names?.invoice_display_name || names?.name || plan.code,
    };
  });
}
