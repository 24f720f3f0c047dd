import { assert } from '../assert.ts';
import { Decimal } from './decimal.ts';
import { type Currency, exponent } from './currency.ts';

/** A whole number of the currency's smallest unit, within the safe integers. */
export type Cents = number;

/** Rounds an amount that is already in cents, half away from zero. Called where a fee, a tax or a credit becomes final. */
export function roundToCents(cents: Decimal): Cents {
  const whole = cents.toDecimalPlaces(0).toNumber();
  assert(Number.isSafeInteger(whole), 'cents: an amount fits a safe integer');
  return whole === 0 ? 0 : whole;
}

/** From currency units (`12.345` EUR) to unrounded cents (`1234.5`). */
export function unitsToCents(amount: Decimal, currency: Currency): Decimal {
  return amount.times(new Decimal(10).pow(exponent(currency)));
}

/** From unrounded cents to currency units. */
export function centsToUnits(cents: Decimal | Cents | string, currency: Currency): Decimal {
  return new Decimal(cents).div(new Decimal(10).pow(exponent(currency)));
}
