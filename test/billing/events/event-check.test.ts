import assert from 'node:assert/strict';
import { checkedFrom, checkOf } from '../../../billing/events/event-check.ts';

describe('the hours whose events are looked through', () => {
  const cases: [received_at: string, from: string, to: string, due_at: string][] = [
    ['2026-03-10T10:00:00.000Z', '2026-03-10T10:00:00.000Z', '2026-03-10T11:00:00.000Z', '2026-03-10T11:05:00.000Z'],
    ['2026-03-10T10:59:59.999Z', '2026-03-10T10:00:00.000Z', '2026-03-10T11:00:00.000Z', '2026-03-10T11:05:00.000Z'],
    ['2026-12-31T23:30:00.000Z', '2026-12-31T23:00:00.000Z', '2027-01-01T00:00:00.000Z', '2027-01-01T00:05:00.000Z'],
  ];
  for (const [received_at, from, to, due_at] of cases)
    it(`that of ${received_at} is looked through at ${due_at}`, () => {
      assert.deepEqual(checkOf(received_at), { hour: { from, to }, due_at });
    });

  it('begin with the one before', () => {
    assert.equal(checkedFrom('2026-03-10T10:20:00.000Z'), '2026-03-10T09:00:00.000Z');
  });
});
