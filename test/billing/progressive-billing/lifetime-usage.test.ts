import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type AppliedThreshold, thresholdProgress } from '../../../billing/progressive-billing/lifetime-usage.ts';

const step = (amount_cents: number) => ({ amount_cents, recurring: false });
const every = (amount_cents: number) => ({ amount_cents, recurring: true });
const LIST = [step(1000), step(5000), every(2000)];

describe('the progress of lifetime usage', () => {
  const cases: [total: number, ratios: [amount: number, ratio: number][]][] = [
    [-100, [[1000, 0], [5000, 0], [7000, 0]]],
    [0, [[1000, 0], [5000, 0], [7000, 0]]],
    [250, [[1000, 0.25], [5000, 0], [7000, 0]]],
    [1000, [[1000, 1], [5000, 0], [7000, 0]]],
    [3000, [[1000, 1], [5000, 0.5], [7000, 0]]],
    [5000, [[1000, 1], [5000, 1], [7000, 0]]],
    [6500, [[1000, 1], [5000, 1], [7000, 0.75]]],
    [8000, [[1000, 1], [5000, 1], [7000, 1], [9000, 0.5]]],
    [11_000, [[1000, 1], [5000, 1], [7000, 1], [9000, 1], [11_000, 1], [13_000, 0]]],
  ]; // prettier-ignore
  for (const [total, ratios] of cases)
    it(`at ${total} is that of each threshold`, () =>
      assert.deepEqual(
        thresholdProgress(LIST, total, []).map((one) => [one.amount_cents, one.completion_ratio]),
        ratios,
      ));

  it('tells when the invoice of a threshold was made', () => {
    const applied: AppliedThreshold[] = [
      { ...step(1000), lifetime_usage_amount_cents: 1200, created_at: '2026-01-05T00:00:00.000Z' },
      { ...every(2000), lifetime_usage_amount_cents: 9500, created_at: '2026-01-09T00:00:00.000Z' },
      { ...every(2000), lifetime_usage_amount_cents: 11_000, created_at: '2026-01-20T00:00:00.000Z' },
    ];
    assert.deepEqual(
      thresholdProgress(LIST, 12_000, applied).map(({ reached_at }) => reached_at?.slice(8, 10) ?? null),
      ['05', null, '09', '09', '20', null],
    );
  });

  it('lists a tiny recurring threshold so often only', () => {
    const progress = thresholdProgress([every(1)], 1_000_000_000, []);
    assert.equal(progress.length, 1001);
    assert.deepEqual(progress.at(-1), { amount_cents: 1_000_000_001, completion_ratio: 0, reached_at: null });
  });

  it('never is less with more usage', () => {
    fc.assert(
      fc.property(fc.nat(20_000), fc.nat(20_000), (usage, more) => {
        const before = thresholdProgress(LIST, usage, []);
        const after = thresholdProgress(LIST, usage + more, []);
        for (const [index, { completion_ratio }] of before.entries())
          assert.ok(after[index]!.completion_ratio >= completion_ratio);
      }),
    );
  });
});
