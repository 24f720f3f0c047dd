import assert from 'node:assert/strict';
import { type CodeWish, chooseChargeCodes } from '../../../billing/plans/charge-codes.ts';

const made = (metric_code = 'seats'): CodeWish => ({ metric_code });
const own = (code: string): CodeWish => ({ code, metric_code: 'seats' });

describe('charge codes', () => {
  const cases: [what: string, wishes: CodeWish[], taken: string[], chosen: (string | undefined)[]][] = [
    ['are the metric’s', [made()], [], ['seats']],
    ['count up from two', [made(), made(), made('gb')], [], ['seats', 'seats_2', 'gb']],
    ['go on after the highest in use', [made()], ['seats', 'seats_7'], ['seats_8']],
    ['go on although the first is free again', [made()], ['seats_7'], ['seats_8']],
    ['do not mistake other codes for counted ones', [made()], ['seats', 'seats_', 'seats_07', 'seats_x'], ['seats_2']],
    ['leave room for those that were asked for', [made(), own('seats')], [], ['seats_2', 'seats']],
    ['are the caller’s', [own('a'), own('b')], ['c'], ['a', 'b']],
    ['are made where the caller’s is blank', [own(' '), { code: null, metric_code: 'gb' }], [], ['seats', 'gb']],
    ['are refused when they are taken', [own('a'), own('b'), own('b')], ['a'], [undefined, 'b', undefined]],
  ];
  for (const [what, wishes, taken, chosen] of cases)
    it(what, () => assert.deepEqual(chooseChargeCodes(wishes, taken), chosen));
});
