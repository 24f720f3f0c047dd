import { BillingError } from '../errors.ts';
import { Decimal, ZERO } from '../money/decimal.ts';
import type { StoredProperties } from '../charge-models/charge-model.ts';

/** What the code of a metric has come to: units, and what they cost in units of the currency. */
export interface CustomState {
  readonly total_units: Decimal;
  readonly amount: Decimal;
}

export const NO_USAGE: CustomState = { total_units: ZERO, amount: ZERO };

/** An event as the code sees it. */
export interface CustomEvent {
  /** Unix seconds, to the microsecond. */
  readonly timestamp: number;
  readonly properties: Readonly<Record<string, unknown>>;
}

/** Code over events in their order, from a state on. */
export interface CustomRun {
  readonly code: string;
  readonly custom_properties: Readonly<Record<string, unknown>>;
  readonly state: CustomState;
  readonly events: readonly CustomEvent[];
}

/** The state after each event; of one that fails, what the code did wrong at which event. */
export interface CustomOutcome {
  readonly states: readonly CustomState[];
  readonly failure?: CustomFailure | undefined;
}

export interface CustomFailure {
  readonly message: string;
  /** It ran out of time or memory: it would do so again. */
  readonly isLimit: boolean;
}

/** Says nothing of the world, and is told nothing of it: the same events give the same states. */
export type RunCustomCode = (run: CustomRun) => Promise<CustomOutcome>;

/** What a charge hands to the code: an object, or JSON text of one. Anything else is empty. */
export function customProperties(properties: StoredProperties): Readonly<Record<string, unknown>> {
  const sent = properties['custom_properties'];
  try {
    const value: unknown = typeof sent === 'string' ? JSON.parse(sent) : sent;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

const FAILED = 'custom_aggregation_failed';

export function customCodeFailed(metric_code: string, message: string): BillingError {
  const details = { custom_aggregator: [message], billable_metric_code: [metric_code] };
  return new BillingError('invalid', FAILED, details, `The code of the metric ${metric_code} failed: ${message}`);
}

export function isCustomCodeFailure(error: unknown): error is BillingError {
  return error instanceof BillingError && error.code === FAILED;
}

/** `2026-01-31T10:00:00.000000Z` in Unix seconds. */
export function unixSeconds(timestamp: string): number {
  const seconds = new Decimal(Date.parse(`${timestamp.slice(0, 19)}Z`)).div(1000);
  return seconds.plus(`0.${timestamp.slice(20).replace(/\D/g, '') || '0'}`).toNumber();
}
