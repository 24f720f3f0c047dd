import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromMilliseconds, type Instant } from '../../../billing/clock/instant.ts';
import { wholeSpans } from '../../../billing/usage/whole-spans.ts';

const day = (time: string): Instant => `2026-03-${time}:00.000Z`;

describe('the whole hours and days of a window', () => {
  const cases: [fact: string, from: Instant | null, to: Instant, spans: (Instant | null)[]][] = [
    ['a month of UTC is whole days', day('01T00:00'), day('31T00:00'), [day('01T00:00'), day('01T00:00'), day('31T00:00'), day('31T00:00')]],
    ['a month elsewhere has hours at both ends', day('01T05:00'), day('31T05:00'), [day('01T05:00'), day('02T00:00'), day('31T00:00'), day('31T05:00')]],
    ['where hours are not whole, they begin later and end earlier', day('01T05:30'), day('03T04:45'), [day('01T06:00'), day('02T00:00'), day('03T00:00'), day('03T04:00')]],
    ['less than a day has hours only', day('01T05:00'), day('02T05:00'), [day('01T05:00'), day('02T05:00'), day('02T05:00'), day('02T05:00')]],
    ['two halves of an hour are no whole one', day('01T05:30'), day('01T06:30'), [day('01T06:30'), day('01T06:30'), day('01T06:30'), day('01T06:30')]],
    ['without a beginning all days count', null, day('02T05:30'), [null, null, day('02T00:00'), day('02T05:00')]],
  ]; // prettier-ignore
  for (const [fact, from, to, spans] of cases)
    it(fact, () => assert.deepEqual(Object.values(wholeSpans(from, to)), spans));

  it('are in order, whatever the window', () => {
    const instant = fc.integer({ min: -400_000_000, max: 400_000_000 }).map(fromMilliseconds);
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        const [from, to] = a < b ? [a, b] : [b, a];
        const { hours_from, days_from, days_to, hours_to } = wholeSpans(from, to);
        const ends = [from, hours_from, days_from, days_to, hours_to, to];
        assert.deepEqual(ends, [...ends].sort());
      }),
    );
  });
});
