import { type Instant, toWireSeconds } from '../clock/instant.ts';
import type { IssuingDateAdjustment, IssuingDateAnchor } from '../invoices/draft-dates.ts';
import type { DocumentNumbering } from '../invoices/numbering.ts';
import type { Currency } from '../money/currency.ts';
import { type TaxDocument, taxWire } from '../taxes/wire.ts';

/** What the organization may change about itself. */
export interface OrganizationSettings {
  readonly default_currency: Currency;
  readonly email: string | null;
  readonly legal_name: string | null;
  readonly legal_number: string | null;
  readonly tax_identification_number: string | null;
  readonly address_line1: string | null;
  readonly address_line2: string | null;
  readonly city: string | null;
  readonly state: string | null;
  readonly zipcode: string | null;
  readonly country: string | null;
  readonly timezone: string;
  readonly net_payment_term: number;
  readonly invoice_grace_period: number;
  readonly subscription_invoice_issuing_date_anchor: IssuingDateAnchor;
  readonly subscription_invoice_issuing_date_adjustment: IssuingDateAdjustment;
  readonly invoice_footer: string | null;
  readonly document_locale: string;
  readonly document_numbering: DocumentNumbering;
  readonly document_number_prefix: string;
  readonly finalize_zero_amount_invoice: boolean;
  readonly email_settings: readonly string[];
  readonly eu_tax_management: boolean;
}

export interface Organization extends OrganizationSettings {
  readonly id: string;
  readonly name: string;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface OrganizationDocument {
  readonly organization: Organization;
  /** Of its endpoints, the first one first. */
  readonly webhook_urls: readonly string[];
  /** Those that apply to everyone. */
  readonly taxes: readonly TaxDocument[];
}

export function organizationWire({ organization, webhook_urls, taxes }: OrganizationDocument) {
  return {
    lago_id: organization.id,
    name: organization.name,
    default_currency: organization.default_currency,
    webhook_url: webhook_urls[0] ?? '',
    webhook_urls,
    email: organization.email,
    legal_name: organization.legal_name,
    legal_number: organization.legal_number,
    tax_identification_number: organization.tax_identification_number,
    address_line1: organization.address_line1,
    address_line2: organization.address_line2,
    city: organization.city,
    state: organization.state,
    zipcode: organization.zipcode,
    country: organization.country,
    timezone: organization.timezone,
    net_payment_term: organization.net_payment_term,
    email_settings: organization.email_settings,
    document_numbering: organization.document_numbering,
    document_number_prefix: organization.document_number_prefix,
    finalize_zero_amount_invoice: organization.finalize_zero_amount_invoice,
    billing_configuration: {
      invoice_footer: organization.invoice_footer,
      invoice_grace_period: organization.invoice_grace_period,
      subscription_invoice_issuing_date_anchor: organization.subscription_invoice_issuing_date_anchor,
      subscription_invoice_issuing_date_adjustment: organization.subscription_invoice_issuing_date_adjustment,
      document_locale: organization.document_locale,
    },
    taxes: taxes.map(taxWire),
    created_at: toWireSeconds(organization.created_at),
  };
}
