import assert from 'node:assert/strict';
import { findCodeProblem, runCustomCode } from '../../../activities/custom-code/run-custom-code.ts';
import { Decimal } from '../../../billing/money/decimal.ts';
import type { CustomEvent } from '../../../billing/usage/custom.ts';
import { PRICES, RULE_A } from '../../support/rule-a.ts';

const nothing = { total_units: new Decimal(0), amount: new Decimal(0) };
const event = (properties: object): CustomEvent => ({ timestamp: 1_651_240_791.123, properties: { ...properties } });

function run(code: string, events: readonly CustomEvent[] = [event({})], state = nothing) {
  return runCustomCode({ code, custom_properties: PRICES, state, events });
}

const adds = 'const aggregate = (event, state) => ({ total_units: state.total_units + 1, amount: 0.1 });';

describe('the code of a metric', function () {
  this.timeout(60_000);

  it('spreads units over tiers at the prices of each event', async () => {
    const uses = [[1, 'first'], [999, 'first'], [1, 'third'], [1, 'first'], [18998, 'first'], [1, 'first'], [30002, 'first']]; // prettier-ignore
    const { states, failure } = await run(
      RULE_A,
      uses.map(([value, certif]) => event({ value, certif: `${certif}_party` })),
    );
    assert.equal(failure, undefined);
    assert.deepEqual(
      states.map(({ total_units, amount }) => [total_units.toNumber(), amount.times(100).toNumber()]),
      [
        [1, 12],
        [1000, 12000],
        [1001, 12012],
        [1002, 12022],
        [20000, 202002],
        [20001, 202010],
        [50003, 442020],
      ],
    );
  });

  it('goes on from a state, and is exact however often it adds a tenth', async () => {
    const events = Array.from({ length: 250 }, () => event({}));
    const { states } = await run(adds, events, { total_units: new Decimal(7), amount: new Decimal('0.2') });
    const last = states.at(-1);
    assert.deepEqual([states.length, last?.total_units.toFixed(), last?.amount.toFixed()], [250, '257', '25.2']);
  });

  it('may calculate with decimals, and answer with texts', async () => {
    const exact = `const aggregate = (event, { total_units }) =>
      ({ total_units: new Decimal(total_units).plus('1e-10'), amount: '12345678901234567.89' });`;
    const [state] = (await run(exact)).states;
    assert.deepEqual([state?.total_units.toFixed(), state?.amount.toFixed()], ['0.0000000001', '12345678901234567.89']);
  });

  it('finds nothing of the world, nor what another run has left', async () => {
    const names = ['Date', 'process', 'require', 'fetch', 'setTimeout', 'performance', 'std', 'os', 'left'];
    const looks = `globalThis.left = 1; function aggregate() { return { total_units: 0, amount: 0 }; }`;
    await run(looks);
    const code = `const found = ${JSON.stringify(names)}.filter((name) => name in globalThis);
      if (Math.random) found.push('random');
      function aggregate() { throw new Error('found ' + found); }`;
    assert.equal((await run(code)).failure?.message, 'Error: found ');
  });

  const wrong: [what: string, code: string, message: RegExp, isLimit: boolean][] = [
    ['throws', 'function aggregate() { throw new RangeError("too far"); }', /RangeError: too far/, false],
    ['answers with nothing', 'function aggregate() {}', /no object/, false],
    ['answers with no number', 'const aggregate = () => ({ total_units: NaN, amount: 1 });', /no total_units/, false],
    ['answers with words', 'const aggregate = () => ({ total_units: "many", amount: 1 });', /no number/, false],
    ['calls itself for ever', 'function aggregate() { return aggregate(); }', /stack overflow/, false],
    ['never ends', 'function aggregate() { for (;;); }', /takes too long/, true],
    ['backtracks', `function aggregate() { /^(a+)+$/.test('a'.repeat(40) + 'b'); }`, /takes too long/, true],
    ['hides that it never ends', 'function aggregate() { try { for (;;); } catch { return {}; } }', /too long/, true],
    [
      'takes all memory',
      'function aggregate() { const a = []; for (;;) a.push(new Array(1e5).fill(1)); }',
      /memory/,
      true,
    ],
    ['never ends at its beginning', 'for (;;);', /takes too long/, true],
    ['is no code', 'function aggregate( {', /SyntaxError/, false],
    ['defines nothing to call', 'const count = 1;', /defines no function aggregate/, false],
  ];
  for (const [what, code, message, isLimit] of wrong)
    it(`that ${what} is told so, and the next run goes on`, async () => {
      const { states, failure } = await run(code);
      assert.deepEqual(states, []);
      assert.match(failure?.message ?? '', message);
      assert.equal(failure?.isLimit, isLimit);
      assert.equal((await run(adds)).states.length, 1);
    });

  it('keeps what it came to before it failed', async () => {
    const code = `const aggregate = (event, state) => {
      if (event.properties.bad) throw new Error('bad');
      return { total_units: state.total_units + 1, amount: 1 };
    };`;
    const { states, failure } = await run(code, [event({}), event({}), event({ bad: true }), event({})]);
    assert.deepEqual([states.length, failure?.message], [2, 'Error: bad']);
  });

  it('is looked at before it is stored', async () => {
    assert.equal(await findCodeProblem(adds), undefined);
    assert.match((await findCodeProblem('let x =')) ?? '', /SyntaxError/);
  });
});
