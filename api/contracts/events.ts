import { z } from 'zod';
import { fitsKey, isStorableJson, isStorableText, parseTimestamp } from '../../billing/events/event.ts';

/** A number or a text that `read` understands. */
export function readable(read: (text: string) => string | undefined, code: string) {
  return z.union([z.number(), z.string()], code).transform((value, context): string => {
    const text = read(String(value));
    if (text !== undefined) return text;
    context.issues.push({ code: 'custom', message: code, input: value });
    return z.NEVER;
  });
}

/** A key by which events are found. Numbers are taken as their text. */
export const eventKey = z.preprocess(
  (value) => (typeof value === 'number' ? String(value) : value),
  z.string().refine(isStorableText, 'value_is_invalid').refine(fitsKey, 'value_is_too_long'),
);

export const eventTimestamp = readable(parseTimestamp, 'invalid_format')
  .nullish()
  .describe('Unix seconds, with decimals to the microsecond. Left out: now');

export const eventProperties = z
  .record(z.string(), z.unknown())
  .refine((value) => isStorableJson(value), 'value_is_invalid')
  .nullish();
