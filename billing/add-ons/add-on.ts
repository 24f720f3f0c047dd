import type { Instant } from '../clock/instant.ts';
import type { Cents } from '../money/cents.ts';
import type { Currency } from '../money/currency.ts';

/** Something that is sold once: setup, training, a delivery. */
export interface AddOn {
  readonly id: string;
  readonly name: string;
  readonly code: string;
  /** Of one unit, without taxes. */
  readonly amount_cents: Cents;
  readonly amount_currency: Currency;
  readonly description: string | null;
  readonly invoice_display_name: string | null;
  readonly created_at: Instant;
}
