import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { invalid, notAllowed, notFound } from '../../billing/errors.ts';
import { type FeePaymentStatus, feeItemTypes, feePaymentStatuses, feeTypes } from '../../billing/fees/fee.ts';
import { paymentStamps } from '../../billing/fees/payment-status.ts';
import { feeWithTaxesWire } from '../../billing/fees/wire.ts';
import { type FeeRow, findFee, listFees, loadFees, lockFee, updateFee } from '../../db/fees.ts';
import { isId } from '../../db/ids.ts';
import type { Transaction } from '../../db/transaction.ts';
import { id, instant, text, wireDecimal, wireInstant } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { presentationBreakdowns } from '../contracts/presentation.ts';
import { type Operation, operation } from '../operation.ts';

const feeType = z.enum(feeTypes);
const paymentStatus = z.enum(feePaymentStatuses);

const listQuery = z.object({
  ...paginationQuery,
  external_customer_id: text.optional(),
  external_subscription_id: text.optional(),
  event_transaction_id: text.optional(),
  billable_metric_code: text.optional(),
  currency: text
    .transform((value) => value.toUpperCase())
    .optional()
    .meta({ description: 'In any case' }),
  fee_type: feeType.optional(),
  payment_status: paymentStatus.optional(),
  created_at_from: instant.optional(),
  created_at_to: instant.optional(),
  succeeded_at_from: instant.optional(),
  succeeded_at_to: instant.optional(),
  failed_at_from: instant.optional(),
  failed_at_to: instant.optional(),
  refunded_at_from: instant.optional(),
  refunded_at_to: instant.optional(),
});

// The state of the fee is looked at first, so an unknown status gets as far as the operation.
const updateInput = z.object({
  fee: z.object({ payment_status: z.string().meta({ enum: [...feePaymentStatuses] }) }),
});

const feeItemObject = z.object({
  type: feeType,
  code: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  invoice_display_name: z.string(),
  filters: z.record(z.string(), z.array(z.string())).nullable(),
  filter_invoice_display_name: z.string().nullable(),
  lago_item_id: id,
  item_type: z.enum(feeItemTypes),
  grouped_by: z.record(z.string(), z.string().nullable()),
});

export const feeAppliedTaxObject = z
  .object({
    lago_id: id,
    lago_fee_id: id,
    lago_tax_id: id.nullable(),
    tax_name: z.string(),
    tax_code: z.string(),
    tax_rate: z.number().meta({ description: 'Percent' }),
    tax_description: z.string().nullable(),
    amount_cents: z.int(),
    amount_currency: z.string(),
    created_at: wireInstant,
  })
  .meta({ id: 'FeeAppliedTaxObject' });

export const feeObject = z
  .object({
    lago_id: id,
    lago_charge_id: id.nullable(),
    lago_charge_filter_id: id.nullable(),
    lago_fixed_charge_id: id.nullable(),
    lago_invoice_id: id.nullable(),
    lago_true_up_fee_id: id.nullable(),
    lago_true_up_parent_fee_id: id.nullable(),
    lago_original_fee_id: id.nullable(),
    lago_subscription_id: id.nullable(),
    external_subscription_id: z.string().nullable(),
    lago_customer_id: id,
    external_customer_id: z.string(),
    item: feeItemObject,
    pay_in_advance: z.boolean(),
    invoiceable: z.boolean(),
    amount_cents: z.int(),
    amount_currency: z.string(),
    precise_amount: wireDecimal,
    taxes_amount_cents: z.int(),
    taxes_precise_amount: wireDecimal,
    taxes_rate: z.number().meta({ description: 'Percent' }),
    total_amount_cents: z.int(),
    total_amount_currency: z.string(),
    precise_total_amount: wireDecimal,
    precise_coupons_amount_cents: wireDecimal,
    sub_total_excluding_taxes_amount_cents: z.int(),
    sub_total_excluding_taxes_precise_amount_cents: wireDecimal,
    units: wireDecimal,
    total_aggregated_units: wireDecimal,
    precise_unit_amount: wireDecimal,
    events_count: z.int().nullable(),
    amount_details: z.record(z.string(), z.unknown()).meta({ description: 'How the charge model came to the amount' }),
    pricing_unit_details: z
      .object({
        lago_pricing_unit_id: id,
        pricing_unit_code: z.string(),
        short_name: z.string(),
        amount_cents: z.int(),
        precise_amount_cents: wireDecimal,
        unit_amount_cents: z.int(),
        precise_unit_amount: wireDecimal,
        conversion_rate: wireDecimal,
      })
      .nullable()
      .meta({ description: 'What was priced in a pricing unit, in that unit' }),
    presentation_breakdowns: presentationBreakdowns,
    description: z.string().nullable(),
    from_date: wireInstant.nullable(),
    to_date: wireInstant.nullable(),
    event_transaction_id: z.string().nullable(),
    payment_status: paymentStatus,
    self_billed: z.boolean(),
    created_at: wireInstant,
    succeeded_at: wireInstant.nullable(),
    failed_at: wireInstant.nullable(),
    refunded_at: wireInstant.nullable(),
    applied_taxes: z.array(feeAppliedTaxObject).optional(),
  })
  .meta({ id: 'FeeObject' });

const answer = z.object({ fee: feeObject });
const params = z.object({ lago_id: z.string().meta({ format: 'uuid' }) });

/** Of a fee on an invoice, only the invoice decides. */
async function lockStandaloneFee(trx: Transaction, lago_id: string): Promise<FeeRow> {
  const fee = isId(lago_id) ? await lockFee(trx, lago_id) : undefined;
  if (!fee) throw notFound('fee');
  if (fee.invoice_id !== null) throw notAllowed('invoiced_fee');
  return fee;
}

async function answerWith(trx: Transaction, fee: FeeRow) {
  const [document] = await loadFees(trx, [fee]);
  if (!document) throw notFound('fee');
  return { fee: feeWithTaxesWire(document) };
}

function parsePaymentStatus(value: string): FeePaymentStatus {
  const { data } = paymentStatus.safeParse(value);
  if (data === undefined) throw invalid({ payment_status: ['value_is_invalid'] });
  return data;
}

async function pay(trx: Transaction, lago_id: string, status: string, at: Instant) {
  const fee = await lockStandaloneFee(trx, lago_id);
  const changes = paymentStamps(parsePaymentStatus(status), at);
  return answerWith(trx, await updateFee(trx, fee.id, { ...changes, updated_at: at }));
}

export const feeOperations: Operation[] = [
  operation({
    op: 'GET /fees',
    tag: 'fees',
    summary: 'List all fees',
    object: 'fee',
    query: listQuery,
    answer: z.object({ fees: z.array(feeObject), meta: paginationMeta }),
    errors: [422],
    async handle({ trx, query: { page, per_page, ...filters } }) {
      const { rows, meta } = await paginate(listFees(trx, filters), { page, per_page });
      return { fees: (await loadFees(trx, rows)).map(feeWithTaxesWire), meta };
    },
  }),
  operation({
    op: 'GET /fees/{lago_id}',
    tag: 'fees',
    summary: 'Retrieve a fee',
    object: 'fee',
    params,
    answer,
    errors: [404],
    async handle({ trx, params: { lago_id } }) {
      const fee = isId(lago_id) ? await findFee(trx, lago_id) : undefined;
      if (!fee) throw notFound('fee');
      return answerWith(trx, fee);
    },
  }),
  operation({
    op: 'PUT /fees/{lago_id}',
    tag: 'fees',
    summary: 'Say how the payment of a fee without an invoice went',
    object: 'fee',
    params,
    body: updateInput,
    answer,
    errors: [400, 404, 405, 422],
    handle: ({ trx, at, params, body }) => pay(trx, params.lago_id, body.fee.payment_status, at),
  }),
  operation({
    op: 'DELETE /fees/{lago_id}',
    tag: 'fees',
    summary: 'Delete a fee without an invoice',
    object: 'fee',
    params,
    answer,
    errors: [404, 405],
    async handle({ trx, at, params }) {
      const fee = await lockStandaloneFee(trx, params.lago_id);
      const answer = await answerWith(trx, fee);
      await updateFee(trx, fee.id, { deleted_at: at, updated_at: at });
      return answer;
    },
  }),
];
