import { assert } from '../../../billing/assert.ts';
import { invalid, notFound } from '../../../billing/errors.ts';
import { parseTimestamp, propertyText } from '../../../billing/events/event.ts';
import { type BillableMetricRow, findBillableMetric } from '../../../db/billable-metrics.ts';
import type { ComputedProperties } from '../../../db/computed-properties.ts';
import { type ChargeFacts, readCharges } from '../../../db/pricing-facts.ts';
import { readSubscriptionFacts, type SubscriptionFacts } from '../../../db/subscription-facts.ts';
import { findSubscriptionByExternalId } from '../../../db/subscriptions.ts';
import type { Transaction } from '../../../db/transaction.ts';
import { computeOne } from '../events.ts';

/** An event that nobody has sent. */
export interface SupposedEvent {
  readonly code: string;
  readonly transaction_id: string;
  /** As the clock of the organization has it. */
  readonly timestamp: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly precise_total_amount_cents: string | null;
}

/** The active one, with the charges of its plan that are paid in advance. */
export interface InstantSubscription {
  readonly facts: SubscriptionFacts & { readonly started_at: string };
  readonly charges: readonly ChargeFacts[];
}

export async function findInstantSubscription(
  trx: Transaction,
  external_id: string | null | undefined,
): Promise<InstantSubscription> {
  const active = external_id ? await findSubscriptionByExternalId(trx, external_id, 'active') : undefined;
  if (!active) throw notFound('subscription');
  const [facts] = await readSubscriptionFacts(trx, [active.id]);
  assert(facts?.started_at, 'estimate: an active subscription has started');
  const charges = (await readCharges(trx, [facts.plan_id])).filter((charge) => charge.pay_in_advance);
  return { facts: { ...facts, started_at: facts.started_at }, charges };
}

const AGGREGATES_NUMBERS = ['sum_agg', 'max_agg', 'latest_agg'];
const NUMBER = /^-?\d{1,1000}(\.\d{1,1000})?$/;

/** Refuses what could not be priced, in the order in which clients rely on it. Answers with what the metric makes of the event. */
export async function supposeEvent(
  trx: Transaction,
  event: SupposedEvent,
  sent_timestamp: unknown,
  computed: ComputedProperties,
): Promise<SupposedEvent> {
  if (sent_timestamp !== undefined && sent_timestamp !== null && !isTimestamp(sent_timestamp))
    throw invalid({ timestamp: ['invalid_format'] });
  const metric = await findBillableMetric(trx, event.code);
  if (!metric) throw notFound('billable_metric');
  if (!isPriceable(metric, event)) throw invalid({ properties: ['value_is_not_valid_number'] });
  return computeOne(event, computed);
}

function isTimestamp(sent: unknown): boolean {
  return (typeof sent === 'number' || typeof sent === 'string') && parseTimestamp(String(sent)) !== undefined;
}

function isPriceable({ aggregation_type, field_name }: BillableMetricRow, { properties }: SupposedEvent): boolean {
  if (!AGGREGATES_NUMBERS.includes(aggregation_type) || field_name === null) return true;
  const text = propertyText(properties[field_name]);
  return text === null || NUMBER.test(text);
}

export const matchesNoCharge = (): Error => invalid({ code: ['does_not_match_an_instant_charge'] });
