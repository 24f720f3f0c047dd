import type { ChargeModelName } from '../charge-models/index.ts';
import type { StoredProperties } from '../charge-models/charge-model.ts';
import type { Instant } from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';
import type { Interval } from '../subscriptions/periods.ts';

export interface Plan {
  readonly id: string;
  /** The plan that it was made of for a single subscription, by other prices or terms. */
  readonly parent_id: string | null;
  readonly name: string;
  readonly code: string;
  readonly invoice_display_name: string | null;
  readonly description: string | null;
  readonly interval: Interval;
  readonly amount_cents: Cents;
  readonly amount_currency: Currency;
  readonly pay_in_advance: boolean;
  /** Days, decimal text. */
  readonly trial_period: string | null;
  /** Null where the interval leaves nothing to choose. */
  readonly bill_charges_monthly: boolean | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
  /** Its subscriptions are being ended; then it is deleted. */
  readonly pending_deletion: boolean;
  /** The caller's own. */
  readonly metadata: Readonly<Record<string, string | null>> | null;
  readonly deleted_at: Instant | null;
}

export interface Charge {
  readonly id: string;
  readonly plan_id: string;
  /** That of the parent plan that it was copied from. */
  readonly parent_id: string | null;
  readonly billable_metric_id: string;
  readonly code: string;
  readonly invoice_display_name: string | null;
  readonly charge_model: ChargeModelName;
  readonly properties: StoredProperties;
  readonly pay_in_advance: boolean;
  readonly invoiceable: boolean;
  readonly regroup_paid_fees: 'invoice' | null;
  readonly prorated: boolean;
  readonly min_amount_cents: Cents;
  /** What its prices are in, and what one of that costs; both null: the currency of its plan. */
  readonly pricing_unit_id: string | null;
  /** Decimal text. */
  readonly conversion_rate: string | null;
  readonly created_at: Instant;
  readonly updated_at: Instant;
}

/** Longer than a month, and not a quarter: only these can bill usage more often than the plan itself. */
const choosing: readonly Interval[] = ['yearly', 'semiannual'];

export function billChargesMonthly(interval: Interval | undefined, wanted: boolean | null | undefined): boolean | null {
  return interval !== undefined && choosing.includes(interval) ? (wanted ?? false) : null;
}
