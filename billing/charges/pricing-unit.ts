import { isDecimalText } from '../charge-models/properties.ts';
import { Decimal } from '../money/decimal.ts';

/** What a charge is priced in, as a caller says it. */
export interface PricingUnitWish {
  readonly code?: string | null | undefined;
  readonly conversion_rate?: unknown;
}

/** What of it is stored. */
export interface ChargePricingUnit {
  readonly pricing_unit_id: string | null;
  readonly conversion_rate: string | null;
}

/** The codes of what is wrong with a rate; none when it can be stored. */
export function validateConversionRate(rate: unknown): string[] {
  if (rate === undefined || rate === null) return ['value_is_mandatory'];
  const text = typeof rate === 'number' ? String(rate) : rate;
  if (!isDecimalText(text)) return ['value_is_invalid'];
  return new Decimal(text).isZero() ? ['value_is_out_of_range'] : [];
}
