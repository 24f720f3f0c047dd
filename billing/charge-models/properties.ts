import { z } from 'zod';
import { Decimal } from '../money/decimal.ts';

const DECIMAL_TEXT = /^\+?(\d+(\.\d+)?|\.\d+)(e[+-]?\d{1,2})?$/i;

/** A finite decimal of 0 or more, as text: a JSON number is refused, since it may have been a float. Below 10^15, so that no price overflows. */
export function isDecimalText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 60 && DECIMAL_TEXT.test(value) && new Decimal(value).lt('1e15');
}

// Each check goes on where zod's own would stop, so that all wrong places are reported, not only the first.
export const check = <T>(isValid: (value: unknown) => boolean, code: string): z.ZodType<T, T> =>
  z.custom<T>(isValid, { error: code, abort: false });

export const decimalText = (code: string): z.ZodType<string, string> => check(isDecimalText, code);

export const integerFrom = (lowest: number, code: string): z.ZodType<number, number> =>
  check((value) => Number.isSafeInteger(value) && (value as number) >= lowest, code);
