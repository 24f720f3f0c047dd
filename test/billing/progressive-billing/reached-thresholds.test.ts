import assert from 'node:assert/strict';
import fc from 'fast-check';
import { reachedThresholds } from '../../../billing/progressive-billing/reached-thresholds.ts';

interface Threshold {
  readonly amount_cents: number;
  readonly recurring: boolean;
}

const step = (amount_cents: number): Threshold => ({ amount_cents, recurring: false });
const every = (amount_cents: number): Threshold => ({ amount_cents, recurring: true });

describe('the thresholds that usage reaches', () => {
  const STEPS = [step(200), step(500), step(700), every(1000)];
  const cases: [what: string, Threshold[], before: number, progressive: number, current: number, Threshold[]][] = [
    ['one that is met exactly', [step(20_000)], 0, 0, 20_000, [step(20_000)]],
    ['none below it', [step(20_000)], 0, 0, 19_999, []],
    ['none that was invoiced, however much more is used', [step(20_000)], 0, 20_000, 40_000, []],
    ['none between two of them', [step(20_000), step(50_000)], 0, 20_000, 40_000, []],
    ['the second of two', [step(20_000), step(50_000)], 0, 20_000, 60_000, [step(50_000)]],
    ['none in later periods', [step(20_000)], 20_000, 0, 40_000, []],
    ['several at once', STEPS, 0, 0, 650, [step(200), step(500)]],
    ['the first of a list', STEPS, 0, 0, 220, [step(200)]],
    ['none on the way to the second', STEPS, 0, 220, 440, []],
    ['the second', STEPS, 0, 220, 660, [step(500)]],
    ['the third', STEPS, 0, 660, 880, [step(700)]],
    ['the recurring one after the last step', STEPS, 0, 880, 3080, [every(1000)]],
    ['the recurring one again', STEPS, 0, 3080, 5280, [every(1000)]],
    ['the recurring one in the next period', STEPS, 5280, 0, 2200, [every(1000)]],
    ['the last step and the recurring one', STEPS, 0, 660, 1700, [step(700), every(1000)]],
    ['the last step alone', STEPS, 0, 660, 1699, [step(700)]],
    ['a recurring one without steps', [every(1000)], 0, 0, 1000, [every(1000)]],
    ['no recurring one before it is full again', [every(1000)], 1500, 0, 499, []],
    ['a recurring one that earlier periods began', [every(1000)], 1500, 0, 500, [every(1000)]],
    ['none that earlier periods had reached before it was set', [step(1000)], 2_000_000, 0, 1_000_000, []],
    ['one that the running period exceeds when it is set', [step(20_000)], 0, 0, 1_000_000_000, [step(20_000)]],
    ['one that usage of before the engine brings near', [step(1000)], 900, 0, 100, [step(1000)]],
    ['none when usage was corrected below what was invoiced', STEPS, 0, 2000, 500, []],
    ['none of an empty list', [], 0, 0, 1_000_000, []],
  ];
  for (const [what, thresholds, before_cents, progressive_cents, current_cents, reached] of cases)
    it(`are ${what}`, () =>
      assert.deepEqual(reachedThresholds(thresholds, { before_cents, progressive_cents, current_cents }), reached));

  const amounts = fc.uniqueArray(fc.integer({ min: 1, max: 5000 }), { maxLength: 6 });
  const lists = fc
    .tuple(amounts, fc.option(fc.integer({ min: 1, max: 3000 })))
    .map(([steps, recurring]) => [
      ...steps.sort((a, b) => a - b).map(step),
      ...(recurring === null ? [] : [every(recurring)]),
    ]);
  /** By period, what is used until each check. */
  const usages = fc.array(fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 6 }), { maxLength: 4 });

  it('are never reached again by looking again', () => {
    fc.assert(
      fc.property(lists, fc.nat(9000), fc.nat(9000), fc.nat(9000), (thresholds, before, progressive, current) => {
        const usage = { before_cents: before, progressive_cents: progressive, current_cents: current };
        if (reachedThresholds(thresholds, usage).length === 0) return;
        assert.deepEqual(reachedThresholds(thresholds, { ...usage, progressive_cents: current }), []);
      }),
    );
  });

  it('are each reached once in a life in which usage only grows, and not before it has come so far', () => {
    fc.assert(
      fc.property(lists, fc.nat(3000), usages, (thresholds, historical, periods) => {
        const invoiced: number[] = [];
        let before_cents = historical;
        for (const period of periods) {
          let progressive_cents = 0;
          let current_cents = 0;
          for (const more of period) {
            current_cents += more;
            const reached = reachedThresholds(thresholds, { before_cents, progressive_cents, current_cents });
            for (const { amount_cents, recurring } of reached) {
              assert.ok(recurring || amount_cents <= before_cents + current_cents);
              if (!recurring) invoiced.push(amount_cents);
            }
            if (reached.length > 0) progressive_cents = current_cents;
          }
          before_cents += current_cents;
        }
        assert.equal(new Set(invoiced).size, invoiced.length);
        const passed = thresholds.filter(
          ({ amount_cents, recurring }) => !recurring && historical < amount_cents && amount_cents <= before_cents,
        );
        assert.deepEqual(
          invoiced,
          passed.map(({ amount_cents }) => amount_cents),
        );
      }),
    );
  });
});
