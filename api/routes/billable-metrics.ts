import { z } from 'zod';
import { type AggregationType, aggregationTypes } from '../../billing/billable-metrics/aggregation.ts';
import {
  ExpressionError,
  type ExpressionEvent,
  evaluateExpression,
} from '../../billing/billable-metrics/expression.ts';
import { findSyntaxError, parseExpression } from '../../billing/billable-metrics/expression-parser.ts';
import { type MetricFilter, normalizeMetricFilters } from '../../billing/billable-metrics/filters.ts';
import { roundingFunctions } from '../../billing/billable-metrics/rounding.ts';
import { needsFieldName, validateMetric } from '../../billing/billable-metrics/validate.ts';
import { billableMetricWire, weightedIntervals } from '../../billing/billable-metrics/wire.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import {
  type BillableMetricFields,
  type BillableMetricRow,
  deleteBillableMetric,
  findBillableMetric,
  insertBillableMetric,
  isCharged,
  listBillableMetrics,
  lockBillableMetric,
  updateBillableMetric,
} from '../../db/billable-metrics.ts';
import { findCodeProblem } from '../../activities/custom-code/run-custom-code.ts';
import { trimChargeFilters } from '../../db/charge-filters.ts';
import { markDraftsStale } from '../../db/stale-drafts.ts';
import type { Transaction } from '../../db/transaction.ts';
import { isSupportedAggregation } from '../../db/usage.ts';
import { announce } from '../../db/webhooks.ts';
import { eventProperties, eventTimestamp } from '../contracts/events.ts';
import { id, mandatoryText, optionalText, text, wireInstant } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { type Call, type Operation, operation } from '../operation.ts';

const PRECISION_MAX = 30;
const CODE_LENGTH_MAX = 65_536;

const filter = z.object({ key: mandatoryText, values: z.array(text).min(1, 'value_is_mandatory') });

const optionalFields = {
  description: optionalText,
  field_name: optionalText,
  recurring: z.boolean().nullish(),
  weighted_interval: z.enum(weightedIntervals).nullish(),
  rounding_function: z.enum(roundingFunctions).nullish(),
  rounding_precision: z.int().min(-PRECISION_MAX).max(PRECISION_MAX).nullish(),
  expression: optionalText,
  custom_aggregator: text.max(CODE_LENGTH_MAX).nullish().meta({
    description:
      'JavaScript of a custom metric: `function aggregate(event, state, custom_properties)` is called for each event and returns its `amount` and the `total_units` so far',
  }),
  filters: z.array(filter).nullish(),
};

const createFields = z
  .object({
    name: mandatoryText,
    code: mandatoryText,
    aggregation_type: z.enum(aggregationTypes, 'value_is_invalid'),
    ...optionalFields,
  })
  // Also when something else is wrong, the type included.
  .refine(({ aggregation_type, field_name }) => !needsFieldName(aggregation_type) || field_name?.trim(), {
    path: ['field_name'],
    error: 'value_is_mandatory',
    when: ({ value }) => !!value && typeof ((value as Fields).field_name ?? '') === 'string',
  });

const updateFields = z.object({
  name: mandatoryText.optional(),
  code: mandatoryText.optional(),
  aggregation_type: z.enum(aggregationTypes, 'value_is_invalid').optional(),
  ...optionalFields,
});

type Fields = z.output<typeof updateFields>;

const counter = z.int().meta({ description: 'Always 0' });

const billableMetricObject = z
  .object({
    lago_id: id,
    name: z.string(),
    code: z.string(),
    description: z.string().nullable(),
    aggregation_type: z.enum(aggregationTypes),
    field_name: z.string().nullable(),
    recurring: z.boolean(),
    weighted_interval: z.enum(weightedIntervals).nullable(),
    rounding_function: z.enum(roundingFunctions).nullable(),
    rounding_precision: z.int().nullable(),
    expression: z.string().nullable(),
    custom_aggregator: z.string().nullable(),
    filters: z.array(z.object({ key: z.string(), values: z.array(z.string()) })),
    active_subscriptions_count: counter,
    draft_invoices_count: counter,
    plans_count: counter,
    created_at: wireInstant,
  })
  .meta({ id: 'BillableMetricObject' });

const answer = z.object({ billable_metric: billableMetricObject });
const params = z.object({ code: text });

async function takeMetric(trx: Transaction, code: string, find = findBillableMetric): Promise<BillableMetricRow> {
  const metric = await find(trx, code);
  if (!metric) throw notFound('billable_metric');
  return metric;
}

/** The metric as it would be with the changes. @throws when it cannot be. */
async function fieldsOf(
  trx: Transaction,
  before: Partial<BillableMetricRow>,
  { filters, ...changes }: Fields,
): Promise<BillableMetricFields> {
  const { code = before.code as string, name = before.name as string } = changes;
  const aggregation_type = (changes.aggregation_type ?? before.aggregation_type) as AggregationType;
  const given = <T>(changed: T | undefined, known: T | undefined): T | null =>
    changed !== undefined ? changed : (known ?? null);
  const fields: BillableMetricFields = {
    name,
    code,
    aggregation_type,
    description: given(changes.description, before.description),
    field_name: needsFieldName(aggregation_type) ? given(changes.field_name, before.field_name) : null,
    recurring: changes.recurring ?? before.recurring ?? false,
    weighted_interval: given(changes.weighted_interval, before.weighted_interval),
    rounding_function: given(changes.rounding_function, before.rounding_function),
    rounding_precision: given(changes.rounding_precision, before.rounding_precision),
    expression: given(changes.expression?.trim() === '' ? null : changes.expression, before.expression),
    custom_aggregator:
      aggregation_type === 'custom_agg' ? given(changes.custom_aggregator, before.custom_aggregator) : null,
  };
  const details = validateMetric({ ...fields, filters: filters ?? [] }, isSupportedAggregation);
  if (code !== before.code && (await findBillableMetric(trx, code))) details['code'] = ['value_already_exist'];
  if (Object.keys(details).length > 0)
    throw invalid(details, details['expression'] && findSyntaxError(fields.expression ?? ''));
  if (fields.custom_aggregator !== null && fields.custom_aggregator !== before.custom_aggregator)
    await checkCode(fields.custom_aggregator);
  return fields;
}

/** It is read and not yet called. */
async function checkCode(code: string): Promise<void> {
  const problem = await findCodeProblem(code);
  if (problem !== undefined) throw invalid({ custom_aggregator: ['value_is_invalid'] }, problem);
}

/** Undefined: they stay as they are. */
function filtersOf({ filters }: Fields): MetricFilter[] | undefined {
  return filters === undefined ? undefined : normalizeMetricFilters(filters ?? []);
}

async function announceMetric(
  { trx, at, deps }: Pick<Call<never, never, never>, 'trx' | 'at' | 'deps'>,
  metric: BillableMetricRow,
  change: 'created' | 'updated' | 'deleted',
): Promise<{ billable_metric: ReturnType<typeof billableMetricWire> }> {
  // The next event that is sent here has what the metric computes from now on. Other processes hear of it a moment later.
  const forget = (): void => deps.properties.forget(trx.organization_id);
  void trx.executionPromise.then(forget, forget);
  const object = billableMetricWire(metric);
  const webhook_type = `billable_metric.${change}` as const;
  await announce(trx, { webhook_type, object_type: 'billable_metric', object_id: metric.id, object }, at);
  return { billable_metric: object };
}

function tryExpression(text: string, event: ExpressionEvent): string {
  const problem = findSyntaxError(text);
  if (problem !== undefined) throw invalid({ expression: ['invalid_expression'] }, problem);
  try {
    return evaluateExpression(parseExpression(text), event);
  } catch (error) {
    if (error instanceof ExpressionError) throw invalid({ event: ['invalid_event'] }, error.message);
    throw error;
  }
}

export const billableMetricOperations: Operation[] = [
  operation({
    op: 'POST /billable_metrics',
    tag: 'billable_metrics',
    summary: 'Create a billable metric',
    object: 'billable_metric',
    body: z.object({ billable_metric: createFields }),
    answer,
    errors: [400, 422],
    async handle(call) {
      const { trx, at, body } = call;
      const { billable_metric: input } = body;
      const metric = await insertBillableMetric(trx, await fieldsOf(trx, {}, input), filtersOf(input) ?? [], at);
      return announceMetric(call, metric, 'created');
    },
  }),
  operation({
    op: 'GET /billable_metrics',
    tag: 'billable_metrics',
    summary: 'List all billable metrics',
    object: 'billable_metric',
    query: z.object(paginationQuery),
    answer: z.object({ billable_metrics: z.array(billableMetricObject), meta: paginationMeta }),
    errors: [],
    async handle({ trx, query }) {
      const { rows, meta } = await paginate(listBillableMetrics(trx), query);
      return { billable_metrics: rows.map(billableMetricWire), meta };
    },
  }),
  operation({
    op: 'GET /billable_metrics/{code}',
    tag: 'billable_metrics',
    summary: 'Retrieve a billable metric',
    object: 'billable_metric',
    params,
    answer,
    errors: [404],
    handle: async ({ trx, params }) => ({ billable_metric: billableMetricWire(await takeMetric(trx, params.code)) }),
  }),
  operation({
    op: 'POST /billable_metrics/evaluate_expression',
    tag: 'billable_metrics',
    summary: 'Try an expression on an event that is not stored',
    object: 'billable_metric',
    withoutRoot: true,
    body: z.object({
      expression: mandatoryText,
      event: z.object({ code: text.nullish(), timestamp: eventTimestamp, properties: eventProperties }),
    }),
    answer: z.object({ expression_result: z.object({ value: z.string() }) }),
    errors: [400, 422],
    transaction: false,
    handle: ({ at, body: { expression, event } }) => {
      const { code, timestamp, properties } = event;
      const value = tryExpression(expression, {
        code: code ?? '',
        timestamp: timestamp ?? at,
        properties: properties ?? {},
      });
      return Promise.resolve({ expression_result: { value } });
    },
  }),
  operation({
    op: 'PUT /billable_metrics/{code}',
    tag: 'billable_metrics',
    summary: 'Update a billable metric; once a plan charges for it, only its name, description, filters and code',
    object: 'billable_metric',
    params,
    body: z.object({ billable_metric: updateFields }),
    answer,
    errors: [400, 404, 422],
    async handle(call) {
      const { trx, at, params, body } = call;
      const { billable_metric: input } = body;
      const metric = await takeMetric(trx, params.code, lockBillableMetric);
      const { name, description, filters, custom_aggregator } = input;
      // Code that fails could never be put right otherwise.
      const always = { name, description, filters, custom_aggregator };
      const changes = (await isCharged(trx, metric.id)) ? always : input;
      const fields = await fieldsOf(trx, metric, changes);
      const changed = await updateBillableMetric(trx, metric.id, fields, filtersOf(input), at);
      if (filters !== undefined) {
        await trimChargeFilters(trx, metric.id, changed.filters, at);
        await markDraftsStale(trx, { billable_metric_id: metric.id }, at);
      }
      return announceMetric(call, changed, 'updated');
    },
  }),
  operation({
    op: 'DELETE /billable_metrics/{code}',
    tag: 'billable_metrics',
    summary: 'Delete a billable metric, and the charges for it',
    object: 'billable_metric',
    params,
    answer,
    errors: [404],
    async handle(call) {
      const { trx, at, params } = call;
      const metric = await takeMetric(trx, params.code, lockBillableMetric);
      await deleteBillableMetric(trx, metric.id, at);
      await markDraftsStale(trx, { billable_metric_id: metric.id }, at);
      return announceMetric(call, metric, 'deleted');
    },
  }),
];
