import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { withComputedProperty } from '../../billing/billable-metrics/computed-property.ts';
import { ExpressionError, type ExpressionEvent } from '../../billing/billable-metrics/expression.ts';
import { BillingError, invalid, notFound } from '../../billing/errors.ts';
import { findRepetitions, parsePreciseAmount } from '../../billing/events/event.ts';
import { eventWire } from '../../billing/events/wire.ts';
import { type NewEvent, findEvent, findStartOfSubscription, findStoredEvents, listEvents } from '../../db/events.ts';
import type { ComputedProperties } from '../../db/computed-properties.ts';
import { newId } from '../../db/ids.ts';
import { inOrganization } from '../../db/transaction.ts';
import { eventKey, eventProperties, eventTimestamp, readable } from '../contracts/events.ts';
import { id, instant, queryFlag, text, wireDecimal, wireInstant } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { type Operation, type Origin, operation } from '../operation.ts';

const EVENTS_MAX = 100;

const mandatoryKey = eventKey.refine((value) => value.trim() !== '', 'value_is_mandatory');

const eventInput = z
  .object({
    transaction_id: mandatoryKey.describe('Makes the event unique in its subscription: sent again, it is refused'),
    external_subscription_id: eventKey.nullish(),
    code: mandatoryKey.describe('Of the billable metric'),
    timestamp: eventTimestamp,
    properties: eventProperties,
    precise_total_amount_cents: readable(parsePreciseAmount, 'value_is_invalid').nullish(),
  })
  .meta({ id: 'EventInputObject' });

const eventObject = z
  .object({
    lago_id: id,
    transaction_id: z.string(),
    lago_customer_id: id.nullable(),
    lago_subscription_id: id.nullable(),
    external_subscription_id: z.string().nullable(),
    code: z.string(),
    timestamp: wireInstant,
    precise_total_amount_cents: wireDecimal.nullable(),
    properties: z.record(z.string(), z.unknown()),
    created_at: wireInstant,
  })
  .meta({ id: 'EventObject' });

function accept(input: z.output<typeof eventInput>, at: Instant, metadata: Origin): NewEvent {
  return {
    id: newId(),
    transaction_id: input.transaction_id,
    external_subscription_id: input.external_subscription_id ?? null,
    code: input.code,
    timestamp: input.timestamp ?? at,
    properties: input.properties ?? {},
    precise_total_amount_cents: input.precise_total_amount_cents ?? null,
    metadata,
    created_at: at,
  };
}

type EventOfMetric = ExpressionEvent & { readonly code: string };

const EVALUATION_FAILED = 'expression_evaluation_failed';

function reasonOf(error: unknown): string {
  if (!(error instanceof ExpressionError)) throw error;
  return error.message;
}

/** The event with what its metric computes of it. @throws ExpressionError */
function compute<T extends EventOfMetric>(event: T, properties: ComputedProperties): T {
  const computed = properties.get(event.code);
  return computed ? withComputedProperty(event, computed) : event;
}

export function computeOne<T extends EventOfMetric>(event: T, properties: ComputedProperties): T {
  try {
    return compute(event, properties);
  } catch (error) {
    throw new BillingError('invalid', EVALUATION_FAILED, reasonOf(error));
  }
}

function computeAll(events: readonly NewEvent[], properties: ComputedProperties): readonly NewEvent[] {
  if (properties.size === 0) return events;
  const failures: Record<string, string> = {};
  const computed = events.map((event, position) => {
    try {
      return compute(event, properties);
    } catch (error) {
      failures[position] = `${EVALUATION_FAILED}: ${reasonOf(error)}`;
      return event;
    }
  });
  if (Object.keys(failures).length > 0) throw invalid(failures);
  return computed;
}

const alreadyExists = { transaction_id: ['value_already_exist'] };

const duplicatesAt = (positions: Iterable<number>) =>
  invalid(Object.fromEntries([...positions].map((position) => [position, alreadyExists])));

export const eventOperations: Operation[] = [
  operation({
    op: 'POST /events',
    tag: 'events',
    summary: 'Send a usage event',
    object: 'event',
    body: z.object({ event: eventInput }),
    answer: z.object({ event: eventObject }),
    errors: [400, 422],
    transaction: false,
    async handle({ at, organization_id, body, origin, deps }) {
      const event = computeOne(accept(body.event, at, origin), await deps.properties.of(organization_id));
      const duplicates = await deps.events.write(organization_id, [event]);
      if (duplicates.length > 0) throw invalid(alreadyExists);
      return { event: eventWire(event) };
    },
  }),
  operation({
    op: 'POST /events/batch',
    tag: 'events',
    summary: 'Send several usage events, all or none of which are stored',
    object: 'event',
    body: z.object({
      events: z.array(eventInput, 'no_events').min(1, 'no_events').max(EVENTS_MAX, 'too_many_events'),
    }),
    errorsByPosition: true,
    answer: z.object({ events: z.array(eventObject) }),
    errors: [400, 422],
    transaction: false,
    async handle({ at, organization_id, body, origin, deps }) {
      const accepted = body.events.map((input) => accept(input, at, origin));
      const events = computeAll(accepted, await deps.properties.of(organization_id));
      const repeated = findRepetitions(events);
      if (repeated.length > 0) {
        const stored = await inOrganization(deps.db, organization_id, (trx) => findStoredEvents(trx, events));
        throw duplicatesAt(new Set([...repeated, ...stored]));
      }
      const duplicates = await deps.events.write(organization_id, events);
      if (duplicates.length > 0) throw duplicatesAt(duplicates);
      return { events: events.map(eventWire) };
    },
  }),
  operation({
    op: 'GET /events',
    tag: 'events',
    summary: 'List usage events, newest first',
    object: 'event',
    query: z.object({
      ...paginationQuery,
      code: text.optional(),
      external_subscription_id: text.optional(),
      timestamp_from_started_at: queryFlag.optional().describe('From the start of the subscription on'),
      timestamp_from: instant.optional(),
      timestamp_to: instant.optional(),
    }),
    answer: z.object({ events: z.array(eventObject), meta: paginationMeta }),
    errors: [422],
    async handle({ trx, query }) {
      const { code, external_subscription_id, timestamp_to } = query;
      let { timestamp_from } = query;
      if (query.timestamp_from_started_at === true) {
        if (external_subscription_id === undefined)
          throw invalid({ external_subscription_id: ['required with timestamp_from_started_at'] });
        if (timestamp_from !== undefined)
          throw invalid({ timestamp_from: ['cannot be used with timestamp_from_started_at'] });
        timestamp_from = (await findStartOfSubscription(trx, external_subscription_id)) ?? undefined;
      }
      const found = listEvents(trx, { code, external_subscription_id, timestamp_from, timestamp_to });
      const { rows, meta } = await paginate(found, query);
      return { events: rows.map(eventWire), meta };
    },
  }),
  operation({
    op: 'GET /events/{transaction_id}',
    tag: 'events',
    summary: 'Retrieve a usage event',
    object: 'event',
    params: z.object({ transaction_id: z.string() }),
    answer: z.object({ event: eventObject }),
    errors: [404],
    async handle({ trx, params }) {
      const event = await findEvent(trx, params.transaction_id);
      if (!event) throw notFound('event');
      return { event: eventWire(event) };
    },
  }),
];
