import { v4 } from 'uuid';
import { z } from 'zod';
import { assert } from '../../../billing/assert.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { feeWithTaxesWire } from '../../../billing/fees/wire.ts';
import { unitsToCents } from '../../../billing/money/cents.ts';
import { Decimal } from '../../../billing/money/decimal.ts';
import { applyTaxes, type FeeTaxes } from '../../../billing/taxes/apply-taxes.ts';
import { resolveTaxes, type Tax } from '../../../billing/taxes/resolve-taxes.ts';
import { listComputedProperties } from '../../../db/computed-properties.ts';
import { loadCustomers } from '../../../db/customers.ts';
import { newId } from '../../../db/ids.ts';
import { readTaxLevels } from '../../../db/pricing-facts.ts';
import type { Transaction } from '../../../db/transaction.ts';
import {
  batchedEstimateInput,
  type EstimateInput,
  estimatedFee,
  estimateInput,
  loneFee,
} from '../../contracts/estimates.ts';
import { type Operation, operation } from '../../operation.ts';
import { computeOne } from '../events.ts';
import {
  findInstantSubscription,
  type InstantSubscription,
  matchesNoCharge,
  type SupposedEvent,
  supposeEvent,
} from './find-instant-charges.ts';
import { isInstantModel, priceAlone, priceOnTop, type SupposedFee } from './price-supposed.ts';

const EVENTS_MAX = 100;

function suppose(input: EstimateInput, at: Instant): SupposedEvent {
  return {
    code: input.code ?? '',
    transaction_id: input.transaction_id ?? v4(),
    timestamp: at,
    properties: input.properties ?? {},
    precise_total_amount_cents: input.precise_total_amount_cents ?? null,
  };
}

/** What fees need not say of themselves. */
const PLAIN = { pricing_unit: null, presentation_breakdowns: [] } as const;

const UNPAID = {
  invoice_id: null,
  true_up_parent_fee_id: null,
  payment_status: 'pending',
  succeeded_at: null,
  failed_at: null,
  refunded_at: null,
  deleted_at: null,
} as const;

const UNPAID_WIRE = {
  lago_invoice_id: null,
  lago_true_up_fee_id: null,
  lago_true_up_parent_fee_id: null,
  payment_status: 'pending',
  description: null,
  succeeded_at: null,
  failed_at: null,
  refunded_at: null,
  amount_details: null,
} as const;

/** As if the fees were stored, without what only stored ones have. */
async function showFees(
  trx: Transaction,
  { facts }: InstantSubscription,
  supposed: readonly SupposedFee[],
  at: Instant,
  taxesOf: (one: SupposedFee) => readonly Tax[],
) {
  const { customer_id } = facts;
  const customer = (await loadCustomers(trx, [customer_id])).get(customer_id)?.customer;
  assert(customer, 'estimate: the customer exists');
  const taxed = applyTaxes(supposed.map((one) => ({ ...one.fee, taxes: taxesOf(one) }))).fees;
  return supposed.map(({ fee }, index) => {
    const { taxes, ...amounts } = taxed[index] as FeeTaxes;
    const fee_id = newId();
    const wire = feeWithTaxesWire({
      fee: { ...PLAIN, ...fee, ...amounts, ...UNPAID, id: fee_id, customer_id, created_at: at, updated_at: at },
      true_up_fee_id: null,
      taxes: taxes.map((tax) => ({ ...tax, id: newId(), fee_id, created_at: at })),
      customer,
      subscription: facts,
    });
    const unstored = { lago_id: null, created_at: null };
    const applied_taxes = wire.applied_taxes.map((tax) => ({ ...tax, ...unstored, lago_fee_id: null }));
    return { ...wire, ...unstored, applied_taxes };
  });
}

async function estimateOnTop(trx: Transaction, input: EstimateInput, at: Instant) {
  const subscription = await findInstantSubscription(trx, input.external_subscription_id);
  const { facts } = subscription;
  const computed = await listComputedProperties(trx);
  const event = await supposeEvent(trx, suppose(input, at), input.timestamp, computed);
  const charges = subscription.charges.filter((charge) => charge.metric_code === event.code);
  if (charges.length === 0) throw matchesNoCharge();
  const supposed = await priceOnTop(trx, { facts, charges }, event, at);
  const levels = await readTaxLevels(trx, facts.customer_id, [facts.plan_id]);
  const plan = levels.plans.get(facts.plan_id) ?? [];
  return showFees(trx, subscription, supposed, at, ({ charge }) =>
    resolveTaxes({ ...levels, plan, charge: charge.taxes }),
  );
}

/** Events of one subscription, each by itself. Some may match no charge, but not all charges may be beyond estimating. */
async function estimateAlone(
  trx: Transaction,
  external_subscription_id: string | null,
  inputs: readonly EstimateInput[],
  at: Instant,
) {
  const subscription = await findInstantSubscription(trx, external_subscription_id);
  const charges = subscription.charges.filter(({ charge_model }) => isInstantModel(charge_model));
  if (charges.length === 0) throw matchesNoCharge();
  const computed = await listComputedProperties(trx);
  const supposed = inputs.flatMap((input) => {
    const event = computeOne(suppose(input, at), computed);
    const own = charges.filter((charge) => charge.metric_code === event.code);
    return priceAlone(subscription, own, event, at);
  });
  const fees = await showFees(trx, subscription, supposed, at, () => []);
  return fees.map((fee, index) => {
    const priced = supposed[index];
    assert(priced, 'estimate: each fee is of a charge');
    return showLoneFee(subscription, priced, fee);
  });
}

/** Decimals are JSON numbers here, and what cannot be is null. */
function showLoneFee(
  { facts }: InstantSubscription,
  { charge, fee }: SupposedFee,
  { applied_taxes: _, ...wire }: Awaited<ReturnType<typeof showFees>>[number],
) {
  return {
    ...wire,
    ...UNPAID_WIRE,
    lago_charge_id: charge.id,
    lago_subscription_id: facts.id,
    external_subscription_id: facts.external_id,
    item: { ...wire.item, type: 'charge' as const, item_type: 'BillableMetric' as const },
    precise_amount: Number(wire.precise_amount),
    precise_total_amount: Number(wire.precise_total_amount),
    taxes_precise_amount: Number(wire.taxes_precise_amount),
    precise_unit_amount: unitsToCents(new Decimal(fee.precise_unit_amount), facts.currency).toNumber(),
    events_count: 1,
    event_transaction_id: fee.event_transaction_id ?? '',
  };
}

const errors = [404, 422];

export const estimateOperations: Operation[] = [
  operation({
    op: 'POST /events/estimate_fees',
    tag: 'events',
    summary: 'Estimate what an event would cost now, on top of all usage so far',
    object: 'event',
    body: z.object({ event: estimateInput }),
    answer: z.object({ fees: z.array(estimatedFee) }),
    errors: [400, ...errors],
    handle: async ({ trx, at, body }) => ({ fees: await estimateOnTop(trx, body.event, at) }),
  }),
  operation({
    op: 'POST /events/estimate_instant_fees',
    tag: 'events',
    summary: 'Estimate what an event costs by itself, at a price per unit or a percentage',
    object: 'event',
    body: z.object({ event: estimateInput }),
    answer: z.object({ fees: z.array(loneFee) }),
    errors: [400, ...errors],
    async handle({ trx, at, body: { event } }) {
      const fees = await estimateAlone(trx, event.external_subscription_id ?? null, [event], at);
      if (fees.length === 0) throw matchesNoCharge();
      return { fees };
    },
  }),
  operation({
    op: 'POST /events/batch_estimate_instant_fees',
    tag: 'events',
    summary: 'Estimate what several events cost, each by itself',
    object: 'event',
    body: z.object({
      events: z.array(batchedEstimateInput, 'no_events').min(1, 'no_events').max(EVENTS_MAX, 'too_many_events'),
    }),
    answer: z.object({ fees: z.array(loneFee) }),
    errors: [400, ...errors],
    async handle({ trx, at, body }) {
      const fees = [];
      const bySubscription = Map.groupBy(body.events, (event) => event.external_subscription_id ?? null);
      for (const [external_id, events] of bySubscription)
        fees.push(...(await estimateAlone(trx, external_id, events, at)));
      return { fees };
    },
  }),
];
