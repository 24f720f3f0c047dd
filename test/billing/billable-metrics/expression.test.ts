import assert from 'node:assert/strict';
import fc from 'fast-check';
import { withComputedProperty } from '../../../billing/billable-metrics/computed-property.ts';
import { ExpressionError, evaluateExpression } from '../../../billing/billable-metrics/expression.ts';
import { parseExpression } from '../../../billing/billable-metrics/expression-parser.ts';

const NESTED = { list: [1, null] };
const event = {
  code: 'calls',
  timestamp: '2022-04-29T13:59:51.999999Z',
  properties: {
    a: '1.50',
    b: 2,
    float: 10.4,
    agent: '007',
    thousand: '1e3',
    small: '12E-1',
    signed: '+5',
    bare: '.5',
    trailing: '5.',
    zero: '0',
    hash: '12e456789',
    long: '9'.repeat(3000),
    text: 'x y',
    blank: '',
    spaced: ' 5',
    nothing: null,
    yes: true,
    nested: NESTED,
    userId: 'u1',
    end: 3,
    code: 'not the code',
  } as Record<string, unknown>,
};
const evaluate = (text: string, of = event): string => evaluateExpression(parseExpression(text), of);

describe('an expression', () => {
  const results: [expression: string, result: string][] = [
    ['1', '1.0'],
    ['1.50', '1.5'],
    ['1 + 2 * 3 - 4 / 2', '5.0'],
    ['10 - 3 - 2', '5.0'],
    ['24 / 4 / 2', '3.0'],
    ['2 * -3', '-6.0'],
    ['1 - -1', '2.0'],
    ['- 1', '-1.0'],
    ['-(-1)', '1.0'],
    ['-(0)', '0.0'],
    ['0.1 + 0.2', '0.3'],
    ['123456789012345678901234567890.5 * 3', '370370367037037036703703703671.5'],
    [' ( ( 1+ 2)*2 ) /3 ', '2.0'],
    ['round (1.5)', '2.0'],
    ['event.properties.a', '1.5'],
    ['event.properties.a + event.properties.b', '3.5'],
    ['((event.properties.a + event.properties.b) * 2) / 3', `2.${'3'.repeat(99)}`],
    ['round(event.properties.float * event.properties.b)', '21.0'],
    ['event.properties.agent', '7.0'],
    ['event.properties.thousand', '1000.0'],
    ['event.properties.small', '1.2'],
    ['event.properties.signed + event.properties.bare + event.properties.trailing', '10.5'],
    ['event.properties.end', '3.0'],
    ['event.properties.userId', 'u1'],
    ['event.properties.text', 'x y'],
    ['event.properties.spaced', ' 5'],
    ['event.properties.nothing', ''],
    ['event.properties.yes', 'true'],
    ['event.properties.nested', '{"list":[1,null]}'],
    ['event.properties.hash', '12e456789'],
    ['event.properties.long', '9'.repeat(3000)],
    ['event.code', 'calls'],
    ['event.properties.code', 'not the code'],
    ['event.timestamp', '1651240791.0'],
    ['event.timestamp - 1651240790', '1.0'],
    ["'2'", '2'],
    ["''", ''],
    ["'say \"(((\n\t--'", 'say "(((\n\t--'],
    ['round(12.5)', '13.0'],
    ['round(-12.5)', '-13.0'],
    ['round(12.345, 2)', '12.35'],
    ['round(155, -1)', '160.0'],
    ['round(1, -3)', '0.0'],
    ['round(12.345, 1.9)', '12.3'],
    ['round(12.345, event.properties.b - 1)', '12.3'],
    ['ceil(12.351, 1)', '12.4'],
    ['ceil(-12.351, 1)', '-12.3'],
    ['ceil(1, -2)', '100.0'],
    ['floor(12.351, 1)', '12.3'],
    ['floor(-12.351)', '-13.0'],
    ['floor(199, -2)', '100.0'],
    ['CEIL(1.1) + Ceil(1.1) + FLOOR(1.1) + Floor(1.1) + ROUND(1.1) + Round(1.1)', '8.0'],
    ['least(3, 1, 2)', '1.0'],
    ['Greatest(3, LEAST(10, 5), 2)', '5.0'],
    ['greatest(1)', '1.0'],
    ["concat(event.properties.userId, '-', event.code)", 'u1-calls'],
    ['concat(1)', '1'],
    ['concat(event.properties.a)', '1.50'],
    ['concat(event.properties.agent)', '7'],
    ['concat(event.properties.thousand)', '1000'],
    ['CONCAT(1.50 + 1, Concat(1.0 * 2.00), 6.00 / 3)', '2.502.0002.00'],
    ['concat(1 / 4)', '0.25'],
    ['concat(10.50 / 0.1)', '105.0'],
    ['concat(round(1.5), round(1.5, 3), round(15, -1), ceil(1.10, 1))', '21.500201.1'],
    ['concat(-(1.0), least(1.10, 2))', '-1.01.10'],
    ["concat('1', '2')", '12'],
    ['concat(event.timestamp)', '1651240791'],
    ['concat(event.properties.nothing, event.properties.yes)', 'true'],
  ];
  for (const [text, result] of results)
    it(`${text} is ${result.slice(0, 40)}`, () => assert.equal(evaluate(text), result));

  const refused: [expression: string, position: number][] = [
    ['', 0],
    ['invalid_expression', 0],
    ['value', 0],
    ['properties.a', 0],
    ['1 +', 3],
    ['+1', 0],
    ['--1', 1],
    ['-(--1)', 3],
    ['1 2', 2],
    ['1.', 2],
    ['.5', 0],
    ['1e3', 1],
    ['1 % 2', 2],
    ['2 ^ 2', 2],
    ['1 = 1', 2],
    ['1 < 2', 2],
    ['true', 0],
    ['"a"', 0],
    ["'a", 2],
    ["'it''s'", 4],
    ['(1', 2],
    ['1)', 1],
    ['()', 1],
    ['1\t+ 1', 1],
    ['1 +\n1', 3],
    ['1 -- 1 is a comment', 7],
    ['case when 1 then 2 end', 0],
    ['rOUND(1)', 0],
    ['abs(1)', 0],
    ['round()', 6],
    ['round(1, 2, 3)', 10],
    ['round 1', 6],
    ['concat()', 7],
    ["concat('a',)", 11],
    ['event', 0],
    ['event.transaction_id', 0],
    ['event.codes', 10],
    ['event. code', 0],
    ['event.properties', 0],
    ['event.properties.', 17],
    ['event.properties.a.b', 18],
    ['event.properties.a-b', 19],
    ['event.properties._a', 17],
    ['event.properties.__proto__', 17],
    ['event.properties.1a', 17],
    ['event.properties.é', 17],
    ["event.properties['a']", 0],
    ['Event.code', 0],
  ];
  for (const [text, position] of refused)
    it(`is not ${JSON.stringify(text)}, and the error says where`, () => {
      assert.throws(
        () => parseExpression(text),
        (error: Error) => {
          assert.ok(error instanceof ExpressionError);
          assert.match(error.message, new RegExp(`^position ${position}: expected `));
          return true;
        },
      );
    });

  it('is no longer than 2,000 characters and no deeper than 50 parentheses', () => {
    const nested = (depth: number): string => '('.repeat(depth) + '1' + ')'.repeat(depth);
    assert.equal(evaluate(nested(50)), '1.0');
    assert.throws(() => parseExpression(nested(51)), {
      message: 'position 50: more than 50 parentheses within another',
    });
    assert.throws(() => parseExpression(nested(900)), ExpressionError);
    assert.equal(evaluate(`${'1+'.repeat(999)}1`), '1000.0');
    assert.equal(evaluate(`'${'('.repeat(1998)}'`).length, 1998);
    assert.throws(() => parseExpression(`${'1+'.repeat(1000)}1`), { message: 'longer than 2000 characters' });
  });

  const failures: [expression: string, message: string][] = [
    ['event.properties.c', 'Variable: c not found'],
    ['1 + event.properties.c', 'Variable: c not found'],
    ["concat('a', event.properties.A)", 'Variable: A not found'],
    ...['constructor', 'toString', 'hasOwnProperty', 'valueOf'].map((name): [string, string] => [
      `event.properties.${name}`,
      `Variable: ${name} not found`,
    ]),
    ["'2' + 1", 'Expected a decimal'],
    ["1 + '2'", 'Expected a decimal'],
    ["-'2'", 'Expected a decimal'],
    ['event.code * 2', 'Expected a decimal'],
    ['concat(1) + 1', 'Expected a decimal'],
    ['event.properties.text * 2', 'Expected a decimal'],
    ['event.properties.blank * 2', 'Expected a decimal'],
    ['event.properties.spaced * 2', 'Expected a decimal'],
    ['event.properties.nothing * 2', 'Expected a decimal'],
    ['event.properties.yes * 2', 'Expected a decimal'],
    ['event.properties.hash * 2', 'Expected a decimal'],
    ['event.properties.long * 2', 'Expected a decimal'],
    ["round('1')", 'Expected a decimal'],
    ["round(1, '1')", 'Expected a decimal'],
    ["least(1, '0')", 'Expected a decimal'],
    ["least('0')", 'Expected a decimal'],
    ['1 / 0', 'Division by zero'],
    ['1 / event.properties.zero', 'Division by zero'],
    ['0 / (1 - 1.0)', 'Division by zero'],
    ['round(1, 1001)', 'Number out of range'],
    ['round(1, -1001)', 'Number out of range'],
    [`${'9'.repeat(600)} * ${'9'.repeat(600)}`, 'Number out of range'],
    [`0.${'0'.repeat(600)}1 * 0.${'0'.repeat(600)}1`, 'Number out of range'],
    ['9'.repeat(1001), 'Number out of range'],
  ];
  for (const [text, message] of failures)
    it(`${text.slice(0, 60)} fails: ${message}`, () =>
      assert.throws(
        () => evaluate(text),
        (error: Error) => error instanceof ExpressionError && error.message === message,
      ));

  it('puts together no text without end', () => {
    const properties = { t: 'x'.repeat(30_000) };
    assert.equal(evaluate('concat(event.properties.t, event.properties.t)', { ...event, properties }).length, 60_000);
    const thrice = 'concat(event.properties.t, event.properties.t, event.properties.t)';
    assert.throws(() => evaluate(thrice, { ...event, properties }), { message: 'Text too long' });
  });

  it('is parsed once', () => {
    assert.equal(parseExpression('1 + 41'), parseExpression('1 + 41'));
  });
});

describe('a computed property', () => {
  it('takes the place of one that was sent, and leaves the event as it was', () => {
    const sent = { ...event, properties: { a: '2', value: 'sent' } };
    const { properties } = withComputedProperty(sent, { field_name: 'value', expression: 'event.properties.a * 2' });
    assert.deepEqual(properties, { a: '2', value: '4.0' });
    assert.deepEqual(sent.properties, { a: '2', value: 'sent' });
  });

  it('may itself be what it is computed of', () => {
    const sent = { ...event, properties: { value: 3 } };
    const { properties } = withComputedProperty(sent, {
      field_name: 'value',
      expression: 'event.properties.value / 2',
    });
    assert.deepEqual(properties, { value: '1.5' });
  });

  it('of a metric that counts is nowhere to be put', () => {
    assert.equal(withComputedProperty(event, { field_name: null, expression: '1' }), event);
    assert.throws(
      () => withComputedProperty(event, { field_name: null, expression: 'event.properties.c' }),
      ExpressionError,
    );
  });

  it('can have any name', () => {
    const { properties } = withComputedProperty(event, { field_name: '__proto__', expression: '1' });
    assert.equal(Object.getPrototypeOf(properties), Object.prototype);
    assert.equal(Object.getOwnPropertyDescriptor(properties, '__proto__')?.value, '1.0');
  });
});

/** A sum, difference, product or quotient as a fraction of whole numbers, and as text. */
interface Fraction {
  readonly text: string;
  readonly top: bigint;
  readonly bottom: bigint;
}

const decimal: fc.Arbitrary<Fraction> = fc
  .tuple(fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.integer({ min: 0, max: 6 }))
  .map(([digits, scale]) => {
    const text = String(digits).padStart(scale + 1, '0');
    const point = text.length - scale;
    return {
      text: scale === 0 ? text : `${text.slice(0, point)}.${text.slice(point)}`,
      top: digits,
      bottom: 10n ** BigInt(scale),
    };
  });

const { sum } = fc.letrec<{ sum: Fraction; product: Fraction; atom: Fraction }>((tie) => {
  const joined = (operands: fc.Arbitrary<Fraction>, operators: string, join: (left: Fraction, operator: string, right: Fraction) => Fraction) =>
    fc
      .tuple(operands, fc.array(fc.tuple(fc.constantFrom(...operators), operands), { maxLength: 3 }))
      .map(([first, rest]) =>
        rest.reduce((left, [operator, right]) => ({ ...join(left, operator, right), text: `${left.text} ${operator}${right.text}` }), first),
      );
  return {
    atom: fc.oneof({ maxDepth: 2 }, decimal, tie('sum').map((inner) => ({ ...inner, text: `(${inner.text})` })), tie('sum').map(({ text, top, bottom }) => ({ text: `-(${text})`, top: -top, bottom }))),
    product: joined(tie('atom'), '*', (a, _, b) => ({ text: '', top: a.top * b.top, bottom: a.bottom * b.bottom })),
    sum: joined(tie('product'), '+-', (a, operator, b) => ({
      text: '',
      top: a.top * b.bottom + (operator === '+' ? 1n : -1n) * b.top * a.bottom,
      bottom: a.bottom * b.bottom,
    })),
  };
}); // prettier-ignore

describe('expressions, whatever they are', () => {
  it('compute exactly what whole numbers would', () => {
    fc.assert(
      fc.property(sum, ({ text, top, bottom }) => {
        fc.pre(text.length < 2_000 && String(bottom).length < 900);
        const [whole = '', decimals = ''] = evaluate(text).split('.');
        assert.equal(BigInt(whole + decimals) * bottom, top * 10n ** BigInt(decimals.length), text);
      }),
      { numRuns: 300 },
    );
  });

  const token = fc.constantFrom(
    ...['+', '-', '*', '/', '(', ')', ',', '.', "'", ' ', '  ', '\t', '1', '0', '1.50', '007', '9e9', "'a'", 'event.code', 'event.timestamp'],
    ...['event.properties.', 'event.properties.a', 'event.properties.text', 'event.properties.constructor', 'event.properties.nested'],
    ...['round(', 'CEIL(', 'Floor(', 'concat(', 'least(', 'greatest(', 'round', '__proto__', 'this', '${1}', '\0', '\ud800', '*1/0'],
  ); // prettier-ignore
  const texts = fc.oneof(
    fc.string({ maxLength: 100, unit: 'binary' }),
    fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join('')),
    fc.array(token, { maxLength: 20 }).map((tokens) => `concat(${tokens.join(',')})`),
    fc.tuple(fc.nat(300), token).map(([times, text]) => text.repeat(times)),
  );
  const properties = fc.dictionary(
    fc.constantFrom('a', 'text', 'nested', 'constructor', '__proto__', 'toString'),
    fc.oneof(
      fc.jsonValue(),
      fc.constantFrom('1e999', '1e-999', '1e999999999', '-1e-999999999', '0e999999999', '9'.repeat(5000)),
    ),
  );

  it('give a text or say what is wrong, in no time', () => {
    fc.assert(
      fc.property(texts, properties, fc.string(), (text, properties, code) => {
        const before = performance.now();
        try {
          assert.equal(typeof evaluate(text, { ...event, code, properties }), 'string');
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error;
        }
        assert.ok(performance.now() - before < 5_000, `${text} takes long`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('see no more of an event than its code, its time and its own properties', () => {
    const names = Object.getOwnPropertyNames(Object.prototype).filter((name) => /^[A-Za-z]/.test(name));
    for (const name of names)
      assert.throws(() => evaluate(`event.properties.${name}`), { message: `Variable: ${name} not found` });
  });
});
