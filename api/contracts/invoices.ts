import { z } from 'zod';
import {
  invoicePaymentStatuses,
  invoiceTypes,
  invoicingReasons,
  toldInvoiceStatuses,
  visibleInvoiceStatuses,
} from '../../billing/invoices/invoice.ts';
import { customerObject } from '../routes/customers.ts';
import { feeObject } from '../routes/fees.ts';
import { subscriptionObject } from '../routes/subscriptions.ts';
import {
  billingEntityCode,
  cents,
  queryDate,
  queryInteger,
  id,
  queryFlag,
  queryList,
  text,
  wireDate,
  wireInstant,
} from './fields.ts';
import { paginationQuery } from './pagination.ts';
import { usageThresholdObject } from './usage-thresholds.ts';

const visibleStatus = z.enum(visibleInvoiceStatuses);
const paymentStatus = z.enum(invoicePaymentStatuses);

/** Besides these, any number of `metadata[key]=value`. */
export const nestedListQuery = z
  .object({
    ...paginationQuery,
    status: visibleStatus.optional(),
    'statuses[]': queryList(visibleStatus).optional(),
    payment_status: paymentStatus.optional(),
    'payment_statuses[]': queryList(paymentStatus).optional(),
    payment_overdue: queryFlag.optional(),
    payment_dispute_lost: queryFlag.optional(),
    partially_paid: queryFlag.optional(),
    self_billed: queryFlag.optional(),
    currency: text.transform((value) => value.toUpperCase()).optional(),
    invoice_type: z.enum(invoiceTypes).optional(),
    issuing_date_from: queryDate,
    issuing_date_to: queryDate,
    amount_from: queryInteger.optional(),
    amount_to: queryInteger.optional(),
    search_term: text.optional(),
    'billing_entity_codes[]': queryList(billingEntityCode).optional(),
    'metadata[key]': text.optional(),
  })
  .catchall(z.union([text, z.array(z.unknown())]));

export const listQuery = nestedListQuery.extend({ external_customer_id: text.optional() });

// The state of the invoice is looked at first, so an unknown status gets as far as the operation.
export const updateInput = z.object({
  invoice: z.object({
    payment_status: z
      .string()
      .optional()
      .meta({ enum: [...invoicePaymentStatuses] }),
    metadata: z
      .array(z.object({ id: text.nullish(), key: text.nullish(), value: text.nullish() }))
      .optional()
      .meta({ description: 'The whole list: entries that it does not name are removed' }),
  }),
});

export const voidInput = z.object({
  generate_credit_note: z.boolean().nullish(),
  credit_amount: cents
    .nullish()
    .meta({ description: 'Of the credit note: what the customer may use on later invoices' }),
  refund_amount: cents.nullish().meta({ description: 'Of the credit note: what the customer is paid back' }),
});

export const retryPaymentInput = z.object({
  payment_method: z
    .object({ payment_method_type: z.enum(['provider', 'manual']).nullish(), payment_method_id: text.nullish() })
    .nullish(),
});

const invoiceMetadataObject = z
  .object({ lago_id: id, key: z.string(), value: z.string(), created_at: wireInstant })
  .meta({ id: 'InvoiceMetadataObject' });

const invoiceAppliedTaxObject = z
  .object({
    lago_id: id,
    lago_invoice_id: id,
    lago_tax_id: id.nullable(),
    tax_name: z.string(),
    tax_code: z.string(),
    tax_rate: z.number().meta({ description: 'Percent' }),
    tax_description: z.string().nullable(),
    amount_cents: z.int(),
    amount_currency: z.string(),
    fees_amount_cents: z.int().meta({ description: 'What the tax is on' }),
    created_at: wireInstant,
  })
  .meta({ id: 'InvoiceAppliedTaxObject' });

const billingPeriodObject = z
  .object({
    lago_subscription_id: id,
    external_subscription_id: z.string(),
    lago_plan_id: id,
    subscription_from_datetime: wireInstant,
    subscription_to_datetime: wireInstant,
    charges_from_datetime: wireInstant,
    charges_to_datetime: wireInstant,
    invoicing_reason: z.enum(invoicingReasons),
  })
  .meta({ id: 'BillingPeriodObject' });

export const creditObject = z
  .object({
    lago_id: id,
    amount_cents: z.int(),
    amount_currency: z.string(),
    before_taxes: z.boolean(),
    item: z.object({
      lago_item_id: id,
      type: z.enum(['coupon', 'credit_note', 'invoice']),
      code: z.string(),
      name: z.string(),
      description: z.string().nullable(),
    }),
    invoice: z.object({ lago_id: id, payment_status: paymentStatus }),
  })
  .meta({ id: 'CreditObject' });

const appliedUsageThresholdObject = z
  .object({
    lifetime_usage_amount_cents: z.int(),
    created_at: wireInstant,
    usage_threshold: usageThresholdObject,
  })
  .meta({ id: 'AppliedUsageThresholdObject' });

const errorDetailObject = z
  .object({ lago_id: id.nullable(), error_code: z.string(), details: z.record(z.string(), z.unknown()) })
  .meta({ id: 'ErrorDetailObject' });

export const invoiceObject = z
  .object({
    lago_id: id,
    billing_entity_code: z.string().nullable(),
    sequential_id: z.int().nullable(),
    number: z.string(),
    issuing_date: wireDate,
    payment_due_date: wireDate,
    net_payment_term: z.int(),
    invoice_type: z.enum(invoiceTypes),
    status: z.enum(toldInvoiceStatuses),
    payment_status: paymentStatus,
    payment_dispute_lost_at: wireInstant.nullable(),
    payment_overdue: z.boolean(),
    currency: z.string(),
    fees_amount_cents: z.int(),
    progressive_billing_credit_amount_cents: z.int(),
    coupons_amount_cents: z.int(),
    sub_total_excluding_taxes_amount_cents: z.int(),
    taxes_amount_cents: z.int(),
    sub_total_including_taxes_amount_cents: z.int(),
    credit_notes_amount_cents: z.int(),
    prepaid_credit_amount_cents: z.int(),
    prepaid_granted_credit_amount_cents: z.int().nullable(),
    prepaid_purchased_credit_amount_cents: z.int().nullable(),
    total_amount_cents: z.int(),
    total_paid_amount_cents: z.int(),
    total_offsetted_credit_note_amount_cents: z.int(),
    total_due_amount_cents: z.int(),
    self_billed: z.boolean(),
    version_number: z.int(),
    file_url: z.string().nullable().meta({ description: 'Null until the PDF is made' }),
    web_url: z.string().nullable(),
    created_at: wireInstant,
    updated_at: wireInstant,
    voided_at: wireInstant.nullable(),
    voided_invoice_id: id.nullable().meta({ description: 'The voided invoice that this one was made in place of' }),
    customer: customerObject,
    metadata: z.array(invoiceMetadataObject),
    applied_taxes: z.array(invoiceAppliedTaxObject),
  })
  .meta({ id: 'InvoiceObject' });

export const invoiceObjectExtended = invoiceObject
  .extend({
    subscriptions: z.array(subscriptionObject),
    billing_periods: z.array(billingPeriodObject),
    fees: z.array(feeObject),
    credits: z.array(creditObject),
    error_details: z.array(errorDetailObject),
    applied_usage_thresholds: z
      .array(appliedUsageThresholdObject)
      .optional()
      .meta({ description: 'Of a progressive billing invoice' }),
  })
  .meta({ id: 'InvoiceObjectExtended' });
