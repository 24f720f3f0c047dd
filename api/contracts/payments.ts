import { z } from 'zod';
import { paymentStatuses, paymentTypes } from '../../billing/payments/payment.ts';
import { id, text, wireInstant } from './fields.ts';
import { paginationQuery } from './pagination.ts';

// What is wrong is told in the order of the checks, some of which are made in the operation.
export const createInput = z.object({
  payment: z.object({
    invoice_id: text.nullish(),
    amount_cents: z.unknown().meta({ type: 'integer', exclusiveMinimum: 0 }),
    reference: text.nullish().meta({ maxLength: 40 }),
    paid_at: text.nullish().meta({ format: 'date', description: 'Now, when left out' }),
  }),
});

export const nestedListQuery = z.object({ ...paginationQuery, invoice_id: text.optional().meta({ format: 'uuid' }) });

export const listQuery = nestedListQuery.extend({ external_customer_id: text.optional() });

export const paymentObject = z
  .object({
    lago_id: id,
    lago_customer_id: id,
    external_customer_id: z.string(),
    invoice_ids: z.array(id),
    invoice_numbers: z.array(z.string()),
    lago_payable_id: id,
    payable_type: z.enum(['Invoice', 'PaymentRequest']),
    amount_cents: z.int(),
    amount_currency: z.string(),
    status: z.string().meta({ description: "The provider's own word" }),
    payment_status: z.enum(paymentStatuses),
    type: z.enum(paymentTypes),
    reference: z.string().nullable(),
    payment_provider_code: z.string().nullable(),
    payment_provider_type: z.string().nullable(),
    external_payment_id: z.string().nullable(),
    provider_payment_id: z.string().nullable(),
    provider_customer_id: z.string().nullable(),
    payment_method_id: id.nullable(),
    next_action: z.record(z.string(), z.unknown()),
    created_at: wireInstant,
  })
  .meta({ id: 'PaymentObject' });
