import type { Event } from '../events/event.ts';
import { Decimal as Base, toWireDecimal } from '../money/decimal.ts';
import { type RoundingFunction, roundUnits } from './rounding.ts';

export type ListingFunction = 'concat' | 'least' | 'greatest';

/** What a metric computes of each event, as a tree: nothing else can be in it than what is listed here. */
export type Expression =
  | { readonly kind: 'decimal'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'code' }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'negation'; readonly operand: Expression }
  /** From left to right, all of one precedence. A list, not a tree of pairs: so a long sum is not a deep one. */
  | { readonly kind: 'steps'; readonly first: Expression; readonly rest: readonly Step[] }
  | {
      readonly kind: 'rounding';
      readonly name: RoundingFunction;
      readonly value: Expression;
      readonly digits?: Expression;
    }
  | { readonly kind: 'listing'; readonly name: ListingFunction; readonly operands: readonly Expression[] };

export interface Step {
  readonly operator: '+' | '-' | '*' | '/';
  readonly operand: Expression;
}

/** The expression cannot be parsed, or not be evaluated for an event. The message says what is wrong, and where. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

/** The parts of an event that an expression can name. */
export type ExpressionEvent = Pick<Event, 'code' | 'timestamp' | 'properties'>;

/** A number, and how many decimals it is written with: they show where it becomes part of a text, `1.50`. */
interface Quantity {
  readonly value: Base;
  readonly scale: number;
}
type Value = Quantity | string;

/** Digits of a number before its point, and after. Far more than any usage has, and few enough that nothing takes long. */
const DIGITS_MAX = 1_000;
/** Characters of a text that is put together. */
const TEXT_MAX = 65_536;
const QUOTIENT_DIGITS = 100;

/** Exact for every sum and product of numbers within the limits. */
const Decimal = Base.clone({ precision: 4 * DIGITS_MAX });
const Quotient = Base.clone({ precision: QUOTIENT_DIGITS });

/** The result for one event, as it is stored: a number in plain notation with at least one decimal, or a text. @throws ExpressionError */
export function evaluateExpression(expression: Expression, event: ExpressionEvent): string {
  const result = evaluate(expression, event);
  return typeof result === 'string' ? result : toWireDecimal(result.value);
}

function evaluate(expression: Expression, event: ExpressionEvent): Value {
  switch (expression.kind) {
    case 'decimal':
      return quantity(new Decimal(expression.text), expression.text.split('.')[1]?.length ?? 0);
    case 'text':
      return expression.text;
    case 'code':
      return event.code;
    case 'timestamp':
      return quantity(new Decimal(Math.trunc(Date.parse(event.timestamp) / 1000)), 0);
    case 'property':
      return readProperty(event.properties, expression.name);
    case 'negation': {
      const { value, scale } = number(evaluate(expression.operand, event));
      return quantity(value.negated(), scale);
    }
    case 'steps':
      return expression.rest.reduce<Value>(
        (left, { operator, operand }) => compute(operator, number(left), number(evaluate(operand, event))),
        number(evaluate(expression.first, event)),
      );
    case 'rounding': {
      const { value } = number(evaluate(expression.value, event));
      const digits = expression.digits ? number(evaluate(expression.digits, event)).value.trunc() : new Decimal(0);
      return round(expression.name, value, digits);
    }
    case 'listing': {
      const values = expression.operands.map((operand) => evaluate(operand, event));
      if (expression.name === 'concat') return concatenate(values);
      const isBefore = expression.name === 'least' ? 'lt' : 'gt';
      return values.map(number).reduce((best, other) => (other.value[isBefore](best.value) ? other : best));
    }
  }
}

/** The texts of nested properties, which an expression may name again and again. */
const nestedTexts = new WeakMap<object, string>();

function textOf(property: unknown): string {
  if (typeof property !== 'object' || property === null) return String((property ?? '') as string | number | boolean);
  let text = nestedTexts.get(property);
  if (text === undefined) nestedTexts.set(property, (text = JSON.stringify(property)));
  return text;
}

const NUMBER = /^[+-]?(?:\d+(?:\.(\d*))?|\.(\d+))(?:e([+-]?\d{1,9}))?$/i;

/** What reads as a number is one. */
function readProperty(properties: ExpressionEvent['properties'], name: string): Value {
  if (!Object.hasOwn(properties, name)) throw new ExpressionError(`Variable: ${name} not found`);
  const text = textOf(properties[name]);
  const match = text.length <= 2 * DIGITS_MAX ? NUMBER.exec(text) : null;
  if (!match) return text;
  const value = new Decimal(text.replace('+', ''));
  const [, decimals, onlyDecimals, exponent = '0'] = match;
  const scale = (decimals ?? onlyDecimals ?? '').length - Number(exponent);
  // An identifier like 12e456789 looks like a number that nobody could compute with.
  return isInRange(value, scale) ? { value, scale: Math.max(scale, 0) } : text;
}

function number(value: Value): Quantity {
  if (typeof value === 'string') throw new ExpressionError('Expected a decimal');
  return value;
}

const isInRange = (value: Base, scale: number): boolean =>
  value.e < DIGITS_MAX && scale <= DIGITS_MAX && value.decimalPlaces() <= DIGITS_MAX;

function quantity(value: Base, scale: number): Quantity {
  if (!isInRange(value, scale)) throw new ExpressionError('Number out of range');
  return { value, scale: Math.max(scale, value.decimalPlaces()) };
}

function compute(operator: Step['operator'], left: Quantity, right: Quantity): Quantity {
  switch (operator) {
    case '+':
      return quantity(left.value.plus(right.value), Math.max(left.scale, right.scale));
    case '-':
      return quantity(left.value.minus(right.value), Math.max(left.scale, right.scale));
    case '*':
      return quantity(left.value.times(right.value), left.scale + right.scale);
    case '/':
      if (right.value.isZero()) throw new ExpressionError('Division by zero');
      return quantity(new Decimal(Quotient.div(left.value, right.value)), left.scale - right.scale);
  }
}

function round(name: RoundingFunction, value: Base, digits: Base): Quantity {
  if (digits.abs().gt(DIGITS_MAX)) throw new ExpressionError('Number out of range');
  const rounding_precision = digits.toNumber();
  return quantity(roundUnits(value, { rounding_function: name, rounding_precision }), rounding_precision);
}

function concatenate(values: readonly Value[]): string {
  const texts = values.map((value) => (typeof value === 'string' ? value : value.value.toFixed(value.scale)));
  if (texts.reduce((length, text) => length + text.length, 0) > TEXT_MAX) throw new ExpressionError('Text too long');
  return texts.join('');
}
