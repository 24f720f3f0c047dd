import { z } from 'zod';
import { isTimeZone } from '../../billing/clock/calendar.ts';
import { type Instant, parseInstant, toWireSeconds } from '../../billing/clock/instant.ts';
import { isCountry } from '../../billing/customers/countries.ts';
import { isLocale } from '../../billing/customers/locales.ts';
import { isCurrency } from '../../billing/money/currency.ts';
import { type ErrorDetails, notFound } from '../../billing/errors.ts';
import { BILLING_ENTITY_CODE } from '../../billing/organizations/billing-entity.ts';

// In this file, and in the contracts built from it, the message of an issue is the code that the caller is told.

/** The code of an issue whose schema names none: mandatory if nothing was sent, out of range or length, else invalid. */
export function codeOfIssue(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined || issue.input === null) return 'value_is_mandatory';
  if (issue.code === 'too_big') return issue['origin'] === 'string' ? 'value_is_too_long' : 'value_is_out_of_range';
  if (issue.code === 'too_small') return issue['origin'] === 'string' ? 'value_is_too_short' : 'value_is_out_of_range';
  return 'value_is_invalid';
}

/** Issues by the last name in their path; each code once. */
export function detailsOf(issues: readonly z.core.$ZodIssue[]): ErrorDetails {
  const details: Record<string, string[]> = {};
  for (const { path, message } of issues) {
    const field = path.findLast((segment) => typeof segment === 'string') ?? 'base';
    const codes = (details[field as string] ??= []);
    if (!codes.includes(message)) codes.push(message);
  }
  return details;
}

/** The same for a body that is a list: `{ "1": { "code": ["value_is_mandatory"] } }`. What is wrong with the list itself goes first, by its name. */
export function detailsByPosition(issues: readonly z.core.$ZodIssue[]): ErrorDetails {
  const positionOf = ({ path }: z.core.$ZodIssue): PropertyKey | undefined =>
    path.find((segment) => typeof segment === 'number');
  const whole = issues.filter((issue) => positionOf(issue) === undefined);
  if (whole.length > 0) return detailsOf(whole);
  const byPosition = Map.groupBy(issues, positionOf);
  return Object.fromEntries([...byPosition].map(([position, own]) => [position, detailsOf(own)])) as ErrorDetails;
}

/** Postgres stores every character but this one. */
const NUL = '\u0000';

/** Any text, also an empty one. */
export const text = z.string().refine((value) => !value.includes(NUL), 'value_is_invalid');

/** A text that is there and not blank. */
export const mandatoryText = text.refine((value) => value.trim() !== '', 'value_is_mandatory');

/** Absent: no change. Null: cleared. */
export const optionalText = text.nullish();

export const cents = z
  .int()
  .min(0, 'value_is_out_of_range')
  .meta({ description: 'In the smallest unit of the currency' });

/** A whole number of days. */
export const days = z.int().min(0, 'value_is_out_of_range').max(36_500, 'value_is_out_of_range');

const DECIMAL = /^-?\d{1,20}(\.\d{1,20})?$/;

/** A decimal as text or as a JSON number; read as text. */
export const decimal = z
  .union([z.string(), z.number()], {
    error: ({ input }) => (input === undefined || input === null ? 'value_is_mandatory' : 'value_is_invalid'),
  })
  .transform((value) => (typeof value === 'number' ? plainText(value) : value.trim()))
  .refine((value) => DECIMAL.test(value), 'value_is_invalid');

/** A decimal of 0 or more. */
export const positiveDecimal = decimal.refine((value) => !value.startsWith('-'), 'value_is_out_of_range');

/** `1e-7` as `0.0000001`: the shortest text that reads back as the same number, without an exponent. */
function plainText(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  return value.toFixed(20).replace(/\.?0+$/, '');
}

export const currency = z
  .string()
  .refine(isCurrency, 'value_is_invalid')
  .meta({ description: 'ISO 4217 code', examples: ['EUR'] });

export const timezone = z
  .string('invalid_timezone')
  .refine(isTimeZone, 'invalid_timezone')
  .meta({ description: 'IANA name', examples: ['Europe/Paris'] });

/** Upper-cased. An empty text clears it. */
export const country = z
  .string('not_a_valid_country_code')
  .transform((value) => value.trim().toUpperCase() || null)
  .refine((value) => value === null || isCountry(value), 'not_a_valid_country_code')
  .meta({ description: 'ISO 3166-1 alpha-2 code', examples: ['FR'] });

export const locale = z
  .string('not_a_valid_language_code')
  .refine(isLocale, 'not_a_valid_language_code')
  .meta({ description: 'Language of documents', examples: ['en'] });

const EMAIL = /^[^\s@,;<>\u0000]+@[^\s@,;<>\u0000]+\.[^\s@,;<>\u0000]+$/;

/** One address, or several with commas between them. */
export const emails = z
  .string('invalid_email_format')
  .max(1000, 'invalid_email_format')
  .refine(
    (value) => value.trim() === '' || value.split(',').every((one) => EMAIL.test(one.trim())),
    'invalid_email_format',
  );

export const url = z
  .string('url_is_invalid')
  .max(2000, 'url_is_invalid')
  .refine((value) => /^https?:$/.test(URL.parse(value)?.protocol ?? ''), 'url_is_invalid');

/** An ISO 8601 date-time, read as an instant. */
export const instant = z
  .string('invalid_date')
  .transform((value, context): Instant => {
    const parsed = parseInstant(value);
    // Postgres holds years of four digits as we write them, from 1 on; anything else is a typing error.
    if (parsed !== undefined && /^(?!0000)\d{4}-/.test(parsed)) return parsed;
    context.issues.push({ code: 'custom', message: 'invalid_date', input: value });
    return z.NEVER;
  })
  .meta({ format: 'date-time' });

/** `2026-01-31`. */
export const date = z
  .string('invalid_date')
  .refine((value) => /^\d{4}-\d{2}-\d{2}$/.test(value) && parseInstant(value) !== undefined, 'invalid_date')
  .meta({ format: 'date' });

/** There is one, which is what is meant where none is named. @throws `billing_entity_not_found` */
export const billingEntityCode = z
  .string()
  .transform((code) => {
    if (code !== BILLING_ENTITY_CODE) throw notFound('billing_entity');
    return code;
  })
  .meta({ examples: [BILLING_ENTITY_CODE] });

export const taxCodes = z.array(z.string()).max(100, 'value_is_too_long').nullish();

/** `?flag=true`. */
export const queryFlag = z
  .string()
  .refine((value) => value === 'true' || value === 'false', 'value_is_invalid')
  .transform((value) => value === 'true')
  .meta({ type: 'boolean' });

/** What is no date does not filter. */
export const queryDate = z
  .string()
  .transform((value) => date.safeParse(value).data)
  .optional()
  .meta({ format: 'date' });

/** `?amount_from=1000`. */
export const queryInteger = z
  .string()
  .regex(/^-?\d{1,15}$/, 'value_is_invalid')
  .transform(Number)
  .meta({ type: 'integer' });

/** `?name[]=a&name[]=b`: one or several, read as a list. Give it the name with its brackets. */
export function queryList<T extends z.ZodType>(item: T): z.ZodType<z.output<T>[]> {
  return z.preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(item).max(1000));
}

// What answers are made of.

export const id = z.uuid();
export const wireInstant = z.string().meta({ format: 'date-time' });
export const wireDate = z.string().meta({ format: 'date' });
/** Plain notation with at least one decimal digit. */
export const wireDecimal = z.string().meta({ examples: ['10.0'] });

/** A nullable instant as the wire shows it. */
export function toWireInstant(at: Instant): string;
export function toWireInstant(at: Instant | null): string | null;
export function toWireInstant(at: Instant | null): string | null {
  return at && toWireSeconds(at);
}
