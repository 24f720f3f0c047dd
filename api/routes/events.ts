import { z } from 'zod';
import type { Instant } from '../../billing/clock/instant.ts';
import { invalid, notFound } from '../../billing/errors.ts';
import {
  findRepetitions,
  fitsKey,
  isStorableJson,
  isStorableText,
  parsePreciseAmount,
  parseTimestamp,
} from '../../billing/events/event.ts';
import { eventWire } from '../../billing/events/wire.ts';
import { type NewEvent, findEvent, findStartOfSubscription, findStoredEvents, listEvents } from '../../db/events.ts';
import { newId } from '../../db/ids.ts';
import { inOrganization } from '../../db/transaction.ts';
import { id, instant, queryFlag, text, wireDecimal, wireInstant } from '../contracts/fields.ts';
import { paginate, paginationMeta, paginationQuery } from '../contracts/pagination.ts';
import { type Operation, type Origin, operation } from '../operation.ts';

const EVENTS_MAX = 100;

/** A key by which events are found. Numbers are taken as their text. */
const key = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.string().refine(isStorableText, 'value_is_invalid').refine(fitsKey, 'value_is_too_long'),
);

const mandatoryKey = key.refine((value) => value.trim() !== '', 'value_is_mandatory');

/** A number or a text that `read` understands. */
function readable(read: (text: string) => string | undefined, code: string) {
  return z.union([z.number(), z.string()], code).transform((value, context): string => {
    const text = read(String(value));
    if (text !== undefined) return text;
    context.issues.push({ code: 'custom', message: code, input: value });
    return z.NEVER;
  });
}

const eventInput = z
  .object({
    transaction_id: mandatoryKey.describe('Makes the event unique in its subscription: sent again, it is refused'),
    external_subscription_id: key.nullish(),
    code: mandatoryKey.describe('Of the billable metric'),
    timestamp: readable(parseTimestamp, 'invalid_format')
      .nullish()
      .describe('Unix seconds, with decimals to the microsecond. Left out: now'),
    properties: z
      .record(z.string(), z.unknown())
      .refine((value) => isStorableJson(value), 'value_is_invalid')
      .nullish(),
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
      const event = accept(body.event, at, origin);
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
      const events = body.events.map((input) => accept(input, at, origin));
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
