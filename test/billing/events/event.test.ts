import assert from 'node:assert/strict';
import fc from 'fast-check';
import { findRepetitions, isStorableJson, parsePreciseAmount, parseTimestamp } from '../../../billing/events/event.ts';

describe('the timestamp of an event', () => {
  const cases: [text: string, expected: string | undefined][] = [
    ['0', '1970-01-01T00:00:00.000000Z'],
    ['1651240791.123', '2022-04-29T13:59:51.123000Z'],
    ['1651240791.000001', '2022-04-29T13:59:51.000001Z'],
    ['1651240791.9999999', '2022-04-29T13:59:51.999999Z'],
    ['-0.000001', '1969-12-31T23:59:59.999999Z'],
    ['-62135596800', '0001-01-01T00:00:00.000000Z'],
    ['-62135596801', undefined],
    ['253402300799.999999', '9999-12-31T23:59:59.999999Z'],
    ['253402300800', undefined],
    ['2022-04-29T08:59:51Z', undefined],
    ['', undefined],
    [' 1', undefined],
    ['+1', undefined],
    ['1e9', undefined],
    ['1.', undefined],
    ['.5', undefined],
    ['NaN', undefined],
    ['0x10', undefined],
  ];
  for (const [text, expected] of cases)
    it(`reads ${JSON.stringify(text)} as ${expected ?? 'an error'}`, () =>
      assert.equal(parseTimestamp(text), expected));

  it('keeps every microsecond, and the order of time', () => {
    const seconds = fc.integer({ min: -62135596800, max: 253402300798 });
    const microseconds = fc.integer({ min: 0, max: 999_999 });
    fc.assert(
      fc.property(seconds, microseconds, (whole, parts) => {
        const digits = String(parts).padStart(6, '0');
        // Below zero the decimals count away from it.
        const text =
          whole < 0 && parts > 0
            ? `-${-whole - 1}.${String(1_000_000 - parts).padStart(6, '0')}`
            : `${whole}.${digits}`;
        const expected = new Date(whole * 1000).toISOString().replace('.000Z', `.${digits}Z`);
        assert.equal(parseTimestamp(text), expected);
      }),
    );
  });
});

describe('the amount that an event carries', () => {
  const cases: [text: string, expected: string | undefined][] = [
    ['1234.56', '1234.56'],
    ['-5', '-5'],
    ['+5', '5'],
    ['0.0000000000000005', '0.000000000000001'],
    ['9999999999999999999999999.4', '9999999999999999999999999.4'],
    ['9999999999999999999999999.9999999999999999', undefined],
    ['1e3', undefined],
    ['', undefined],
    ['12,5', undefined],
  ];
  for (const [text, expected] of cases)
    it(`reads ${JSON.stringify(text)} as ${expected ?? 'an error'}`, () =>
      assert.equal(parsePreciseAmount(text), expected));
});

describe('the properties of an event', () => {
  it('are stored if Postgres can store them', () => {
    assert.equal(isStorableJson({ a: [1, 'text', null, true, { b: '\u{1f600}' }] }), true);
    assert.equal(isStorableJson({ a: ['\0'] }), false);
    assert.equal(isStorableJson({ '\ud800': 1 }), false);
    assert.equal(isStorableJson({ a: 'half \udc00' }), false);
  });

  it('are not nested without end', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
    assert.equal(isStorableJson(nested(64)), true);
    assert.equal(isStorableJson(nested(65)), false);
  });
});

describe('events sent together', () => {
  it('repeat a transaction id from its second appearance on', () => {
    const ids = ['a', 'b', 'a', 'c', 'b', 'a'];
    assert.deepEqual(findRepetitions(ids.map((transaction_id) => ({ transaction_id }))), [2, 4, 5]);
    assert.deepEqual(findRepetitions([]), []);
  });
});
