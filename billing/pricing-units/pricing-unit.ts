import type { Instant } from '../clock/instant.ts';

/** What usage may be priced in instead of money, such as credits. A charge says what one of them costs in its plan's currency. */
export interface PricingUnit {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  /** Stands where a currency's code would. */
  readonly short_name: string;
  readonly description: string | null;
  readonly created_at: Instant;
}

/** A pricing unit as a charge uses it. */
export interface AppliedPricingUnit {
  readonly id: string;
  readonly code: string;
  readonly short_name: string;
  /** Of one unit, in units of the currency: decimal text above 0. */
  readonly conversion_rate: string;
}

/** A fee's amounts in its pricing unit, next to the money that they were converted to. `precise_unit_amount` is in whole pricing units. */
export interface PricingUnitAmounts {
  readonly pricing_unit_id: string;
  readonly code: string;
  readonly short_name: string;
  readonly conversion_rate: string;
  readonly amount_cents: number;
  readonly precise_amount_cents: string;
  readonly unit_amount_cents: number;
  readonly precise_unit_amount: string;
}
