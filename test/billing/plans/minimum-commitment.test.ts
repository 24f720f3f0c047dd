import assert from 'node:assert/strict';
import { missingToCommitment } from '../../../billing/plans/minimum-commitment.ts';

describe('what is missing to a minimum commitment', () => {
  const cases: [string, { days: number; period_days: number; used_cents: number }, number][] = [
    ['a week started on its Wednesday', { days: 5, period_days: 7, used_cents: 71_429 }, 642_857],
    ['a month started on its fourth day', { days: 25, period_days: 28, used_cents: 89_286 }, 803_571],
    ['a quarter started on 4 February', { days: 56, period_days: 90, used_cents: 62_222 }, 560_000],
    ['a whole period', { days: 31, period_days: 31, used_cents: 100_000 }, 900_000],
    ['a commitment that was reached', { days: 31, period_days: 31, used_cents: 1_000_000 }, 0],
    ['a commitment that was exceeded', { days: 31, period_days: 31, used_cents: 1_000_001 }, 0],
  ];
  for (const [fact, commitment, missing] of cases)
    it(`${fact}: ${missing}`, () =>
      assert.equal(missingToCommitment({ amount_cents: 1_000_000, ...commitment }), missing));
});
