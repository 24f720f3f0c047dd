import { type Node, grammar } from 'ohm-js';
import { type Expression, ExpressionError, type ListingFunction, type Step } from './expression.ts';
import type { RoundingFunction } from './rounding.ts';

/** Characters of an expression: its parsing stays below some milliseconds. */
const LENGTH_MAX = 2_000;
/** Parentheses within parentheses: each level takes some of the call stack. */
const DEPTH_MAX = 50;
/** Expressions that are kept parsed. */
const PARSED_MAX = 1_000;

// Rules with a capital skip spaces between their parts, the others do not. Every character is taken as it is: neither are names converted to
// lower case, as Postgres does, nor is there any white space but the space.
const rules = grammar(String.raw`
  Expression {
    Sum = Product (addition Product)*
    Product = Atom (multiplication Atom)*
    Atom = "-" Primary  -- negated
         | Primary
    Primary = Call | variable | decimal | text | "(" Sum ")"  -- enclosed
    Call = rounding "(" Sum ("," Sum)? ")"  -- rounding
         | listing "(" Sum ("," Sum)* ")"   -- listing

    rounding (a function) = "ceil" | "CEIL" | "Ceil" | "floor" | "FLOOR" | "Floor" | "round" | "ROUND" | "Round"
    listing (a function) = "concat" | "CONCAT" | "Concat" | "least" | "LEAST" | "Least" | "greatest" | "GREATEST" | "Greatest"
    variable = "event.code"              -- code
             | "event.timestamp"         -- timestamp
             | "event.properties." name  -- property
    name = asciiLetter (asciiLetter | digit | "_")*
    asciiLetter = "a".."z" | "A".."Z"
    decimal = digit+ ("." digit+)?
    text = "'" (~"'" any)* "'"
    addition = "+" | "-"
    multiplication = "*" | "/"
    space := " "
  }`);

const read = (node: Node): Expression => node['read']() as Expression;

const steps = (first: Node, operators: Node, operands: Node): Expression => {
  const rest = operators.children.map((operator, n): Step => {
    const operand = operands.children[n] as Node;
    return { operator: operator.sourceString as Step['operator'], operand: read(operand) };
  });
  return rest.length === 0 ? read(first) : { kind: 'steps', first: read(first), rest };
};

const semantics = rules.createSemantics().addOperation<Expression>('read', {
  Sum: steps,
  Product: steps,
  Atom_negated: (_minus, operand) => ({ kind: 'negation', operand: read(operand) }),
  Primary_enclosed: (_open, inner, _close) => read(inner),
  Call_rounding: (name, _open, value, _comma, digits, _close) => ({
    kind: 'rounding',
    name: name.sourceString.toLowerCase() as RoundingFunction,
    value: read(value),
    ...(digits.children[0] && { digits: read(digits.children[0]) }),
  }),
  Call_listing: (name, _open, first, _commas, others, _close) => ({
    kind: 'listing',
    name: name.sourceString.toLowerCase() as ListingFunction,
    operands: [first, ...others.children].map(read),
  }),
  variable_code: (_) => ({ kind: 'code' }),
  variable_timestamp: (_) => ({ kind: 'timestamp' }),
  variable_property: (_prefix, name) => ({ kind: 'property', name: name.sourceString }),
  decimal(_whole, _point, _decimals) {
    return { kind: 'decimal', text: this.sourceString };
  },
  text: (_open, characters, _close) => ({ kind: 'text', text: characters.sourceString }),
});

/** Parsed before: an expression is evaluated for each event, and there are few of them. */
const parsed = new Map<string, Expression>();

/** @throws ExpressionError when it is none, with the position at which it went wrong. */
export function parseExpression(text: string): Expression {
  const known = parsed.get(text);
  if (known) return known;
  const expression = parse(text);
  if (parsed.size >= PARSED_MAX) parsed.delete(parsed.keys().next().value as string);
  parsed.set(text, expression);
  return expression;
}

/** What is wrong with it, and where; undefined when nothing is. */
export function findSyntaxError(text: string): string | undefined {
  try {
    parseExpression(text);
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return error.message;
    throw error;
  }
}

function parse(text: string): Expression {
  if (text.length > LENGTH_MAX) throw new ExpressionError(`longer than ${LENGTH_MAX} characters`);
  const tooDeep = findTooDeep(text);
  if (tooDeep >= 0) throw new ExpressionError(`position ${tooDeep}: more than ${DEPTH_MAX} parentheses within another`);
  const match = rules.match(text);
  if (match.failed())
    throw new ExpressionError(`position ${match.getRightmostFailurePosition()}: expected ${match.getExpectedText()}`);
  return read(semantics(match) as unknown as Node);
}

/** The position of the first parenthesis that is nested too deeply; -1 without one. Those in texts do not count. */
function findTooDeep(text: string): number {
  let depth = 0;
  let isInText = false;
  for (let position = 0; position < text.length; position++) {
    const character = text[position];
    if (character === "'") isInText = !isInText;
    else if (isInText) continue;
    else if (character === '(' && ++depth > DEPTH_MAX) return position;
    else if (character === ')') depth--;
  }
  return -1;
}
