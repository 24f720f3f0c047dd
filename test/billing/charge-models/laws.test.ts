import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { StoredProperties } from '../../../billing/charge-models/charge-model.ts';
import { type ChargeModelName, chargeModels } from '../../../billing/charge-models/index.ts';
import { areTouching, enterTiers } from '../../../billing/charge-models/tiers.ts';
import { Decimal, sum } from '../../../billing/money/decimal.ts';
import { chargeInstantUsage } from '../../../billing/usage/instant-usage.ts';
import { type MeasuredCharge, measure } from '../../../billing/usage/measure.ts';
import type { UsageCell, UsageEvent } from '../../../billing/usage/reading.ts';
import { type MeasuredSpan, proratedSum } from '../../../billing/usage/time-weighted.ts';
import { decimalTexts, price, someUnits, tiersOf } from './prices.ts';

const amount = decimalTexts();
const amounts = fc.record({ per_unit_amount: amount, flat_amount: amount });

/** Models for which more units never cost less. Volume is none: a higher tier may be cheaper for all units. */
const monotone: Partial<Record<ChargeModelName, fc.Arbitrary<StoredProperties>>> = {
  standard: fc.record({ amount }),
  graduated: fc.record({ graduated_ranges: tiersOf(0, amounts) }),
  package: fc.record({ amount, free_units: fc.nat(50), package_size: fc.integer({ min: 1, max: 50 }) }),
  percentage: fc.record({ rate: amount, fixed_amount: amount }),
  graduated_percentage: fc.record({
    graduated_percentage_ranges: tiersOf(1, fc.record({ rate: amount, flat_amount: amount })),
  }),
};

const wholeUnits = fc.integer({ min: 1, max: 500 }).map((units) => new Decimal(units));

describe('the price of more', () => {
  for (const [name, sold] of Object.entries(monotone))
    it(`is never less with ${name}`, () => {
      // Tiers that begin a unit after the last one leave fractions between them open.
      const units = name === 'graduated_percentage' ? wholeUnits : someUnits.filter((one) => !one.isZero());
      fc.assert(
        fc.property(sold, units, units, (properties, one, other) => {
          const of = (some: Decimal): Decimal => price(name as ChargeModelName, properties, { units: some }).amount;
          assert.ok(of(one.plus(other)).gte(of(one)));
        }),
      );
    });
});

describe('tiers', () => {
  it('tile: what falls into each is all there is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<0 | 1>(0, 1).chain((step) => tiersOf(step, amounts)),
        someUnits,
        (tiers, units) => {
          const entered = enterTiers(tiers, units, areTouching(tiers));
          assert.equal(sum(entered.map((one) => one.units)).toFixed(), units.toFixed());
        },
      ),
    );
  });

  it('cost the same at any price however they are cut, without flat amounts', () => {
    fc.assert(
      fc.property(tiersOf(0, fc.constant({ per_unit_amount: '0.07', flat_amount: '0' })), someUnits, (tiers, units) => {
        const cut = price('graduated', { graduated_ranges: tiers }, { units });
        assert.equal(cut.amount.toFixed(), units.times('0.07').toFixed());
      }),
    );
  });
});

const charge: MeasuredCharge = {
  charge_model: 'standard',
  properties: { amount: '1', pricing_group_keys: ['cloud'] },
  filters: [],
  prorated: false,
  isPaidAsItComes: false,
  metric: { aggregation_type: 'sum_agg', filters: {} },
};

const april: MeasuredSpan = {
  from: '2026-04-01T00:00:00.000Z',
  to: '2026-05-01T00:00:00.000Z',
  timezone: 'UTC',
  period_days: 30,
  started_at: '2026-01-01T00:00:00.000Z',
  is_ended_by_upgrade: false,
};

const cells = fc.array(
  fc
    .record({ value: decimalTexts(), cloud: fc.constantFrom('aws', 'gcp', '', null) })
    .map(({ value, cloud }): UsageCell => ({
      dimensions: { cloud },
      events_count: 1,
      sum: value,
      max: value,
      latest: null,
      value: null,
      operation: 'add',
      dynamic_amount_cents: '0',
    })),
  { maxLength: 20 },
);

describe('usage', () => {
  it('of all groups together is the whole, at a price per unit to the last digit', () => {
    fc.assert(
      fc.property(cells, (some) => {
        const buckets = measure(charge, { detail: 'cells', cells: some }, april);
        const of = (units: Decimal | string): Decimal => price('standard', { amount: '0.335' }, { units }).amount;
        const whole = sum(some.map((cell) => cell.sum));
        assert.equal(sum(buckets.map(({ usage }) => of(usage.units))).toFixed(), of(whole).toFixed());
      }),
    );
  });

  it('is the same in whatever order it comes', () => {
    const shuffled = cells.chain((some) =>
      fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
    );
    fc.assert(
      fc.property(shuffled, ([some, other]) => {
        const read = (list: readonly UsageCell[]): unknown =>
          measure(charge, { detail: 'cells', cells: list }, april).map(({ grouped_by, usage }) => [
            grouped_by,
            new Decimal(usage.units).toFixed(),
            usage.events_count,
          ]);
        assert.deepEqual(read(some), read(other));
      }),
    );
  });

  const dated = fc.array(
    fc.record({ value: fc.integer({ min: -20, max: 50 }), day: fc.integer({ min: 1, max: 30 }) }),
    { minLength: 1, maxLength: 12 },
  );
  let ids = 0;
  const toEvent = ({ value, day }: { value: number; day: number }): UsageEvent => ({
    id: String(++ids),
    dimensions: {},
    timestamp: `2026-04-${String(day).padStart(2, '0')}T10:00:00.000000Z`,
    value: String(value),
    operation: 'add',
    precise_total_amount_cents: null,
  });

  it('that is prorated adds up: its parts are the whole, each rounded up by less than a hundred-thousandth', () => {
    fc.assert(
      fc.property(dated, (list) => {
        const events = list.map(toEvent);
        const whole = proratedSum(events, april);
        const parts = events.map((event) => proratedSum([event], april));
        assert.equal(sum(parts.map((part) => part.full_units)).toFixed(), whole.full_units.toFixed());
        const excess = sum(parts.map((part) => part.units)).minus(whole.units);
        assert.ok(excess.abs().lte(new Decimal('0.00001').times(events.length)), excess.toFixed());
      }),
    );
  });

  it('that is paid for event by event comes to the price of all of it, whatever the tiers', () => {
    const values = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(tiersOf(1, amounts), values, (graduated_ranges, list) => {
        const properties = { graduated_ranges };
        const events = list.map((value) => toEvent({ value, day: 1 }));
        const { fees } = chargeInstantUsage({
          charge: { ...charge, charge_model: 'graduated', properties, isPaidAsItComes: true },
          currency: 'EUR',
          period: april,
          reading: { before: [], events },
          marks: new Map(),
          due: new Set(events.map(({ id }) => id)),
        });
        const whole = chargeModels.graduated.price({
          units: new Decimal(list.reduce((total, value) => total + value, 0)),
          events_count: list.length,
          properties,
          currency: 'EUR',
        });
        const paid = sum(fees.map(({ numbers }) => numbers.precise_amount_cents));
        assert.equal(paid.toFixed(), whole.amount.times(100).toFixed());
      }),
    );
  });
});
