import { creditNoteWire } from '../billing/credit-notes/wire.ts';
import { customerWire } from '../billing/customers/wire.ts';
import type { Instant } from '../billing/clock/instant.ts';
import type { ErrorDetails } from '../billing/errors.ts';
import { eventWire } from '../billing/events/wire.ts';
import { feeWire } from '../billing/fees/wire.ts';
import { type LinkSettings, documentUrl } from '../billing/invoices/document-link.ts';
import type { Invoice } from '../billing/invoices/invoice.ts';
import { type InvoiceSummary, invoiceSummaryWire, invoiceWire } from '../billing/invoices/wire.ts';
import { planWire } from '../billing/plans/wire.ts';
import { subscriptionWire } from '../billing/subscriptions/wire.ts';
import {
  applicableThresholdWire,
  type UsageThreshold,
  usageThresholdWire,
} from '../billing/progressive-billing/usage-threshold.ts';
import type { WebhookType } from '../billing/webhooks/event-types.ts';
import { assert } from '../billing/assert.ts';
import { findCreditNote } from './credit-notes.ts';
import { loadCustomers } from './customers.ts';
import { findEventsOfSubscription } from './events.ts';
import { findFees, loadFees } from './fees.ts';
import { loadInvoices } from './invoices.ts';
import { loadCreditNotes } from './load-credit-notes.ts';
import { loadPlans } from './plans.ts';
import { loadSubscriptions } from './subscriptions.ts';
import type { Transaction } from './transaction.ts';
import { findApplicableThresholds } from './usage-thresholds.ts';
import { announce, hasWebhookEndpoints } from './webhooks.ts';

type TypeOf<Prefix extends string> = Extract<WebhookType, `${Prefix}.${string}`>;
type InvoiceNews = Exclude<TypeOf<'invoice'>, 'invoice.payment_dispute_lost' | 'invoice.payment_failure'>;

/** Tells the organization's endpoints of a change to a subscription, as it is now, with its plan and customer. */
export async function announceSubscription(
  trx: Transaction,
  subscription_id: string,
  webhook_type: TypeOf<'subscription'>,
  at: Instant,
  more: object = {},
): Promise<void> {
  if (!(await hasWebhookEndpoints(trx))) return;
  const [document] = await loadSubscriptions(trx, [subscription_id]);
  assert(document, 'announcement: the subscription exists');
  const plan = (await loadPlans(trx, [document.subscription.plan_id])).get(document.subscription.plan_id);
  const customer = (await loadCustomers(trx, [document.customer.id])).get(document.customer.id);
  assert(plan, 'announcement: the plan exists');
  assert(customer, 'announcement: the customer exists');
  const object = { ...subscriptionWire(document, at), plan: planWire(plan), customer: customerWire(customer), ...more };
  await announce(trx, { webhook_type, object_type: 'subscription', object_id: subscription_id, object }, at);
}

/** Tells that usage of a subscription has reached a threshold. */
export async function announceThreshold(
  trx: Transaction,
  subscription_id: string,
  threshold: UsageThreshold,
  at: Instant,
): Promise<void> {
  if (!(await hasWebhookEndpoints(trx))) return;
  await announceSubscription(trx, subscription_id, 'subscription.usage_threshold_reached', at, {
    usage_threshold: usageThresholdWire(threshold),
    applicable_usage_thresholds: (await findApplicableThresholds(trx, [subscription_id]))(subscription_id).map(
      applicableThresholdWire,
    ),
  });
}

/** Tells of a change to an invoice: the whole of it, as it is now. `links` are needed once it may have a PDF. */
export async function announceInvoice(
  trx: Transaction,
  invoice_id: string,
  webhook_type: InvoiceNews,
  at: Instant,
  links?: LinkSettings,
): Promise<void> {
  if (!(await hasWebhookEndpoints(trx))) return;
  const [document] = await loadInvoices(trx, [invoice_id]);
  assert(document, 'announcement: the invoice exists');
  const object = invoiceWire(document, fileUrl(trx, document, links), at);
  await announce(trx, { webhook_type, object_type: 'invoice', object_id: invoice_id, object }, at);
}

/** Tells of a credit note: the whole of it, as it is now. `links` are needed once it may have a PDF. */
export async function announceCreditNote(
  trx: Transaction,
  credit_note_id: string,
  webhook_type: 'credit_note.created' | 'credit_note.generated',
  at: Instant,
  links?: LinkSettings,
): Promise<void> {
  if (!(await hasWebhookEndpoints(trx))) return;
  const note = await findCreditNote(trx, credit_note_id);
  assert(note, 'announcement: the credit note exists');
  const [document] = await loadCreditNotes(trx, [note]);
  assert(document, 'announcement: the credit note is loaded');
  const name = document.document && { ...document.document, organization_id: trx.organization_id };
  const object = creditNoteWire(document, name && links ? documentUrl(name, links) : null);
  await announce(trx, { webhook_type, object_type: 'credit_note', object_id: credit_note_id, object }, at);
}

function fileUrl(trx: Transaction, { document }: InvoiceSummary, links: LinkSettings | undefined): string | null {
  return document && links ? documentUrl({ ...document, organization_id: trx.organization_id }, links) : null;
}

/** Tells that the money for an invoice has been taken back for good. `reason` is the payment provider's. */
export async function announceDisputeLost(
  trx: Transaction,
  invoice_id: string,
  reason: string | undefined,
  links: LinkSettings,
  at: Instant,
): Promise<void> {
  if (!(await hasWebhookEndpoints(trx))) return;
  const [document] = await loadInvoices(trx, [invoice_id]);
  assert(document, 'announcement: the invoice exists');
  const invoice = invoiceSummaryWire(document, fileUrl(trx, document, links));
  const object = { invoice, ...(reason !== undefined && { provider_error: reason }) };
  const webhook_type = 'invoice.payment_dispute_lost';
  await announce(trx, { webhook_type, object_type: 'payment_dispute_lost', object_id: invoice_id, object }, at);
}

/** Tells that an invoice could not be collected, and that there is nobody who would. */
export async function announcePaymentFailure(
  trx: Transaction,
  { id, customer_id }: Pick<Invoice, 'id' | 'customer_id'>,
  error_details: { readonly code: string },
  at: Instant,
): Promise<void> {
  if (!(await hasWebhookEndpoints(trx))) return;
  const customer = (await loadCustomers(trx, [customer_id])).get(customer_id)?.customer;
  assert(customer, 'announcement: the customer exists');
  const object = {
    lago_invoice_id: id,
    lago_customer_id: customer.id,
    external_customer_id: customer.external_id,
    provider_customer_id: null,
    payment_provider: null,
    payment_provider_code: null,
    provider_error: null,
    error_details,
  };
  const object_type = 'payment_provider_invoice_payment_error';
  await announce(trx, { webhook_type: 'invoice.payment_failure', object_type, object_id: id, object }, at);
}

/** Tells of fees that no invoice tells of: those made at the moment of the usage. */
export async function announceFees(trx: Transaction, fee_ids: readonly string[], at: Instant): Promise<void> {
  if (!(await hasWebhookEndpoints(trx))) return;
  const documents = await loadFees(trx, await findFees(trx, fee_ids));
  await announce(
    trx,
    documents.map((document) => ({
      webhook_type: 'fee.created' as const,
      object_type: 'fee',
      object_id: document.fee.id,
      object: feeWire(document),
    })),
    at,
  );
}

/** An event that was accepted and then could not be billed, and why. */
export interface EventError {
  readonly transaction_id: string;
  readonly details: ErrorDetails;
}

/** Tells what is wrong with events of a subscription, each by itself. */
export async function announceEventErrors(
  trx: Transaction,
  external_subscription_id: string,
  errors: readonly EventError[],
  at: Instant,
): Promise<void> {
  if (errors.length === 0 || !(await hasWebhookEndpoints(trx))) return;
  const ids = errors.map(({ transaction_id }) => transaction_id);
  const events = await findEventsOfSubscription(trx, external_subscription_id, ids);
  await announce(
    trx,
    errors.flatMap(({ transaction_id, details }) => {
      const event = events.get(transaction_id);
      if (!event) return [];
      const message = JSON.stringify(details);
      const object = { status: 422, error: 'Unprocessable entity', message, event: eventWire(event) };
      return [{ webhook_type: 'event.error' as const, object_type: 'event_error', object_id: event.id, object }];
    }),
    at,
  );
}
