import { code as lookUp, codes } from 'currency-codes';

/** ISO 4217 code, `EUR`. */
export type Currency = string;

/** Number of decimal digits of the currency: EUR 2, JPY 0, KWD 3. */
export function exponent(currency: Currency): number {
  const entry = lookUp(currency);
  if (!entry) throw new Error(`unknown currency ${currency}`);
  return entry.digits;
}

export function isCurrency(text: string): boolean {
  return /^[A-Z]{3}$/.test(text) && lookUp(text) !== undefined;
}

export const currencies: readonly Currency[] = codes();
