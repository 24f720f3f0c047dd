import type { FeeDocument } from '../../billing/fees/wire.ts';
import type { InvoiceDocument } from '../../billing/invoices/wire.ts';
import type { Plan } from '../../billing/plans/plan.ts';
import type { OrganizationRow } from '../../db/organizations.ts';
import type { InvoiceContent, InvoiceLine } from '../templates/invoice-content.ts';

export interface InvoiceFacts {
  readonly invoice: InvoiceDocument;
  readonly organization: OrganizationRow;
  /** Those of the invoice's subscriptions, by id. */
  readonly plans: ReadonlyMap<string, Pick<Plan, 'name' | 'invoice_display_name'>>;
}

/** What the document says: the invoice as billed, its parties as they are at this moment. */
export function describeInvoice({ invoice: facts, organization, plans }: InvoiceFacts): InvoiceContent {
  const { invoice, customer: buyer, taxes, subscriptions, fees, credits } = facts;
  return {
    ...invoice,
    locale: buyer.customer.document_locale ?? organization.document_locale,
    seller: organization,
    buyer: { ...buyer.customer, metadata: buyer.metadata.filter((one) => one.display_in_invoice) },
    footer: organization.invoice_footer,
    subscriptions: subscriptions.map(({ subscription, plan }) => {
      const names = plans.get(plan.id);
      return {
        id: subscription.id,
        name: subscription.name || names?.invoice_display_name || names?.name || plan.code,
      };
    }),
    lines: fees.map(describeLine),
    coupons: credits
      .filter(({ item }) => item.type === 'coupon')
      .map(({ item, amount_cents }) => ({ name: item.name, amount_cents })),
    taxes,
  };
}

function describeLine({ fee }: FeeDocument): InvoiceLine {
  const groups = Object.entries(fee.grouped_by).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    ...fee,
    name: fee.invoice_display_name || fee.item_name,
    groups: groups.flatMap(([, value]) => value ?? []),
  };
}
