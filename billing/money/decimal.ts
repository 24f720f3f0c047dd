import { Decimal as Base } from 'decimal.js';

/** Decimal arithmetic for amounts and units: 40 digits, half away from zero. A clone, so that nobody else's settings reach it. */
export const Decimal = Base.clone({ precision: 40, rounding: Base.ROUND_HALF_UP, toExpNeg: -1000, toExpPos: 1000 });
export type Decimal = InstanceType<typeof Decimal>;

export const ZERO = new Decimal(0);

/** As the wire shows decimals: plain notation with at least one decimal digit, `"10.0"`. */
export function toWireDecimal(value: Decimal | string | number): string {
  const text = new Decimal(value).toFixed();
  return text.includes('.') ? text : `${text}.0`;
}

export function sum(values: Iterable<Decimal | string | number>): Decimal {
  let total = ZERO;
  for (const value of values) total = total.plus(value);
  return total;
}
