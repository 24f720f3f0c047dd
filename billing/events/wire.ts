import { toWireSeconds } from '../clock/instant.ts';
import { toWireDecimal } from '../money/decimal.ts';
import type { Event } from './event.ts';

export function eventWire(event: Event) {
  const { precise_total_amount_cents } = event;
  return {
    lago_id: event.id,
    transaction_id: event.transaction_id,
    // Events are joined to subscriptions when they are billed, by their timestamps.
    lago_customer_id: null,
    lago_subscription_id: null,
    external_subscription_id: event.external_subscription_id,
    code: event.code,
    timestamp: `${event.timestamp.slice(0, 23)}Z`,
    precise_total_amount_cents: precise_total_amount_cents && toWireDecimal(precise_total_amount_cents),
    properties: event.properties,
    created_at: toWireSeconds(event.created_at),
  };
}

export type EventWire = ReturnType<typeof eventWire>;
