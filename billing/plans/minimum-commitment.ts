import { type Instant, toWireSeconds } from '../clock/instant.ts';
import { type Cents, roundToCents } from '../money/cents.ts';
import { Decimal } from '../money/decimal.ts';
import { type TaxDocument, taxWire } from '../taxes/wire.ts';
import type { Plan } from './plan.ts';

/** What a customer pays at least for a whole billing period of a plan, without taxes. */
export interface MinimumCommitment {
  readonly id: string;
  readonly plan_id: string;
  readonly amount_cents: Cents;
  readonly invoice_display_name: string | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

export interface Commitment {
  readonly amount_cents: Cents;
  /** Days of the period that the subscription lived in, its first and its last one included, and of the whole period. */
  readonly days: number;
  readonly period_days: number;
  /** What was billed for the period before coupons and taxes. */
  readonly used_cents: Cents;
}

/** What is missing to the commitment for the part of the period that was lived in; 0 when nothing is. Source: spec "Minimum commitment". */
export function missingToCommitment({ amount_cents, days, period_days, used_cents }: Commitment): Cents {
  const prorated = roundToCents(new Decimal(amount_cents).times(days).div(period_days));
  return Math.max(prorated - used_cents, 0);
}

export interface MinimumCommitmentDocument {
  readonly commitment: MinimumCommitment;
  readonly taxes: readonly TaxDocument[];
}

export function minimumCommitmentWire(
  { commitment, taxes }: MinimumCommitmentDocument,
  plan: Pick<Plan, 'code' | 'interval'>,
) {
  return {
    lago_id: commitment.id,
    plan_code: plan.code,
    invoice_display_name: commitment.invoice_display_name,
    amount_cents: commitment.amount_cents,
    interval: plan.interval,
    created_at: toWireSeconds(commitment.created_at),
    updated_at: toWireSeconds(commitment.updated_at),
    taxes: taxes.map(taxWire),
  };
}
