import { z } from 'zod';
import { notFound } from '../../billing/errors.ts';
import { fitsKey } from '../../billing/events/event.ts';
import { applicableThresholdWire } from '../../billing/progressive-billing/usage-threshold.ts';
import { planWire } from '../../billing/plans/wire.ts';
import { billingTimes } from '../../billing/subscriptions/periods.ts';
import {
  subscriptionStatuses,
  terminationCreditNotes,
  terminationInvoices,
} from '../../billing/subscriptions/subscription.ts';
import { subscriptionWire } from '../../billing/subscriptions/wire.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { findCustomer } from '../../db/customers.ts';
import { loadPlans } from '../../db/plans.ts';
import {
  type SubscriptionFilters,
  type SubscriptionRow,
  findSubscriptionByExternalId,
  listSubscriptions,
  loadSubscriptions,
} from '../../db/subscriptions.ts';
import type { Transaction } from '../../db/transaction.ts';
import { findApplicableThresholds } from '../../db/usage-thresholds.ts';
import {
  billingEntityCode,
  id,
  mandatoryText,
  optionalText,
  queryFlag,
  queryList,
  text,
  wireDate,
  wireInstant,
} from '../contracts/fields.ts';
import { planOverrideFields } from '../contracts/plans.ts';
import { type Page, paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { applicableUsageThresholdObject } from '../contracts/usage-thresholds.ts';
import { type Operation, operation } from '../operation.ts';
import { planObject } from './plans.ts';
import { progressiveBillingFields } from './progressive-billing/subscription.ts';
import { createSubscription } from './subscriptions/create.ts';
import { editSubscription } from './subscriptions/edit.ts';
import { endSubscription } from './subscriptions/end.ts';

const status = z.enum(subscriptionStatuses);

// Formats are looked at in the operation: an unknown plan stops all other checks.
const dateTime = text.nullish().meta({ format: 'date-time' });
const planOverrides = planOverrideFields.nullish().meta({
  description:
    'What this subscription has differently from the plan. Charges are named by their ids: those of the plan, or of the plan of its own that it has already',
});

export const createInput = z.object({
  subscription: z.object({
    external_customer_id: mandatoryText
      .refine(fitsKey, 'value_is_too_long')
      .meta({ description: 'An unknown customer is created' }),
    plan_code: optionalText,
    billing_entity_code: billingEntityCode.nullish(),
    external_id: optionalText,
    name: optionalText,
    billing_time: text.nullish().meta({ enum: [...billingTimes] }),
    subscription_at: dateTime,
    ending_at: dateTime,
    plan_overrides: planOverrides,
    ...progressiveBillingFields,
  }),
});

export const updateInput = z.object({
  status: z
    .string()
    .optional()
    .meta({ enum: ['active', 'pending'] }),
  subscription: z.object({
    billing_entity_code: billingEntityCode.nullish(),
    name: optionalText,
    ending_at: dateTime,
    subscription_at: dateTime,
    on_termination_credit_note: z
      .string()
      .nullish()
      .meta({ enum: [...terminationCreditNotes] }),
    on_termination_invoice: z
      .string()
      .nullish()
      .meta({ enum: [...terminationInvoices] }),
    plan_overrides: planOverrides,
    ...progressiveBillingFields,
  }),
});

export const endQuery = z.object({
  status: z.string().optional(),
  on_termination_credit_note: z
    .string()
    .optional()
    .meta({ enum: [...terminationCreditNotes] }),
  on_termination_invoice: z
    .string()
    .optional()
    .meta({ enum: [...terminationInvoices] }),
});

export const subscriptionObject = z
  .object({
    lago_id: id,
    billing_entity_code: z.string(),
    external_id: z.string(),
    lago_customer_id: id,
    external_customer_id: z.string(),
    name: z.string().nullable(),
    plan_code: z.string(),
    plan_amount_cents: z.int(),
    plan_amount_currency: z.string(),
    status,
    billing_time: z.enum(billingTimes),
    subscription_at: wireInstant,
    started_at: wireInstant.nullable(),
    activated_at: wireInstant.nullable(),
    trial_ended_at: wireInstant.nullable(),
    ending_at: wireInstant.nullable(),
    terminated_at: wireInstant.nullable(),
    canceled_at: wireInstant.nullable(),
    created_at: wireInstant,
    previous_plan_code: z.string().nullable(),
    next_plan_code: z.string().nullable(),
    downgrade_plan_date: wireDate.nullable(),
    current_billing_period_started_at: wireInstant.nullable(),
    current_billing_period_ending_at: wireInstant.nullable(),
    on_termination_credit_note: z.enum(terminationCreditNotes).nullable(),
    on_termination_invoice: z.enum(terminationInvoices),
    progressive_billing_disabled: z.boolean(),
  })
  .meta({ id: 'SubscriptionObject' });

const subscriptionObjectExtended = subscriptionObject
  .extend({ plan: planObject, applicable_usage_thresholds: z.array(applicableUsageThresholdObject) })
  .meta({ id: 'SubscriptionObjectExtended' });

const answer = z.object({ subscription: subscriptionObject });
const extendedAnswer = z.object({ subscription: subscriptionObjectExtended });
const listAnswer = z.object({ subscriptions: z.array(subscriptionObject), meta: paginationMeta });
const params = z.object({ external_id: text });

const nestedListQuery = z.object({
  ...paginationQuery,
  'billing_entity_codes[]': queryList(billingEntityCode).optional(),
  plan_code: text.optional(),
  'status[]': queryList(z.string())
    .optional()
    .meta({ description: `${subscriptionStatuses.join(', ')}; active ones if left out, all if one is unknown` }),
});

const listQuery = nestedListQuery.extend({
  external_customer_id: text.optional(),
  external_id: text.optional(),
  currency: text
    .transform((value) => value.toUpperCase())
    .optional()
    .meta({ description: "The plan's" }),
  overridden: queryFlag.optional().meta({ description: 'Whether they are on a plan of their own' }),
});

/** Active ones unless others are asked for; a list with something unknown in it asks for all. */
function parseStatuses(asked: readonly string[] | undefined): SubscriptionFilters['statuses'] {
  if (asked === undefined) return ['active'];
  const known = subscriptionStatuses.filter((one) => asked.includes(one));
  return asked.every((one) => (known as string[]).includes(one)) ? known : undefined;
}

async function answerWithList(trx: Transaction, filters: SubscriptionFilters, page: Page, at: Instant) {
  const { rows, meta } = await paginate(listSubscriptions(trx, filters), page);
  const documents = new Map(
    (
      await loadSubscriptions(
        trx,
        rows.map((row) => row.id),
      )
    ).map((one) => [one.subscription.id, one]),
  );
  const subscriptions = rows.flatMap((row) => documents.get(row.id) ?? []).map((one) => subscriptionWire(one, at));
  return { subscriptions, meta };
}

async function answerWith(trx: Transaction, { id }: SubscriptionRow, at: Instant) {
  const [document] = await loadSubscriptions(trx, [id]);
  if (!document) throw notFound('subscription');
  return { subscription: subscriptionWire(document, at) };
}

async function answerWithPlan(trx: Transaction, row: SubscriptionRow, at: Instant) {
  const { subscription } = await answerWith(trx, row, at);
  const plan = (await loadPlans(trx, [row.plan_id])).get(row.plan_id);
  if (!plan) throw notFound('plan');
  const applicable_usage_thresholds = (await findApplicableThresholds(trx, [row.id]))(row.id).map(
    applicableThresholdWire,
  );
  return { subscription: { ...subscription, plan: planWire(plan), applicable_usage_thresholds } };
}

export const subscriptionOperations: Operation[] = [
  operation({
    op: 'POST /subscriptions',
    tag: 'subscriptions',
    summary: 'Assign a plan to a customer',
    object: 'subscription',
    body: createInput,
    answer: extendedAnswer,
    errors: [400, 404, 422],
    handle: async ({ trx, at, body }) => answerWithPlan(trx, await createSubscription(trx, body.subscription, at), at),
  }),
  operation({
    op: 'GET /subscriptions',
    tag: 'subscriptions',
    summary: 'List all subscriptions',
    object: 'subscription',
    query: listQuery,
    answer: listAnswer,
    errors: [422],
    async handle({ trx, at, query: { page, per_page, 'status[]': asked, ...filters } }) {
      return answerWithList(trx, { ...filters, statuses: parseStatuses(asked) }, { page, per_page }, at);
    },
  }),
  operation({
    op: 'GET /customers/{external_customer_id}/subscriptions',
    tag: 'customers',
    summary: "List a customer's subscriptions",
    object: 'subscription',
    params: z.object({ external_customer_id: text }),
    query: nestedListQuery,
    answer: listAnswer,
    errors: [404, 422],
    async handle({ trx, at, params, query: { page, per_page, plan_code, 'status[]': asked } }) {
      const customer = await findCustomer(trx, params.external_customer_id);
      if (!customer) throw notFound('customer');
      const filters = { customer_id: customer.id, plan_code, statuses: parseStatuses(asked) };
      return answerWithList(trx, filters, { page, per_page }, at);
    },
  }),
  operation({
    op: 'GET /subscriptions/{external_id}',
    tag: 'subscriptions',
    summary: 'Retrieve a subscription',
    object: 'subscription',
    params,
    query: z.object({
      status: z
        .string()
        .optional()
        .meta({ enum: [...subscriptionStatuses] }),
    }),
    answer: extendedAnswer,
    errors: [404],
    async handle({ trx, at, params, query }) {
      const { data: asked } = status.safeParse(query.status ?? 'active');
      const row = asked && (await findSubscriptionByExternalId(trx, params.external_id, asked));
      if (!row) throw notFound('subscription');
      return answerWithPlan(trx, row, at);
    },
  }),
  operation({
    op: 'PUT /subscriptions/{external_id}',
    tag: 'subscriptions',
    summary: 'Update a subscription',
    object: 'subscription',
    params,
    query: z.object({
      status: z
        .string()
        .optional()
        .meta({ enum: ['active', 'pending'] }),
    }),
    body: updateInput,
    answer: extendedAnswer,
    errors: [400, 404, 422],
    async handle({ trx, at, params, query, body }) {
      const asked = query.status ?? body.status;
      return answerWithPlan(trx, await editSubscription(trx, params.external_id, asked, body.subscription, at), at);
    },
  }),
  operation({
    op: 'DELETE /subscriptions/{external_id}',
    tag: 'subscriptions',
    summary: 'Terminate a subscription',
    object: 'subscription',
    params,
    query: endQuery,
    answer,
    errors: [404, 422],
    handle: async ({ trx, at, params, query, deps }) =>
      answerWith(trx, await endSubscription(trx, params.external_id, query, deps.settings, at), at),
  }),
];
