import { z } from 'zod';
import { notAllowed, notFound } from '../../billing/errors.ts';
import { currentUsageWire, pastUsageWire, projectedUsageWire } from '../../billing/usage/wire.ts';
import { findBillableMetric } from '../../db/billable-metrics.ts';
import { findCustomer } from '../../db/customers.ts';
import { type ChargeFacts, readCharges } from '../../db/pricing-facts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { mandatoryText, queryFlag, text } from '../contracts/fields.ts';
import { lenientNumber, metaOf, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { projectedUsageObject, usageObject } from '../contracts/usage.ts';
import { narrowingQuery, readGroup, readPresented } from '../contracts/usage-narrowing.ts';
import { type Operation, operation } from '../operation.ts';
import { readPastUsage } from './usage/past.ts';
import { activeSubscription, readCurrentUsage } from './usage/current.ts';

const params = z.object({ external_customer_id: z.string() });
const external_subscription_id = z.string().optional().describe('Of an active subscription of the customer');
const apply_taxes = queryFlag.prefault('true');

const currentQuery = z.looseObject({ ...narrowingQuery, external_subscription_id, apply_taxes });
type CurrentQuery = z.output<typeof currentQuery>;

/** The first filter that is given decides. */
function narrow(charges: readonly ChargeFacts[], query: CurrentQuery): readonly ChargeFacts[] {
  const filter = chargeFilters(query).find(({ wanted }) => wanted !== undefined);
  if (!filter) return charges;
  const found = charges.filter((charge) => filter.of(charge) === filter.wanted);
  if (found.length === 0) throw notFound('charge');
  return found;
}

function chargeFilters(query: CurrentQuery) {
  return [
    { wanted: query.charge_id ?? query.filter_by_charge_id, of: (charge: ChargeFacts) => charge.id },
    { wanted: query.charge_code ?? query.filter_by_charge_code, of: (charge: ChargeFacts) => charge.code },
    {
      wanted: query.billable_metric_code ?? query.filter_by_metric_code,
      of: (charge: ChargeFacts) => charge.metric_code,
    },
  ];
}

/** All usage ever is asked for one charge or group, and days have no meaning in it. */
function refuseFullUsage(charges: readonly ChargeFacts[], query: CurrentQuery): void {
  const isNarrowed =
    chargeFilters(query).some(({ wanted }) => wanted !== undefined) || Object.keys(readGroup(query)).length > 0;
  if (!isNarrowed || charges.some((charge) => charge.prorated)) throw notAllowed('full_usage_not_allowed');
}

async function takeCustomer(trx: Transaction, external_id: string): Promise<{ readonly id: string }> {
  const customer = await findCustomer(trx, external_id);
  if (!customer) throw notFound('customer');
  return customer;
}

export const usageOperations: Operation[] = [
  operation({
    op: 'GET /customers/{external_customer_id}/current_usage',
    tag: 'customers',
    summary: "What a subscription's usage would cost if its period ended now",
    object: 'customer_usage',
    params,
    query: currentQuery,
    answer: z.object({ customer_usage: usageObject }),
    errors: [404, 405, 422],
    async handle({ trx, at, params, query }) {
      const customer = await takeCustomer(trx, params.external_customer_id);
      const subscription = await activeSubscription(trx, customer.id, query.external_subscription_id);
      const charges = narrow(await readCharges(trx, [subscription.plan_id]), query);
      if (query.full_usage) refuseFullUsage(charges, query);
      const { usage, period } = await readCurrentUsage(trx, subscription, charges, {
        at,
        isTaxed: query.apply_taxes,
        isFull: query.full_usage,
        narrowing: { group: readGroup(query), skips_grouping: query.skip_grouping },
      });
      return { customer_usage: currentUsageWire(usage, period, { presented: readPresented(query) }) };
    },
  }),
  operation({
    op: 'GET /customers/{external_customer_id}/projected_usage',
    tag: 'customers',
    summary: "What a subscription's usage will cost at the end of its period if it goes on as it has",
    object: 'customer_usage',
    params,
    query: z.object({ external_subscription_id, apply_taxes }),
    answer: z.object({ customer_projected_usage: projectedUsageObject }),
    errors: [404, 405, 422],
    async handle({ trx, at, params, query }) {
      const customer = await takeCustomer(trx, params.external_customer_id);
      const subscription = await activeSubscription(trx, customer.id, query.external_subscription_id);
      const charges = await readCharges(trx, [subscription.plan_id]);
      const options = { at, isTaxed: query.apply_taxes, isProjected: true };
      const { usage, period } = await readCurrentUsage(trx, subscription, charges, options);
      return { customer_projected_usage: projectedUsageWire(usage, period) };
    },
  }),
  operation({
    op: 'GET /customers/{external_customer_id}/past_usage',
    tag: 'customers',
    summary: 'What was billed of a subscription for its usage, by period',
    object: 'customer_usage',
    params,
    query: z.object({
      ...paginationQuery,
      external_subscription_id: mandatoryText,
      billable_metric_code: text.optional(),
      periods_count: lenientNumber(0).describe('Stands in for `per_page`'),
    }),
    answer: z.object({ usage_periods: z.array(usageObject), meta: paginationMeta }),
    errors: [404, 422],
    async handle({ trx, params, query }) {
      const { billable_metric_code: code, external_subscription_id, page } = query;
      if (code !== undefined && !(await findBillableMetric(trx, code))) throw notFound('billable_metric');
      const per_page = query.periods_count || query.per_page;
      const question = { external_subscription_id, external_customer_id: params.external_customer_id };
      const { periods, total_count } = await readPastUsage(trx, question, { page, per_page }, code);
      return { usage_periods: periods.map(pastUsageWire), meta: metaOf({ page, per_page }, total_count) };
    },
  }),
];
