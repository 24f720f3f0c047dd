import { assert } from '../../../billing/assert.ts';
import type { ChargeFeeNumbers } from '../../../billing/charge-models/price-charge.ts';
import type { Instant } from '../../../billing/clock/instant.ts';
import { propertyText } from '../../../billing/events/event.ts';
import { chargeFee, feeItem } from '../../../billing/fees/charge-fee.ts';
import type { UntaxedFee } from '../../../billing/invoices/compute-invoice.ts';
import { periodsOfEvent } from '../../../billing/usage/event-periods.ts';
import { type ChargeFilter, filterInAdvance } from '../../../billing/usage/filters.ts';
import { type InstantModel, instantModels, priceLoneEvent } from '../../../billing/usage/instant-estimate.ts';
import { customCodeFailed } from '../../../billing/usage/custom.ts';
import { chargeInstantUsage, type InstantFacts, type InstantFee } from '../../../billing/usage/instant-usage.ts';
import { dimensionKeys, type GroupedBy } from '../../../billing/usage/measure.ts';
import type { PresentationBreakdown } from '../../../billing/usage/presentation.ts';
import type { Dimensions, UsageEvent } from '../../../billing/usage/reading.ts';
import { priceCustomEvents } from '../../../activities/usage/price-custom-events.ts';
import { readCarriedOf } from '../../../activities/usage/price-events.ts';
import { measuredCharge } from '../../../db/charge-usage.ts';
import { newId } from '../../../db/ids.ts';
import { readInstantUsage } from '../../../db/instant-readings.ts';
import { findMarks } from '../../../db/instant-usage.ts';
import type { ChargeFacts } from '../../../db/pricing-facts.ts';
import type { Transaction } from '../../../db/transaction.ts';
import type { InstantSubscription, SupposedEvent } from './find-instant-charges.ts';

export interface SupposedFee {
  readonly charge: ChargeFacts;
  readonly fee: UntaxedFee;
}

/** What each of the charges would ask for the event, on top of all usage so far. */
export async function priceOnTop(
  trx: Transaction,
  subscription: InstantSubscription,
  event: SupposedEvent,
  at: Instant,
): Promise<SupposedFee[]> {
  const { facts, charges } = subscription;
  const { charges: period } = periodsOfEvent(facts, at);
  const readings = await readInstantUsage(
    trx,
    charges.map((charge) => ({
      external_subscription_id: facts.external_id,
      charge,
      period,
      timestamps: [at],
    })),
  );
  const marks = await findMarks(
    trx,
    facts.id,
    charges.map((charge) => ({ charge_id: charge.id, period_from: period.from })),
  );
  const supposedFees: SupposedFee[] = [];
  for (const [index, charge] of charges.entries()) {
    const [reading, before] = [readings[index], marks[index]];
    assert(reading && before, 'estimate: every charge is read');
    const supposed = usageEvent(charge, event, at);
    const instant = {
      charge: measuredCharge(charge),
      currency: facts.currency,
      pricing_unit: charge.pricing_unit,
      period,
      reading: { ...reading, events: [...reading.events, supposed] },
      marks: before,
      due: new Set([supposed.id]),
    };
    const fees =
      charge.aggregation_type === 'custom_agg'
        ? await priceByCode(trx, facts.external_id, charge, instant)
        : chargeInstantUsage(instant, { isEstimate: true }).fees;
    supposedFees.push(...fees.map((fee) => ({ charge, fee: feeOf(subscription, event, at, { charge, ...fee }) })));
  }
  return supposedFees;
}

/** @throws when the code of the metric fails on the event */
async function priceByCode(
  trx: Transaction,
  external_subscription_id: string,
  charge: ChargeFacts,
  instant: InstantFacts,
): Promise<readonly InstantFee[]> {
  const carried = await readCarriedOf(trx, external_subscription_id, charge, instant.period.from);
  const { fees, failed } = await priceCustomEvents(instant, carried, { isEstimate: true });
  const [failure] = failed;
  if (failure) throw customCodeFailed(charge.metric_code, failure.message);
  return fees;
}

/** The event as usage of a charge. Where numbers are added up, nothing counts as zero. */
function usageEvent(charge: ChargeFacts, { properties, ...event }: SupposedEvent, at: Instant): UsageEvent {
  const value = charge.field_name === null ? null : propertyText(properties[charge.field_name]);
  return {
    id: newId(),
    dimensions: dimensionsOf(charge, properties),
    timestamp: `${at.slice(0, -1)}000Z`,
    value: charge.aggregation_type === 'sum_agg' ? (value ?? '0') : value,
    operation: properties['operation_type'] === 'remove' ? 'remove' : 'add',
    precise_total_amount_cents: event.precise_total_amount_cents,
    properties,
  };
}

function dimensionsOf(charge: ChargeFacts, properties: SupposedEvent['properties']): Dimensions {
  return Object.fromEntries(dimensionKeys(measuredCharge(charge)).map((key) => [key, propertyText(properties[key])]));
}

export function isInstantModel(model: string): model is InstantModel {
  return (instantModels as readonly string[]).includes(model);
}

/** What each of the charges would ask for the event if it were the only one. */
export function priceAlone(
  subscription: InstantSubscription,
  charges: readonly ChargeFacts[],
  event: SupposedEvent,
  at: Instant,
): SupposedFee[] {
  return charges.map((charge) => {
    const { charge_model, field_name, rounding_function, rounding_precision } = charge;
    assert(isInstantModel(charge_model), 'estimate: the charge prices events by themselves');
    const filter =
      filterInAdvance(charge.filters, charge.metric_filters, dimensionsOf(charge, event.properties)) ?? null;
    const numbers = priceLoneEvent({
      charge_model,
      properties: filter?.properties ?? charge.properties,
      currency: subscription.facts.currency,
      pricing_unit: charge.pricing_unit,
      rounding: { rounding_function, rounding_precision },
      value: field_name === null ? '1' : propertyText(event.properties[field_name]),
    });
    return { charge, fee: feeOf(subscription, event, at, { charge, filter, grouped_by: {}, numbers }) };
  });
}

interface Priced {
  readonly charge: ChargeFacts;
  readonly filter: ChargeFilter | null;
  readonly grouped_by: GroupedBy;
  readonly numbers: ChargeFeeNumbers;
  readonly presentation?: readonly PresentationBreakdown[];
}

function feeOf(
  { facts }: InstantSubscription,
  { transaction_id }: SupposedEvent,
  at: Instant,
  { charge, filter, grouped_by, numbers, presentation }: Priced,
): UntaxedFee {
  return chargeFee({
    subscription_id: facts.id,
    charge: feeItem(charge),
    filter,
    grouped_by,
    numbers,
    presentation,
    currency: facts.currency,
    span: periodsOfEvent(facts, at).charges,
    pay_in_advance: true,
    dates_timezone: charge.invoiceable ? null : facts.timezone,
    event_transaction_id: transaction_id,
  });
}
