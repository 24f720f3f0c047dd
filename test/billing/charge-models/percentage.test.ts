import assert from 'node:assert/strict';
import fc from 'fast-check';
import { runningTotals } from '../../../billing/charge-models/percentage.ts';
import { Decimal, sum, ZERO } from '../../../billing/money/decimal.ts';
import { decimals, decimalTexts, price, someUnits } from './prices.ts';

describe('percentage', () => {
  // Four events, 50 + 100 + 250 + 400 = 800 units.
  const running_totals = decimals(50, 150, 400);
  const cases = [
    {
      n: 3,
      a: '250',
      totals: running_totals,
      free: '250',
      freeEvents: 2,
      forUnits: '7.15',
      forEvents: '4',
      amount: '11.15',
    },
    {
      n: null,
      a: '250',
      totals: running_totals,
      free: '250',
      freeEvents: 2,
      forUnits: '7.15',
      forEvents: '4',
      amount: '11.15',
    },
    {
      n: 3,
      a: null,
      totals: running_totals,
      free: '400',
      freeEvents: 3,
      forUnits: '5.2',
      forEvents: '2',
      amount: '7.2',
    },
    {
      n: 3,
      a: '500',
      totals: running_totals,
      free: '400',
      freeEvents: 3,
      forUnits: '5.2',
      forEvents: '2',
      amount: '7.2',
    },
    { n: null, a: null, totals: [], free: '0', freeEvents: 0, forUnits: '10.4', forEvents: '8', amount: '18.4' },
  ];
  for (const { n, a, totals, free, freeEvents, forUnits, forEvents, amount } of cases) {
    it(`with ${n ?? 'no'} free events and ${a ?? 'no'} free units costs ${amount}`, () => {
      const properties = {
        rate: '1.3',
        fixed_amount: '2',
        free_units_per_events: n,
        free_units_per_total_aggregation: a,
      };
      const result = price('percentage', properties, { units: 800, events_count: 4, running_totals: totals });
      assert.equal(result.amount.toFixed(), amount);
      assert.deepEqual(result.amount_details, {
        units: '800.0',
        free_units: `${free}.0`,
        free_events: freeEvents,
        paid_units: `${800 - Number(free)}.0`,
        rate: '1.3',
        per_unit_total_amount: forUnits,
        paid_events: 4 - freeEvents,
        fixed_fee_unit_amount: '2.0',
        fixed_fee_total_amount: `${forEvents}.0`,
        min_max_adjustment_total_amount: '0.0',
      });
    });
  }

  it('owes no fixed amount without units, nor when every event is free', () => {
    const properties = { rate: '1', fixed_amount: '5', free_units_per_events: 3 };
    assert.equal(
      price('percentage', properties, { units: 0, events_count: 2, running_totals: decimals(0, 0) }).amount.toFixed(),
      '0',
    );
    const free = price('percentage', properties, { units: 30, events_count: 2, running_totals: decimals(10, 30) });
    assert.equal(free.amount.toFixed(), '0');
    assert.equal(free.amount_details.free_events, 2);
    assert.equal(free.amount_details.fixed_fee_unit_amount, '0.0');
  });

  it('owes no fixed amount for events that cancel each other out', () => {
    const result = price('percentage', { rate: '1', fixed_amount: '5' }, { units: 0, events_count: 2 });
    assert.equal(result.amount.toFixed(), '0');
  });

  it('owes the fixed amount for the event that reaches the free amount exactly', () => {
    const properties = { rate: '1', fixed_amount: '5', free_units_per_total_aggregation: '30' };
    const usage = { units: 30, events_count: 2, running_totals: decimals(10, 30) };
    assert.equal(price('percentage', properties, usage).amount.toFixed(), '5');
  });

  it('takes no percentage when what was free is more than what is left', () => {
    const properties = { rate: '10', fixed_amount: '1', free_units_per_events: 1 };
    const usage = { units: 20, events_count: 2, running_totals: decimals(100) }; // 100, then −80
    const result = price('percentage', properties, usage);
    assert.equal(result.amount.toFixed(), '1');
    assert.equal(result.amount_details.paid_units, '0.0');
  });

  it('needs nothing but units and events when nothing is free and nothing bounded', () => {
    assert.equal(
      price('percentage', { rate: '5', fixed_amount: '1' }, { units: 200, events_count: 2 }).amount.toFixed(),
      '12',
    );
  });
});

describe('percentage with bounds per event', () => {
  const bounds = { rate: '2.99', per_transaction_min_amount: '1.75', per_transaction_max_amount: '12' };
  const cases = [
    { name: 'clamps each event', more: {}, amount: '16.142' }, // 1.75 + 2.392 + 12
    { name: 'clamps with the fixed amount', more: { fixed_amount: '2' }, amount: '18.691' }, // 2.299 + 4.392 + 12
    { name: 'leaves out the free events', more: { free_units_per_events: 2 }, amount: '12' },
    {
      name: 'takes the free amount from the first events',
      more: { free_units_per_total_aggregation: '30' },
      amount: '13.794',
    }, // 0 + (80 − 20) × 2.99 % + 12
    {
      name: 'frees no event after the free amount is used up',
      more: { free_units_per_events: 3, free_units_per_total_aggregation: '30' },
      amount: '13.794',
    },
    {
      name: 'lets a free amount decide alone',
      more: { free_units_per_events: 3, free_units_per_total_aggregation: '10000' },
      amount: '2.691', // (10 090 − 10 000) × 2.99 %
    },
  ];
  for (const { name, more, amount } of cases) {
    it(`${name}: ${amount}`, () => {
      const event_values = decimals(10, 80, 10_000);
      const properties = { ...bounds, ...more };
      const running = runningTotals(properties, {
        aggregation_type: 'sum_agg',
        units: new Decimal(10_090),
        event_values,
      });
      const usage = { units: 10_090, events_count: 3, event_values, running_totals: running };
      const result = price('percentage', properties, usage);
      assert.equal(result.amount.toFixed(), amount);
      const { per_unit_total_amount, fixed_fee_total_amount, min_max_adjustment_total_amount } = result.amount_details;
      const parts = [per_unit_total_amount, fixed_fee_total_amount, min_max_adjustment_total_amount] as string[];
      assert.equal(sum(parts).toFixed(), amount, 'the parts shown add up');
    });
  }

  const steps = [
    { event_values: decimals(100), amount: '2' }, // 1 + 1
    { event_values: decimals(100, 1000), amount: '13' }, // + 10 + 1
    { event_values: decimals(100, 1000, 10_000), amount: '25' }, // + 12 instead of 101
  ];
  for (const { event_values, amount } of steps) {
    it(`costs ${amount} after ${event_values.length} events`, () => {
      const properties = { ...bounds, rate: '1', fixed_amount: '1' };
      assert.equal(
        price('percentage', properties, { units: sum(event_values), event_values }).amount.toFixed(),
        amount,
      );
    });
  }

  it('owes the minimum for an event of 0 or less, also one that the free amount used up', () => {
    assert.equal(price('percentage', bounds, { units: 0, event_values: decimals(0, -5) }).amount.toFixed(), '3.5');
    const properties = { ...bounds, free_units_per_total_aggregation: '10' };
    const usage = { units: 10, event_values: decimals(10), running_totals: decimals(10) };
    assert.equal(price('percentage', properties, usage).amount.toFixed(), '1.75');
  });

  it('reads empty text as no bound', () => {
    const properties = { rate: '10', per_transaction_min_amount: '', per_transaction_max_amount: null };
    assert.equal(price('percentage', properties, { units: 10 }).amount.toFixed(), '1');
  });

  const anyValues = fc.array(someUnits, { maxLength: 20 });

  it('costs the sum of its events, each between the bounds', () => {
    fc.assert(
      fc.property(decimalTexts(), decimalTexts(), decimalTexts(), anyValues, anyValues, (rate, a, b, first, second) => {
        const [min, max] = new Decimal(a).lt(b) ? [a, b] : [b, a];
        const properties = { rate, per_transaction_min_amount: min, per_transaction_max_amount: max };
        const of = (event_values: Decimal[]): Decimal =>
          price('percentage', properties, { units: sum(event_values), event_values }).amount;
        const both = [...first, ...second];
        assert.equal(of(both).toFixed(), of(first).plus(of(second)).toFixed());
        assert.ok(of(both).gte(new Decimal(min).times(both.length)));
        assert.ok(of(both).lte(new Decimal(max).times(both.length)));
      }),
    );
  });
});

describe('the running totals of a percentage charge', () => {
  const event_values = decimals(50, 100, 250, 400);
  const cases = [
    { aggregation_type: 'sum_agg', n: null, a: null, expected: [] },
    { aggregation_type: 'sum_agg', n: 2, a: null, expected: [50, 150] },
    { aggregation_type: 'sum_agg', n: 9, a: '100', expected: [50, 150, 400, 800] },
    { aggregation_type: 'sum_agg', n: null, a: '150', expected: [50, 150, 400] },
    { aggregation_type: 'sum_agg', n: null, a: '9000', expected: [50, 150, 400, 800] },
    { aggregation_type: 'count_agg', n: 2, a: null, expected: [1, 2, 3] },
    { aggregation_type: 'unique_count_agg', n: null, a: '2.5', expected: [1, 2, 3] },
    { aggregation_type: 'count_agg', n: 9, a: '7', expected: [1, 2, 3, 4] },
    { aggregation_type: 'max_agg', n: 2, a: '7', expected: [] },
  ] as const;
  for (const { aggregation_type, n, a, expected } of cases) {
    it(`of a ${aggregation_type} with ${n ?? 'no'} free events and ${a ?? 'no'} free units are ${expected.join(', ') || 'none'}`, () => {
      const properties = { rate: '1', free_units_per_events: n, free_units_per_total_aggregation: a };
      const totals = runningTotals(properties, { aggregation_type, units: new Decimal(4), event_values });
      assert.deepEqual(totals.map(Number), expected);
    });
  }

  it('price a count the same when they go on to the last event', () => {
    const free = fc.record({
      free_units_per_events: fc.option(fc.integer({ min: 1, max: 12 })),
      free_units_per_total_aggregation: fc.option(decimalTexts(12_000_000)),
    });
    fc.assert(
      fc.property(free, fc.integer({ min: 0, max: 15 }), (terms, count) => {
        const properties = { rate: '10', fixed_amount: '1', ...terms };
        const units = new Decimal(count);
        const short = runningTotals(properties, { aggregation_type: 'count_agg', units, event_values: [] });
        const whole = Array.from({ length: count }, (_, index) => ZERO.plus(index + 1));
        const of = (running_totals: Decimal[]): string =>
          price('percentage', properties, { units, events_count: count, running_totals }).amount.toFixed();
        assert.equal(of(short), of(whole));
      }),
    );
  });
});
