import { z } from 'zod';
import { toWireSeconds } from '../../../billing/clock/instant.ts';
import { notFound } from '../../../billing/errors.ts';
import { type ExplanationStep, explainFee } from '../../../billing/explanations/explain-fee.ts';
import { readFeeOrigin } from '../../../db/fee-origins.ts';
import { findFee } from '../../../db/fees.ts';
import { isId } from '../../../db/ids.ts';
import { id, wireDecimal, wireInstant } from '../../contracts/fields.ts';
import { type Operation, operation } from '../../operation.ts';

const steps = [
  z.object({
    step: z.literal('usage'),
    billable_metric_code: z.string(),
    events_count: z.int().nullable(),
    event_transaction_id: z.string().nullable(),
    from_datetime: wireInstant.nullable(),
    to_datetime: wireInstant.nullable().meta({ description: 'The first instant that does not belong to it' }),
    filters: z.record(z.string(), z.array(z.string()).readonly()).nullable(),
    grouped_by: z.record(z.string(), z.string().nullable()),
  }),
  z.object({ step: z.literal('units'), aggregated: wireDecimal, rounded: wireDecimal }),
  z.object({
    step: z.literal('price'),
    charge_model: z.string(),
    lines: z.array(z.object({ text: z.string(), amount: wireDecimal })).readonly(),
    amount: wireDecimal.meta({ description: 'The sum of the lines' }),
  }),
  z.object({
    step: z.literal('proration'),
    plan_amount_cents: z.int(),
    days: wireDecimal,
    days_in_period: z.int(),
    amount: wireDecimal.meta({ description: 'Plan amount × days / days in the period' }),
  }),
  z.object({
    step: z.literal('minimum'),
    minimum: z.enum(['charge', 'commitment']),
    prorated_minimum: wireDecimal,
    reached: wireDecimal,
    amount: wireDecimal.meta({ description: 'What is missing to the minimum' }),
  }),
  z.object({ step: z.literal('sale'), units: wireDecimal, unit_amount: wireDecimal, amount: wireDecimal }),
  z.object({ step: z.literal('rounding'), amount: wireDecimal, amount_cents: z.int() }),
  z.object({
    step: z.literal('discounts'),
    amount_cents: z.int(),
    share_cents: wireDecimal.meta({ description: "The fee's share of what was taken off its invoice" }),
    taxable_cents: wireDecimal,
    of_invoice: z.array(z.object({ type: z.string(), name: z.string(), amount_cents: z.int() })).readonly(),
  }),
  z.object({
    step: z.literal('taxes'),
    taxable_cents: wireDecimal,
    lines: z
      .array(z.object({ tax_code: z.string(), tax_name: z.string(), tax_rate: z.number(), amount_cents: wireDecimal }))
      .readonly(),
    taxes_amount_cents: z.int().meta({ description: 'The sum of the lines, rounded once' }),
  }),
  z.object({
    step: z.literal('total'),
    amount_cents: z.int(),
    taxes_amount_cents: z.int(),
    total_amount_cents: z.int(),
  }),
] as const;

const answer = z.object({
  fee_explanation: z
    .object({ lago_fee_id: id, amount_currency: z.string(), steps: z.array(z.discriminatedUnion('step', steps)) })
    .meta({ id: 'FeeExplanationObject' }),
});

function toWire(step: ExplanationStep): ExplanationStep {
  if (step.step !== 'usage') return step;
  const { from_datetime, to_datetime } = step;
  return {
    ...step,
    from_datetime: from_datetime && toWireSeconds(from_datetime),
    to_datetime: to_datetime && toWireSeconds(to_datetime),
  };
}

export const feeExplanationOperations: Operation[] = [
  operation({
    op: 'GET /fees/{lago_id}/explain',
    tag: 'fees',
    summary: 'How a fee came about, from what was counted to its total, step by step',
    object: 'fee',
    params: z.object({ lago_id: z.string().meta({ format: 'uuid' }) }),
    answer,
    errors: [404],
    async handle({ trx, params: { lago_id } }) {
      const fee = isId(lago_id) ? await findFee(trx, lago_id) : undefined;
      if (!fee) throw notFound('fee');
      const explained = explainFee(await readFeeOrigin(trx, fee)).map(toWire);
      return {
        fee_explanation: { lago_fee_id: fee.id, amount_currency: fee.amount_currency, steps: explained as never },
      };
    },
  }),
];
