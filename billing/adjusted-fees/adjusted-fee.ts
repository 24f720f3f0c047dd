import type { Instant } from '../clock/instant.ts';
import type { GroupedBy } from '../usage/measure.ts';

/**
 * What people have put in place of a fee of a draft: another name, other units at the computed price, or units and price. It stays when the draft is
 * computed anew, and counts on the final invoice.
 */
export interface AdjustedFee {
  readonly id: string;
  readonly invoice_id: string;
  readonly subscription_id: string;
  readonly fee_type: 'charge' | 'subscription';
  readonly charge_id: string | null;
  readonly charge_filter_id: string | null;
  readonly grouped_by: GroupedBy;
  /** Decimal text; null: as computed. */
  readonly units: string | null;
  /** Decimal text in currency units; null: as computed. Never without units. */
  readonly unit_precise_amount: string | null;
  /** Null: as computed. */
  readonly invoice_display_name: string | null;
  readonly created_at: Instant;
}

/** What makes it the same line of a bill: the charge, its filter and the group. */
export type FeeKey = Pick<AdjustedFee, 'charge_filter_id' | 'grouped_by'>;

export function isSameLine(one: FeeKey, other: FeeKey): boolean {
  return one.charge_filter_id === other.charge_filter_id && keyOf(one) === keyOf(other);
}

function keyOf({ grouped_by }: FeeKey): string {
  return JSON.stringify(Object.entries(grouped_by).sort(([a], [b]) => (a < b ? -1 : 1)));
}
