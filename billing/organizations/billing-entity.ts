import { toWireSeconds } from '../clock/instant.ts';
import { taxWire } from '../taxes/wire.ts';
import type { OrganizationDocument } from './wire.ts';

/** Every organization has one billing entity: itself. */
export const BILLING_ENTITY_CODE = 'default';

export interface BillingEntityDocument extends Pick<OrganizationDocument, 'organization'> {
  /** Where its logo is; null when it has none. */
  readonly logo_url: string | null;
}

/** The organization as the one who bills. */
export function billingEntityWire({ organization, logo_url }: BillingEntityDocument) {
  return {
    lago_id: organization.id,
    code: BILLING_ENTITY_CODE,
    name: organization.name,
    default_currency: organization.default_currency,
    document_locale: organization.document_locale,
    document_numbering:
      organization.document_numbering === 'per_organization'
        ? ('per_billing_entity' as const)
        : ('per_customer' as const),
    document_number_prefix: organization.document_number_prefix,
    finalize_zero_amount_invoice: organization.finalize_zero_amount_invoice,
    invoice_footer: organization.invoice_footer,
    invoice_grace_period: organization.invoice_grace_period,
    subscription_invoice_issuing_date_anchor: organization.subscription_invoice_issuing_date_anchor,
    subscription_invoice_issuing_date_adjustment: organization.subscription_invoice_issuing_date_adjustment,
    is_default: true,
    net_payment_term: organization.net_payment_term,
    address_line1: organization.address_line1,
    address_line2: organization.address_line2,
    city: organization.city,
    state: organization.state,
    country: organization.country,
    zipcode: organization.zipcode,
    email: organization.email,
    legal_name: organization.legal_name,
    legal_number: organization.legal_number,
    tax_identification_number: organization.tax_identification_number,
    timezone: organization.timezone,
    email_settings: organization.email_settings,
    eu_tax_management: organization.eu_tax_management,
    logo_url,
    created_at: toWireSeconds(organization.created_at),
    updated_at: toWireSeconds(organization.updated_at),
  };
}

export function billingEntityWithTaxesWire(document: BillingEntityDocument & Pick<OrganizationDocument, 'taxes'>) {
  return { ...billingEntityWire(document), taxes: document.taxes.map(taxWire) };
}
