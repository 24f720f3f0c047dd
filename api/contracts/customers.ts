import { z } from 'zod';
import { customerTypes, zeroAmountInvoiceRules } from '../../billing/customers/customer.ts';
import { issuingDateAdjustments, issuingDateAnchors } from '../../billing/invoices/draft-dates.ts';
import {
  billingEntityCode,
  country,
  currency,
  days,
  emails,
  id,
  locale,
  mandatoryText,
  optionalText,
  taxCodes,
  timezone,
  url,
  wireInstant,
} from './fields.ts';
import { taxObject } from './taxes.ts';

const METADATA_MAX = 5;
const KEY_MAX = 20;
const VALUE_MAX = 100;

export const addressFields = {
  address_line1: optionalText,
  address_line2: optionalText,
  city: optionalText,
  state: optionalText,
  zipcode: optionalText,
  country: country.nullish(),
};

const metadataInput = z.object({
  id: z.string().nullish(),
  key: mandatoryText.max(KEY_MAX, 'value_is_too_long'),
  value: mandatoryText.max(VALUE_MAX, 'value_is_too_long'),
  display_in_invoice: z.boolean().nullish(),
});

/** Absent: no change. Null: cleared, so that the organization's setting counts again. */
export const customerFields = z.object({
  external_id: mandatoryText,
  billing_entity_code: billingEntityCode.nullish(),
  account_type: z
    .enum(['customer'], 'value_is_invalid')
    .nullish()
    .meta({ description: 'Partners, who are billed by themselves, are not supported yet' }),
  customer_type: z.enum(customerTypes).nullish(),
  name: optionalText,
  firstname: optionalText,
  lastname: optionalText,
  legal_name: optionalText,
  legal_number: optionalText,
  tax_identification_number: optionalText,
  email: emails.nullish(),
  phone: optionalText,
  url: optionalText,
  logo_url: z.union([z.literal(''), url]).nullish(),
  ...addressFields,
  shipping_address: z.object(addressFields).nullish(),
  timezone: timezone.nullish(),
  currency: currency.nullish(),
  net_payment_term: days.nullish(),
  finalize_zero_amount_invoice: z.enum(zeroAmountInvoiceRules).nullish(),
  billing_configuration: z
    .object({
      invoice_grace_period: days.nullish(),
      subscription_invoice_issuing_date_anchor: z.enum(issuingDateAnchors).nullish(),
      subscription_invoice_issuing_date_adjustment: z.enum(issuingDateAdjustments).nullish(),
      document_locale: locale.nullish(),
    })
    .nullish(),
  tax_codes: taxCodes,
  metadata: z.array(metadataInput).max(METADATA_MAX, 'invalid_count').nullish().meta({ description: 'The whole list' }),
});

export type CustomerInput = z.output<typeof customerFields>;

const address = z.object({
  address_line1: z.string().nullable(),
  address_line2: z.string().nullable(),
  city: z.string().nullable(),
  state: z.string().nullable(),
  zipcode: z.string().nullable(),
  country: z.string().nullable(),
});

export const customerObject = z
  .object({
    lago_id: id,
    billing_entity_code: z.string(),
    sequential_id: z.int(),
    slug: z.string(),
    external_id: z.string(),
    account_type: z.enum(['customer', 'partner']),
    customer_type: z.enum(customerTypes).nullable(),
    name: z.string().nullable(),
    firstname: z.string().nullable(),
    lastname: z.string().nullable(),
    legal_name: z.string().nullable(),
    legal_number: z.string().nullable(),
    tax_identification_number: z.string().nullable(),
    email: z.string().nullable(),
    phone: z.string().nullable(),
    url: z.string().nullable(),
    logo_url: z.string().nullable(),
    ...address.shape,
    shipping_address: address,
    timezone: z.string().nullable(),
    applicable_timezone: z.string(),
    currency: z.string().nullable(),
    net_payment_term: z.int().nullable(),
    finalize_zero_amount_invoice: z.enum(zeroAmountInvoiceRules),
    billing_configuration: z.object({
      invoice_grace_period: z.int().nullable(),
      subscription_invoice_issuing_date_anchor: z.enum(issuingDateAnchors).nullable(),
      subscription_invoice_issuing_date_adjustment: z.enum(issuingDateAdjustments).nullable(),
      document_locale: z.string().nullable(),
      payment_provider: z.null(),
      payment_provider_code: z.null(),
    }),
    metadata: z.array(
      z.object({
        lago_id: id,
        key: z.string(),
        value: z.string(),
        display_in_invoice: z.boolean(),
        created_at: wireInstant,
      }),
    ),
    taxes: z.array(taxObject),
    integration_customers: z.array(z.unknown()),
    created_at: wireInstant,
    updated_at: wireInstant,
  })
  .meta({ id: 'CustomerObject' });
