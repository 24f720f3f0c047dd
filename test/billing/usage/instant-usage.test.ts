import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AggregationType } from '../../../billing/billable-metrics/aggregation.ts';
import type { ChargeFilter } from '../../../billing/usage/filters.ts';
import { chargeInstantUsage, type InstantFee, type Mark } from '../../../billing/usage/instant-usage.ts';
import { bucketKey } from '../../../billing/usage/bucket-key.ts';
import type { MeasuredCharge } from '../../../billing/usage/measure.ts';
import type { Dimensions, UsageCell, UsageEvent } from '../../../billing/usage/reading.ts';

const june = {
  from: '2024-06-01T00:00:00.000Z',
  to: '2024-07-01T00:00:00.000Z',
  timezone: 'UTC',
  period_days: 30,
};

type Terms = Partial<Omit<MeasuredCharge, 'metric'>> & {
  readonly sums?: boolean;
  readonly aggregation?: AggregationType;
};

function chargeOf({ aggregation, ...terms }: Terms): MeasuredCharge {
  return {
    charge_model: 'standard',
    properties: { amount: '1' },
    filters: [],
    prorated: false,
    isPaidAsItComes: true,
    ...terms,
    metric: {
      aggregation_type: aggregation ?? 'sum_agg',
      filters: { region: ['us', 'eu'], tier: ['gold', 'silver'] },
    },
  };
}

interface Use {
  readonly value?: string | number | null;
  readonly remove?: boolean;
  readonly at?: string;
  readonly cents?: string;
  readonly dimensions?: Dimensions;
}

function events(uses: readonly Use[]): UsageEvent[] {
  return uses.map(({ value = null, remove = false, at, cents = null, dimensions = {} }, index) => ({
    id: `event ${index}`,
    dimensions,
    timestamp: at ?? `2024-06-10T10:00:${String(index).padStart(2, '0')}.000000Z`,
    value: value === null ? null : String(value),
    operation: remove ? 'remove' : 'add',
    precise_total_amount_cents: cents,
  }));
}

interface Rest {
  readonly before?: readonly UsageCell[];
  readonly marks?: ReadonlyMap<string, Mark>;
  readonly due?: ReadonlySet<string>;
  readonly currency?: string;
  readonly isEstimate?: boolean;
}

function feesFor(
  terms: Terms,
  uses: readonly Use[],
  { isEstimate = false, ...rest }: Rest = {},
): readonly InstantFee[] {
  const list = events(uses);
  return chargeInstantUsage(
    {
      charge: chargeOf(terms),
      currency: rest.currency ?? 'EUR',
      period: june,
      reading: { before: rest.before ?? [], events: list },
      marks: rest.marks ?? new Map(),
      due: rest.due ?? new Set(list.map(({ id }) => id)),
    },
    { isEstimate },
  ).fees;
}

/** Units and cents of each fee. */
const paid = (...args: Parameters<typeof feesFor>): (readonly [string, number])[] =>
  feesFor(...args).map(({ numbers }) => [numbers.units, numbers.amount_cents]);

const add = (value: string | number): Use => ({ value });
const remove = (value: string | number): Use => ({ value, remove: true });
const sums = (...values: number[]): Use[] => values.map(add);

describe('the units of an event that is paid in advance', () => {
  const cases: { name: string; terms: Terms; uses: Use[]; expected: [string, number][] }[] = [
    {
      name: 'count: one each',
      terms: { aggregation: 'count_agg', properties: { amount: '10' } },
      uses: [{}, {}],
      expected: [['1', 1000], ['1', 1000]], // prettier-ignore
    },
    {
      name: 'of a sum are what is above the highest so far',
      terms: {},
      uses: sums(10, -4, 8, -5, 3),
      expected: [['10', 1000], ['0', 0], ['4', 400], ['0', 0], ['3', 0]], // prettier-ignore
    },
    {
      name: 'of a sum that begins below zero are all that comes on top of it',
      terms: {},
      uses: sums(-5, 3, 2, 4),
      expected: [['0', 0], ['3', 300], ['2', 0], ['1', 100]], // prettier-ignore
    },
    {
      name: 'of a unique count: a value is paid for once a period, and never given back',
      terms: { aggregation: 'unique_count_agg', properties: { amount: '12' } },
      uses: [add(1), remove(1), add(1), add(2), add(2), add(3), remove(3)],
      expected: [['1', 1200], ['0', 0], ['1', 0], ['1', 1200], ['0', 0], ['1', 1200], ['0', 0]], // prettier-ignore
    },
    {
      name: 'of a unique count: a removal of what never was there is ignored',
      terms: { aggregation: 'unique_count_agg' },
      uses: [remove(1), add(1)],
      expected: [['0', 0], ['1', 100]], // prettier-ignore
    },
    {
      name: 'an event without the property, or with an empty one, has no fee',
      terms: { aggregation: 'unique_count_agg' },
      uses: [{}, add(''), add(' '), add('false'), add(2)],
      expected: [['1', 100]],
    },
  ];
  for (const { name, terms, uses, expected } of cases) it(name, () => assert.deepEqual(paid(terms, uses), expected));

  it('of a value that was there before the period are none, and it leaves no debt when it goes first', () => {
    const cell = (value: string, operation: 'add' | 'remove'): UsageCell => ({
      dimensions: {},
      events_count: 1,
      sum: '0',
      max: null,
      latest: { order: '2024-05-10T00:00:00.000000', value: '0' },
      value,
      operation,
      dynamic_amount_cents: '0',
    });
    const before = [cell('1', 'add'), cell('2', 'remove'), cell('3', 'add')];
    const terms: Terms = { aggregation: 'unique_count_agg' };
    assert.deepEqual(paid(terms, [add(1), add(2)], { before }), [['0', 0], ['1', 100]]); // prettier-ignore
    assert.deepEqual(paid(terms, [remove(1), add(4), add(5)], { before }), [['0', 0], ['1', 100], ['1', 100]]); // prettier-ignore
  });

  it('go on from where earlier events have left the mark', () => {
    const key = bucketKey(null, {});
    const first = chargeInstantUsage({
      charge: chargeOf({}),
      currency: 'EUR',
      period: june,
      reading: { before: [], events: events(sums(10, -4)) },
      marks: new Map(),
      due: new Set(['event 0', 'event 1']),
    });
    assert.equal(first.marks.get(key)?.running.toFixed(), '6');
    assert.equal(first.marks.get(key)?.highest.toFixed(), '10');
    assert.deepEqual(paid({}, sums(8), { marks: first.marks }), [['4', 400]]);
  });

  it('events at one instant are paid for in the order of their reception', () => {
    const at = '2024-06-10T10:00:00.000000Z';
    const graduated_ranges = [
      { from_value: 0, to_value: 2, per_unit_amount: '0', flat_amount: '0' },
      { from_value: 3, to_value: null, per_unit_amount: '2', flat_amount: '0' },
    ];
    const terms: Terms = { aggregation: 'count_agg', charge_model: 'graduated', properties: { graduated_ranges } };
    assert.deepEqual(paid(terms, [{ at }, { at }, { at }]), [['1', 0], ['1', 0], ['1', 200]]); // prettier-ignore
  });
});

describe('the amount of an event that is paid in advance', () => {
  const graduated_ranges = [
    { from_value: 0, to_value: 5, per_unit_amount: '0.02', flat_amount: '0.01' },
    { from_value: 6, to_value: null, per_unit_amount: '0.01', flat_amount: '0.01' },
  ];
  const graduated: Terms = { charge_model: 'graduated', properties: { graduated_ranges } };
  const percentage = (properties: object): Terms => ({ charge_model: 'percentage', properties: { ...properties } });
  const graduatedPercentage: Terms = {
    charge_model: 'graduated_percentage',
    properties: {
      graduated_percentage_ranges: [
        { from_value: 0, to_value: 100, rate: '20', flat_amount: '10' },
        { from_value: 101, to_value: 200, rate: '30', flat_amount: '7' },
        { from_value: 201, to_value: null, rate: '40', flat_amount: '5' },
      ],
    },
  };
  const cases: { name: string; terms: Terms; uses: Use[]; expected: number[] }[] = [
    {
      name: 'package: a package is paid for when it is begun',
      terms: { charge_model: 'package', properties: { amount: '100', package_size: 2, free_units: 3 } },
      uses: sums(3, 1, 2),
      expected: [0, 10_000, 10_000],
    },
    {
      name: 'graduated: the flat amount of a tier comes with the first unit in it',
      terms: graduated,
      uses: sums(3, 1, 2),
      expected: [7, 2, 4],
    },
    {
      name: 'graduated: nothing new is free, also when all is given back',
      terms: graduated,
      uses: sums(10, -10),
      expected: [17, 0],
    },
    {
      name: 'percentage: free events',
      terms: percentage({ rate: '5', fixed_amount: '1', free_units_per_events: 2 }),
      uses: sums(8, 5, 3),
      expected: [0, 0, 115],
    },
    {
      name: 'percentage: a free amount',
      terms: percentage({ rate: '5', fixed_amount: '1', free_units_per_total_aggregation: '120' }),
      uses: sums(100, 10, 20, 20),
      expected: [0, 0, 150, 200],
    },
    {
      name: 'percentage: a free amount that the first event goes beyond',
      terms: percentage({ rate: '5', fixed_amount: '1', free_units_per_total_aggregation: '3' }),
      uses: sums(5, 1),
      expected: [110, 105],
    },
    {
      name: 'percentage: bounds hold for each event',
      terms: percentage({ rate: '1', per_transaction_min_amount: '1.75', per_transaction_max_amount: '2' }),
      uses: sums(100, 1000, 10_000),
      expected: [175, 200, 200],
    },
    {
      name: 'percentage: bounds hold for each counted event',
      terms: { aggregation: 'count_agg', ...percentage({ rate: '1', per_transaction_min_amount: '1.75' }) },
      uses: [{}, {}],
      expected: [175, 175],
    },
    {
      name: 'percentage: the fixed amount is due for every event that is not free, whatever its value',
      terms: percentage({ rate: '5', fixed_amount: '1' }),
      uses: sums(0, 20, -4, 4),
      expected: [100, 200, 100, 100],
    },
    {
      name: 'percentage of a count: the first one is free',
      terms: {
        aggregation: 'count_agg',
        ...percentage({ rate: '1', fixed_amount: '1', free_units_per_events: 1 }),
      },
      uses: [{}, {}],
      expected: [0, 101],
    },
    {
      name: 'graduated percentage: an event is split over the tiers it passes through',
      terms: graduatedPercentage,
      uses: sums(50, 100, 300),
      expected: [2000, 3200, 12_000],
    },
    {
      name: 'dynamic: what the event says',
      terms: { charge_model: 'dynamic', properties: {} },
      uses: [{ value: 5, cents: '1234.56' }, { value: 1, cents: '2.1' }, { value: 0, cents: '7' }, { value: 1 }],
      expected: [1235, 2, 7, 0],
    },
    {
      name: 'each is rounded alone: a thousandth of a euro costs nothing however often',
      terms: { properties: { amount: '0.001' } },
      uses: sums(1, 1, 1, 1, 1, 1),
      expected: [0, 0, 0, 0, 0, 0],
    },
    {
      name: 'prorated: for the days that are left, rounded up at 5 decimals',
      terms: { properties: { amount: '30' }, prorated: true, aggregation: 'unique_count_agg' },
      uses: [
        { value: 1, at: '2024-06-10T10:00:00.000000Z' },
        { value: 2, at: '2024-06-30T23:00:00.000000Z' },
      ],
      expected: [2100, 100],
    },
  ];
  for (const { name, terms, uses, expected } of cases)
    it(name, () =>
      assert.deepEqual(
        feesFor(terms, uses).map(({ numbers }) => numbers.amount_cents),
        expected,
      ),
    );

  it('shows the rounded amount divided by the units as the unit price', () => {
    const [fee] = feesFor({ properties: { amount: '0.335' } }, sums(3));
    assert.deepEqual(fee?.numbers, {
      amount_cents: 101,
      precise_amount_cents: '100.5',
      precise_unit_amount: '0.336666666666667',
      units: '3',
      total_aggregated_units: '3',
      events_count: 1,
      amount_details: {},
    });
  });

  it('has no cents where the currency has none', () => {
    assert.deepEqual(paid({ properties: { amount: '0.4' } }, sums(3), { currency: 'JPY' }), [['3', 1]]);
  });

  it('of a late event is that at its own time, above the mark that later events have left', () => {
    const [fee] = feesFor(graduated, sums(2, 5), {
      due: new Set(['event 0']),
      marks: marksOf({ running: 5, highest: 5 }),
    });
    // 2 units in the first tier, and its flat amount.
    assert.equal(fee?.numbers.amount_cents, 5);
  });

  it('shows what a percentage consists of as the differences that the event makes', () => {
    const terms = percentage({ rate: '5', fixed_amount: '1', free_units_per_total_aggregation: '120' });
    const details = feesFor(terms, sums(100, 10, 20)).map(({ numbers }) => numbers.amount_details);
    const both = { rate: '5.0', min_max_adjustment_total_amount: '0.0' };
    assert.deepEqual(details[0], {
      ...both,
      units: '100.0',
      free_units: '100.0',
      paid_units: '0.0',
      free_events: 1,
      paid_events: 0,
      fixed_fee_unit_amount: '0.0',
      per_unit_total_amount: '0.0',
      fixed_fee_total_amount: '0.0',
    });
    assert.deepEqual(details[2], {
      ...both,
      units: '20.0',
      free_units: '10.0',
      paid_units: '10.0',
      free_events: 0,
      paid_events: 1,
      fixed_fee_unit_amount: '1.0',
      per_unit_total_amount: '0.5',
      fixed_fee_total_amount: '1.0',
    });
  });

  it('shows all tiers entered so far of a graduated percentage', () => {
    const details = feesFor(graduatedPercentage, sums(50, 100, 300)).map(
      ({ numbers }) => numbers.amount_details['graduated_percentage_ranges'],
    );
    assert.deepEqual(details[1], [
      {
        from_value: 0,
        to_value: 100,
        flat_unit_amount: '0.0',
        rate: '20.0',
        units: '50.0',
        per_unit_total_amount: '0.2',
        total_with_flat_amount: '10.0',
      },
      {
        from_value: 101,
        to_value: 200,
        flat_unit_amount: '7.0',
        rate: '30.0',
        units: '50.0',
        per_unit_total_amount: '0.44',
        total_with_flat_amount: '22.0',
      },
    ]);
    const third = details[2] as { units: string; per_unit_total_amount: string; flat_unit_amount: string }[];
    assert.deepEqual(
      third.map((range) => [range.units, range.flat_unit_amount, range.per_unit_total_amount]),
      [['0.0', '0.0', '0.0'], ['50.0', '0.0', '0.3'], ['250.0', '5.0', '0.42']], // prettier-ignore
    );
  });

  it('is estimated without the flat amount of the first tier, and without steps', () => {
    const [fee] = feesFor(graduatedPercentage, sums(50), { isEstimate: true });
    assert.equal(fee?.numbers.amount_cents, 1000);
    assert.deepEqual(fee?.numbers.amount_details, {});
  });

  function marksOf({ running, highest }: { running: number; highest: number }): Map<string, Mark> {
    const before = chargeInstantUsage({
      charge: chargeOf({}),
      currency: 'EUR',
      period: june,
      reading: { before: [], events: events(sums(highest, running - highest)) },
      marks: new Map(),
      due: new Set(['event 0', 'event 1']),
    });
    return new Map(before.marks);
  }
});

describe('the filter and the group of an event that is paid in advance', () => {
  const filter = (id: string, values: ChargeFilter['values'], properties: object): ChargeFilter => ({
    id,
    values,
    properties: { ...properties },
    invoice_display_name: null,
  });
  const terms: Terms = {
    properties: { amount: '9' },
    filters: [
      filter('us', { region: ['us'] }, { amount: '1' }),
      filter('us gold', { region: ['us'], tier: ['gold'] }, { amount: '2' }),
      filter('tiers', { tier: ['__ALL_FILTER_VALUES__'] }, { amount: '3' }),
    ],
  };

  it('is the one filter with the most keys, of several the first, else the charge itself', () => {
    const of = (region: string | null, tier: string | null): Use => ({ value: 1, dimensions: { region, tier } });
    const fees = feesFor(terms, [of('us', 'gold'), of('us', 'silver'), of('eu', 'gold'), of('eu', null)]);
    assert.deepEqual(
      fees.map((fee) => [fee.filter?.id ?? null, fee.numbers.amount_cents]),
      [['us gold', 200], ['us', 100], ['tiers', 300], [null, 900]], // prettier-ignore
    );
  });

  it('have marks and tiers of their own', () => {
    const graduated_ranges = [
      { from_value: 0, to_value: 10, per_unit_amount: '1', flat_amount: '5' },
      { from_value: 11, to_value: null, per_unit_amount: '0', flat_amount: '0' },
    ];
    const grouped: Terms = {
      charge_model: 'graduated',
      properties: { graduated_ranges, pricing_group_keys: ['cloud'] },
    };
    const at = (cloud: string | null, value: number): Use => ({ value, dimensions: { cloud } });
    const fees = feesFor(grouped, [at('aws', 4), at('gcp', 10), at('aws', -4), at('aws', 4), at(null, 1), at(' ', 1)]);
    assert.deepEqual(
      fees.map((fee) => [fee.grouped_by['cloud'], fee.numbers.amount_cents]),
      [['aws', 900], ['gcp', 1500], ['aws', 0], ['aws', 0], [null, 600], [null, 100]], // prettier-ignore
    );
  });

  it('prices an event also where a narrower filter would take it away in arrears', () => {
    const graduated_ranges = [{ from_value: 0, to_value: null, per_unit_amount: '1', flat_amount: '5' }];
    const both: Terms = {
      charge_model: 'graduated',
      properties: { graduated_ranges },
      filters: [
        filter('both', { region: ['us', 'eu'] }, { graduated_ranges }),
        filter('us', { region: ['us'] }, { graduated_ranges }),
      ],
    };
    assert.deepEqual(paid(both, [{ value: 2, dimensions: { region: 'us' } }]), [['2', 700]]);
  });
});

describe('laws of what is paid in advance', () => {
  const changes = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 30 });
  const graduated_ranges = [
    { from_value: 0, to_value: 10, per_unit_amount: '0.25', flat_amount: '2' },
    { from_value: 11, to_value: 40, per_unit_amount: '0.5', flat_amount: '3' },
    { from_value: 41, to_value: null, per_unit_amount: '0.1', flat_amount: '1' },
  ];

  it('where nothing is taken away, the events of a period cost together what the period costs', () => {
    fc.assert(
      fc.property(changes, (values) => {
        const fees = feesFor({ charge_model: 'graduated', properties: { graduated_ranges } }, sums(...values));
        const total = fees.reduce((sum, { numbers }) => sum + Number(numbers.precise_amount_cents), 0);
        const units = values.reduce((sum, value) => sum + value, 0);
        const inTiers = [units, Math.max(units - 10, 0), Math.max(units - 40, 0)];
        const whole =
          (inTiers[0]! - inTiers[1]!) * 25 +
          (inTiers[1]! - inTiers[2]!) * 50 +
          inTiers[2]! * 10 +
          (units > 0 ? 200 : 0) +
          (units > 10 ? 300 : 0) +
          (units > 40 ? 100 : 0);
        assert.equal(total, whole);
      }),
    );
  });

  it('whatever comes and goes, nothing is ever given back', () => {
    const mixed = fc.array(fc.integer({ min: -50, max: 50 }), { maxLength: 30 });
    const models = fc.constantFrom<Terms>(
      {},
      { charge_model: 'graduated', properties: { graduated_ranges } },
      { charge_model: 'package', properties: { amount: '3', package_size: 7, free_units: 5 } },
      { charge_model: 'percentage', properties: { rate: '3', fixed_amount: '1', free_units_per_events: 3 } },
    );
    fc.assert(
      fc.property(models, mixed, (terms, values) => {
        const fees = feesFor(terms, sums(...values));
        assert.equal(fees.length, values.length);
        for (const { numbers } of fees) {
          assert.ok(numbers.amount_cents >= 0);
          assert.ok(Number(numbers.units) >= 0);
        }
      }),
    );
  });

  it('it does not matter in how many steps events are paid for', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 20 }),
        fc.nat(),
        (values, cut) => {
          const terms: Terms = { charge_model: 'graduated', properties: { graduated_ranges } };
          const list = events(sums(...values));
          const [first, second] = [list.slice(0, cut % list.length), list.slice(cut % list.length)];
          const facts = {
            charge: chargeOf(terms),
            currency: 'EUR',
            period: june,
            reading: { before: [], events: list },
          };
          const ids = (some: readonly UsageEvent[]): Set<string> => new Set(some.map(({ id }) => id));
          const whole = chargeInstantUsage({ ...facts, marks: new Map(), due: ids(list) });
          const one = chargeInstantUsage({ ...facts, marks: new Map(), due: ids(first) });
          const two = chargeInstantUsage({ ...facts, marks: one.marks, due: ids(second) });
          assert.deepEqual([...one.fees, ...two.fees], whole.fees);
        },
      ),
    );
  });
});
