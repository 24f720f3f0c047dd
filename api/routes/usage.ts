import { z } from 'zod';
import { assert } from '../../billing/assert.ts';
import { aggregationTypes } from '../../billing/billable-metrics/aggregation.ts';
import { chargeModelNames } from '../../billing/charge-models/index.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { notAllowed, notFound } from '../../billing/errors.ts';
import {
  type MeteredCharge,
  type UsageSubscription,
  computeCurrentUsage,
  currentUsagePeriod,
} from '../../billing/usage/current-usage.ts';
import { currentUsageWire } from '../../billing/usage/wire.ts';
import { readChargeUsage } from '../../db/charge-usage.ts';
import { findCustomer } from '../../db/customers.ts';
import { type ChargeFacts, readCharges, readTaxLevels } from '../../db/pricing-facts.ts';
import { type SubscriptionFacts, readSubscriptionFacts } from '../../db/subscription-facts.ts';
import { findSubscriptionByExternalId } from '../../db/subscriptions.ts';
import type { Transaction } from '../../db/transaction.ts';
import { id, queryFlag, wireDate, wireDecimal, wireInstant } from '../contracts/fields.ts';
import { type Operation, operation } from '../operation.ts';

const numbers = {
  units: wireDecimal,
  total_aggregated_units: wireDecimal,
  events_count: z.int(),
  amount_cents: z.int(),
  pricing_unit_details: z.null(),
  presentation_breakdowns: z.array(z.never()),
};

const filterUsageObject = z.object({
  ...numbers,
  invoice_display_name: z.string().nullable(),
  values: z.record(z.string(), z.array(z.string())).nullable().describe('Null: what no filter matches'),
});

const chargeUsageObject = z
  .object({
    ...numbers,
    amount_currency: z.string(),
    charge: z.object({
      lago_id: id,
      code: z.string(),
      charge_model: z.enum(chargeModelNames),
      invoice_display_name: z.string().nullable(),
    }),
    billable_metric: z.object({
      lago_id: id,
      name: z.string(),
      code: z.string(),
      aggregation_type: z.enum(aggregationTypes),
    }),
    filters: z.array(filterUsageObject),
    grouped_usage: z.array(
      z.object({
        ...numbers,
        grouped_by: z.record(z.string(), z.string().nullable()),
        filters: z.array(filterUsageObject),
      }),
    ),
  })
  .meta({ id: 'CustomerChargeUsageObject' });

const usageObject = z
  .object({
    from_datetime: wireInstant,
    to_datetime: wireInstant,
    issuing_date: wireDate,
    lago_invoice_id: z.null(),
    currency: z.string(),
    amount_cents: z.int(),
    taxes_amount_cents: z.int(),
    total_amount_cents: z.int(),
    charges_usage: z.array(chargeUsageObject),
  })
  .meta({ id: 'CustomerUsageObject' });

const chargeFilters = z.object({
  charge_id: z.string().optional(),
  charge_code: z.string().optional(),
  billable_metric_code: z.string().optional(),
  filter_by_charge_id: z.string().optional().describe('Older name of `charge_id`'),
  filter_by_charge_code: z.string().optional().describe('Older name of `charge_code`'),
  filter_by_metric_code: z.string().optional().describe('Older name of `billable_metric_code`'),
});

/** The first filter that is given decides. */
function narrow(charges: readonly ChargeFacts[], query: z.output<typeof chargeFilters>): readonly ChargeFacts[] {
  const filters = [
    { wanted: query.charge_id ?? query.filter_by_charge_id, of: (charge: ChargeFacts) => charge.id },
    { wanted: query.charge_code ?? query.filter_by_charge_code, of: (charge: ChargeFacts) => charge.code },
    {
      wanted: query.billable_metric_code ?? query.filter_by_metric_code,
      of: (charge: ChargeFacts) => charge.metric_code,
    },
  ];
  const filter = filters.find(({ wanted }) => wanted !== undefined);
  if (!filter) return charges;
  const found = charges.filter((charge) => filter.of(charge) === filter.wanted);
  if (found.length === 0) throw notFound('charge');
  return found;
}

async function findActiveSubscription(
  trx: Transaction,
  customer_id: string,
  external_id: string | undefined,
): Promise<SubscriptionFacts> {
  const active = external_id === undefined ? undefined : await findSubscriptionByExternalId(trx, external_id, 'active');
  if (active?.customer_id !== customer_id) throw notAllowed('no_active_subscription');
  const [facts] = await readSubscriptionFacts(trx, [active.id]);
  assert(facts, 'usage: a subscription has its facts');
  return facts;
}

function usageSubscription(facts: SubscriptionFacts): UsageSubscription {
  const { interval, billing_time, subscription_at, timezone, started_at, activated_at } = facts;
  assert(started_at && activated_at, 'usage: an active subscription has started');
  return {
    terms: { interval, billing_time, subscription_at, timezone },
    plan: facts,
    started_at,
    first_started_at: facts.first_started_at ?? started_at,
    activated_at,
    last_periodic_at: facts.last_periodic_at,
    last_charges_to: facts.last_charges_to,
  };
}

async function currentUsage(
  trx: Transaction,
  subscription: SubscriptionFacts,
  charges: readonly ChargeFacts[],
  options: { readonly at: Instant; readonly isTaxed: boolean },
) {
  const period = currentUsagePeriod(usageSubscription(subscription), options.at);
  const usages = await readChargeUsage(
    trx,
    charges.map((charge) => ({ external_subscription_id: subscription.external_id, charge, span: period })),
  );
  const { plan_id, customer_id, currency } = subscription;
  const levels = options.isTaxed ? await readTaxLevels(trx, customer_id, [plan_id]) : undefined;
  const usage = computeCurrentUsage({
    currency,
    charges: usages.map((buckets, position) => ({ charge: charges[position] as MeteredCharge, buckets })),
    taxes: levels && { ...levels, plan: levels.plans.get(plan_id) ?? [] },
  });
  return currentUsageWire(usage, period);
}

export const usageOperations: Operation[] = [
  operation({
    op: 'GET /customers/{external_customer_id}/current_usage',
    tag: 'customers',
    summary: "What a subscription's usage would cost if its period ended now",
    object: 'customer_usage',
    params: z.object({ external_customer_id: z.string() }),
    query: chargeFilters.extend({
      external_subscription_id: z.string().optional().describe('Of an active subscription of the customer'),
      apply_taxes: queryFlag.prefault('true'),
    }),
    answer: z.object({ customer_usage: usageObject }),
    errors: [404, 405, 422],
    async handle({ trx, at, params, query }) {
      const customer = await findCustomer(trx, params.external_customer_id);
      if (!customer) throw notFound('customer');
      const subscription = await findActiveSubscription(trx, customer.id, query.external_subscription_id);
      const charges = narrow(await readCharges(trx, [subscription.plan_id]), query);
      return { customer_usage: await currentUsage(trx, subscription, charges, { at, isTaxed: query.apply_taxes }) };
    },
  }),
];
