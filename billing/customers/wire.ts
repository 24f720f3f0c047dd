import { BILLING_ENTITY_CODE } from '../organizations/billing-entity.ts';
import { toWireSeconds } from '../clock/instant.ts';
import { type TaxDocument, taxWire } from '../taxes/wire.ts';
import type { Address, Customer, CustomerMetadata } from './customer.ts';

export interface CustomerDocument {
  readonly customer: Customer;
  readonly organization_timezone: string;
  readonly metadata: readonly CustomerMetadata[];
  readonly taxes: readonly TaxDocument[];
}

const NOWHERE: Address = {
  address_line1: null,
  address_line2: null,
  city: null,
  state: null,
  zipcode: null,
  country: null,
};

export function customerWire({ customer, organization_timezone, metadata, taxes }: CustomerDocument) {
  return {
    lago_id: customer.id,
    billing_entity_code: BILLING_ENTITY_CODE,
    sequential_id: customer.sequential_id,
    slug: customer.slug,
    external_id: customer.external_id,
    account_type: customer.account_type,
    customer_type: customer.customer_type,
    name: customer.name,
    firstname: customer.firstname,
    lastname: customer.lastname,
    legal_name: customer.legal_name,
    legal_number: customer.legal_number,
    tax_identification_number: customer.tax_identification_number,
    email: customer.email,
    phone: customer.phone,
    url: customer.url,
    logo_url: customer.logo_url,
    address_line1: customer.address_line1,
    address_line2: customer.address_line2,
    city: customer.city,
    state: customer.state,
    zipcode: customer.zipcode,
    country: customer.country,
    shipping_address: { ...NOWHERE, ...customer.shipping_address },
    timezone: customer.timezone,
    applicable_timezone: customer.timezone ?? organization_timezone,
    currency: customer.currency,
    net_payment_term: customer.net_payment_term,
    finalize_zero_amount_invoice: customer.finalize_zero_amount_invoice,
    billing_configuration: {
      invoice_grace_period: customer.invoice_grace_period,
      subscription_invoice_issuing_date_anchor: customer.subscription_invoice_issuing_date_anchor,
      subscription_invoice_issuing_date_adjustment: customer.subscription_invoice_issuing_date_adjustment,
      document_locale: customer.document_locale,
      payment_provider: null,
      payment_provider_code: null,
    },
    metadata: metadata.map(metadataWire),
    taxes: taxes.map(taxWire),
    integration_customers: [],
    created_at: toWireSeconds(customer.created_at),
    updated_at: toWireSeconds(customer.updated_at),
  };
}

function metadataWire({ id, key, value, display_in_invoice, created_at }: CustomerMetadata) {
  return { lago_id: id, key, value, display_in_invoice, created_at: toWireSeconds(created_at) };
}
