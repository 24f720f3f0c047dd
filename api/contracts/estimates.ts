import { z } from 'zod';
import { parsePreciseAmount } from '../../billing/events/event.ts';
import { feeAppliedTaxObject, feeObject } from '../routes/fees.ts';
import { eventKey, eventProperties, readable } from './events.ts';
import { id } from './fields.ts';

export const estimateInput = z
  .object({
    code: eventKey.nullish().describe('Of the billable metric'),
    external_subscription_id: eventKey.nullish().describe('Of an active subscription'),
    transaction_id: eventKey.nullish(),
    timestamp: z.unknown().optional().describe('An estimate is as of now, whatever is sent'),
    properties: eventProperties,
    precise_total_amount_cents: readable(parsePreciseAmount, 'value_is_invalid').nullish(),
  })
  .meta({ id: 'EventEstimateInputObject' });

export type EstimateInput = z.output<typeof estimateInput>;

/** Clients wrap each event of a batch, or do not. */
export const batchedEstimateInput = estimateInput
  .extend({ event: estimateInput.nullish().describe('The same fields, as a single estimate has them') })
  .meta({ id: 'EventBatchEstimateInputObject' })
  .transform(({ event, ...fields }): EstimateInput => event ?? fields);

/** As a fee would be, without what only a stored one has. */
export const estimatedFee = feeObject
  .extend({
    lago_id: z.null(),
    created_at: z.null(),
    applied_taxes: z.array(
      feeAppliedTaxObject.extend({ lago_id: z.null(), lago_fee_id: z.null(), created_at: z.null() }),
    ),
  })
  .meta({ id: 'FeeEstimatedObject' });

/** Decimals are JSON numbers here. */
export const loneFee = feeObject
  .omit({ applied_taxes: true })
  .extend({
    lago_id: z.null(),
    lago_charge_id: id,
    lago_invoice_id: z.null(),
    lago_true_up_fee_id: z.null(),
    lago_true_up_parent_fee_id: z.null(),
    lago_subscription_id: id,
    external_subscription_id: z.string(),
    item: feeObject.shape.item.extend({ type: z.literal('charge'), item_type: z.literal('BillableMetric') }),
    precise_amount: z.number(),
    precise_total_amount: z.number(),
    taxes_precise_amount: z.number(),
    precise_unit_amount: z.number().describe('In cents'),
    events_count: z.int(),
    payment_status: z.literal('pending'),
    description: z.null(),
    created_at: z.null(),
    succeeded_at: z.null(),
    failed_at: z.null(),
    refunded_at: z.null(),
    event_transaction_id: z.string(),
    amount_details: z.null(),
  })
  .meta({ id: 'FeeEstimateObject' });
