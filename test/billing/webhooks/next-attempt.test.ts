import assert from 'node:assert/strict';
import { isDelivered, nextAttemptAt } from '../../../billing/webhooks/next-attempt.ts';

const at = '2026-03-01T00:00:00.000Z';

describe('retries of a webhook', () => {
  const cases = [
    { failures: 1, random: 0, expected: '2026-03-01T00:00:03.000Z' }, // 1⁴ + 2
    { failures: 1, random: 0.9999, expected: '2026-03-01T00:00:03.150Z' },
    { failures: 2, random: 0, expected: '2026-03-01T00:00:18.000Z' }, // 2⁴ + 2
    { failures: 2, random: 0.5, expected: '2026-03-01T00:00:19.200Z' }, // 16 × 1.075 + 2
    { failures: 2, random: 0.9999, expected: '2026-03-01T00:00:20.400Z' },
    { failures: 3, random: 0, expected: null },
    { failures: 4, random: 0, expected: null },
    { failures: 3, random: 0, attempts_max: 5, expected: '2026-03-01T00:01:23.000Z' }, // 81 + 2
    { failures: 1, random: 0, attempts_max: 1, expected: null },
  ];
  for (const { failures, random, attempts_max = 3, expected } of cases) {
    it(`after ${failures} of ${attempts_max} attempts failed, ${random} of the spread: ${expected ?? 'given up'}`, () => {
      assert.equal(nextAttemptAt({ failures, attempts_max, random, at }), expected);
    });
  }

  it('are not asked for before anything failed', () => {
    assert.throws(() => nextAttemptAt({ failures: 0, attempts_max: 3, random: 0, at }));
  });
});

describe('an answer to a webhook', () => {
  for (const status of [200, 201, 202, 204]) it(`${status} is a delivery`, () => assert(isDelivered(status)));
  for (const status of [100, 199, 203, 205, 206, 226, 301, 302, 304, 307, 308, 400, 401, 404, 410, 429, 500, 503])
    it(`${status} is a failure`, () => assert(!isDelivered(status)));
});
