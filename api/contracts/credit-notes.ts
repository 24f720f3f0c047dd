import { z } from 'zod';
import { creditNoteReasons, creditStatuses, refundStatuses } from '../../billing/credit-notes/credit-note.ts';
import { creditNoteTypes } from '../../db/credit-note-filters.ts';
import { customerObject } from './customers.ts';
import {
  billingEntityCode,
  queryDate,
  queryInteger,
  decimal,
  id,
  optionalText,
  queryFlag,
  queryList,
  text,
  wireDate,
  wireDecimal,
  wireInstant,
} from './fields.ts';
import { feeObject } from '../routes/fees.ts';
import { metadataInput, metadataObject } from './metadata.ts';
import { paginationQuery } from './pagination.ts';

const reason = z.enum(creditNoteReasons);
const creditStatus = z.enum(creditStatuses);
const refundStatus = z.enum(refundStatuses);

/** One or several of them; what is unknown is dropped, and if nothing is left, all are meant. */
const lenientList = <T extends z.ZodType>(item: T) =>
  z
    .union([z.string(), z.array(z.unknown())])
    .transform((value): z.output<T>[] | undefined => {
      const known = [value].flat().flatMap((one) => {
        const { success, data } = item.safeParse(one);
        return success ? [data] : [];
      });
      return known.length > 0 ? known : undefined;
    })
    .optional();

export const nestedListQuery = z.object({
  ...paginationQuery,
  currency: text.transform((value) => value.toUpperCase()).optional(),
  reason: lenientList(reason).meta({ enum: [...creditNoteReasons] }),
  'reason[]': lenientList(reason),
  credit_status: lenientList(creditStatus).meta({ enum: [...creditStatuses] }),
  'credit_status[]': lenientList(creditStatus),
  refund_status: lenientList(refundStatus).meta({ enum: [...refundStatuses] }),
  'refund_status[]': lenientList(refundStatus),
  'types[]': lenientList(z.enum(creditNoteTypes)),
  invoice_number: text.optional(),
  issuing_date_from: queryDate,
  issuing_date_to: queryDate,
  amount_from: queryInteger.optional(),
  amount_to: queryInteger.optional(),
  search_term: text.optional(),
  self_billed: queryFlag.optional(),
  'billing_entity_codes[]': queryList(billingEntityCode).optional(),
});

export const listQuery = nestedListQuery.extend({ external_customer_id: text.optional() });

// Looked at in the operation: its invoice stops all other checks.
const items = z
  .unknown()
  .optional()
  .meta({
    type: 'array',
    items: {
      type: 'object',
      properties: { fee_id: { type: 'string', format: 'uuid' }, amount_cents: { type: 'integer' } },
      required: ['fee_id', 'amount_cents'],
    },
    description: 'Before coupons and taxes',
  });
const part = z.int().min(0, 'invalid_value').nullish();

export const createInput = z.object({
  credit_note: z.object({
    invoice_id: text.nullish(),
    reason: text.nullish().meta({ enum: [...creditNoteReasons] }),
    description: optionalText,
    credit_amount_cents: part.meta({ description: 'After coupons and with taxes, as are the others' }),
    refund_amount_cents: part,
    offset_amount_cents: part.meta({ description: 'Taken off what is still owed on the invoice' }),
    items,
    metadata: metadataInput.nullish(),
  }),
});

export const estimateInput = z.object({ credit_note: z.object({ invoice_id: text.nullish(), items }) });

export const updateInput = z.object({
  credit_note: z.object({
    refund_status: z
      .string()
      .optional()
      .meta({ enum: [...refundStatuses] }),
    metadata: metadataInput.nullish(),
  }),
});

/** A number or its text; undefined for anything else. */
export function readAmount(value: unknown): string | undefined {
  return decimal.safeParse(value).data;
}

const appliedTaxObject = z
  .object({
    lago_id: id,
    lago_credit_note_id: id,
    lago_tax_id: id.nullable(),
    tax_name: z.string(),
    tax_code: z.string(),
    tax_rate: z.number().meta({ description: 'Percent' }),
    tax_description: z.string().nullable(),
    base_amount_cents: z.int(),
    amount_cents: z.int(),
    amount_currency: z.string(),
    created_at: wireInstant,
  })
  .meta({ id: 'CreditNoteAppliedTaxObject' });

const itemObject = z
  .object({
    lago_id: id,
    amount_cents: z.int(),
    precise_amount_cents: wireDecimal,
    amount_currency: z.string(),
    fee: feeObject,
  })
  .meta({ id: 'CreditNoteItemObject' });

const errorDetailObject = z
  .object({
    lago_id: id,
    error_code: z.enum(['not_provided', 'tax_error', 'tax_voiding_error', 'invoice_generation_error']),
    details: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'CreditNoteErrorDetailsObject' });

export const creditNoteObject = z
  .object({
    lago_id: id,
    billing_entity_code: z.string().nullable(),
    sequential_id: z.int(),
    number: z.string(),
    lago_invoice_id: id,
    invoice_number: z.string(),
    issuing_date: wireDate,
    credit_status: creditStatus,
    refund_status: refundStatus.nullable(),
    reason,
    description: z.string().nullable(),
    currency: z.string(),
    total_amount_cents: z.int(),
    precise_total_amount_cents: wireDecimal,
    taxes_amount_cents: z.int(),
    precise_taxes_amount_cents: wireDecimal,
    taxes_rate: z.number(),
    sub_total_excluding_taxes_amount_cents: z.int(),
    coupons_adjustment_amount_cents: z.int(),
    credit_amount_cents: z.int(),
    refund_amount_cents: z.int(),
    offset_amount_cents: z.int(),
    balance_amount_cents: z.int().meta({ description: 'What is left of the credit' }),
    self_billed: z.boolean(),
    file_url: z.string().nullable().meta({ description: 'Null until the PDF is made' }),
    xml_url: z.string().nullable(),
    created_at: wireInstant,
    updated_at: wireInstant,
    customer: customerObject,
    items: z.array(itemObject),
    applied_taxes: z.array(appliedTaxObject),
    metadata: metadataObject,
    error_details: z.array(errorDetailObject),
  })
  .meta({ id: 'CreditNoteObject' });

export const estimateObject = z
  .object({
    lago_invoice_id: id,
    invoice_number: z.string(),
    currency: z.string(),
    taxes_amount_cents: z.int(),
    precise_taxes_amount_cents: z.number(),
    taxes_rate: z.number(),
    sub_total_excluding_taxes_amount_cents: z.int(),
    max_creditable_amount_cents: z.int(),
    max_refundable_amount_cents: z.int(),
    max_offsettable_amount_cents: z.int(),
    coupons_adjustment_amount_cents: z.int(),
    precise_coupons_adjustment_amount_cents: z.number(),
    items: z.array(z.object({ lago_fee_id: id, amount_cents: z.int() })),
    applied_taxes: z.array(appliedTaxObject.omit({ lago_id: true, lago_credit_note_id: true, created_at: true })),
  })
  .meta({ id: 'CreditNoteEstimateObject' });
