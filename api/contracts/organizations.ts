import { z } from 'zod';
import { issuingDateAdjustments, issuingDateAnchors } from '../../billing/invoices/draft-dates.ts';
import { documentNumberings, parseDocumentNumberPrefix } from '../../billing/invoices/numbering.ts';
import type { OrganizationSettings } from '../../billing/organizations/wire.ts';
import { country, currency, days, emails, locale, optionalText, text, timezone, url } from './fields.ts';

/** Mails that an organization may have sent to its customers. */
const emailKinds = ['invoice.finalized', 'credit_note.created', 'payment_receipt.created'] as const;

const documentNumberPrefix = z
  .string()
  .transform((value, context) => {
    const prefix = parseDocumentNumberPrefix(value);
    if (prefix !== undefined) return prefix;
    const message = value.trim() === '' ? 'value_is_too_short' : 'value_is_too_long';
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  })
  .meta({ minLength: 1, maxLength: 10 });

const billingConfiguration = z.object({
  invoice_footer: text.max(600, 'value_is_too_long').nullish(),
  invoice_grace_period: days.optional(),
  subscription_invoice_issuing_date_anchor: z.enum(issuingDateAnchors).optional(),
  subscription_invoice_issuing_date_adjustment: z.enum(issuingDateAdjustments).optional(),
  document_locale: locale.optional(),
});

/** The settings of an organization as they are sent. Where there is a default, null puts nothing in its place. */
export const organizationFields = {
  default_currency: currency.optional(),
  webhook_url: z.union([z.literal(''), url]).nullish(),
  email: emails.nullish(),
  legal_name: optionalText,
  legal_number: optionalText,
  tax_identification_number: optionalText,
  address_line1: optionalText,
  address_line2: optionalText,
  city: optionalText,
  state: optionalText,
  zipcode: optionalText,
  country: country.nullish(),
  timezone: timezone.optional(),
  net_payment_term: days.optional(),
  email_settings: z.array(z.enum(emailKinds, 'unsupported_value')).optional(),
  document_numbering: z.enum(documentNumberings).optional(),
  document_number_prefix: documentNumberPrefix.optional(),
  finalize_zero_amount_invoice: z.boolean().optional(),
  billing_configuration: billingConfiguration.optional(),
};

type OrganizationInput = z.output<z.ZodObject<typeof organizationFields>>;

/** From the wire's shape to the row's. */
export function toSettings(input: OrganizationInput): Partial<OrganizationSettings> {
  const { webhook_url: _, billing_configuration, ...settings } = input;
  return { ...settings, ...billing_configuration } as Partial<OrganizationSettings>;
}
