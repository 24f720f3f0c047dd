import assert from 'node:assert/strict';
import fc from 'fast-check';
import { aggregationTypes } from '../../billing/billable-metrics/aggregation.ts';
import type { ChargeModel, StoredProperties, Usage } from '../../billing/charge-models/charge-model.ts';
import {
  type ChargeModelName,
  chargeModelNames,
  chargeModels,
  modelsPricedFromUnits,
} from '../../billing/charge-models/index.ts';
import { runningTotals } from '../../billing/charge-models/percentage.ts';
import { Decimal, sum } from '../../billing/money/decimal.ts';
import { decimalTexts, someUnits, tiersOf } from '../billing/charge-models/prices.ts';

const amount = decimalTexts();
const optionalAmount = fc.option(decimalTexts());

const record = <T extends object>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }): fc.Arbitrary<T> =>
  fc.record<T>(fields, { noNullPrototype: true }) as fc.Arbitrary<T>;

/** What each model can be sold with. A new model gets its line here, and with it the whole suite. */
const anyProperties: Record<ChargeModelName, fc.Arbitrary<StoredProperties>> = {
  standard: record({ amount }),
  graduated: record({ graduated_ranges: tiersOf(1, fc.record({ per_unit_amount: amount, flat_amount: amount })) }),
  package: record({ amount, free_units: fc.nat(50), package_size: fc.integer({ min: 1, max: 50 }) }),
  percentage: record({
    rate: amount,
    fixed_amount: optionalAmount,
    free_units_per_events: fc.option(fc.integer({ min: 1, max: 10 })),
    free_units_per_total_aggregation: optionalAmount,
    per_transaction_min_amount: fc.option(fc.constant('1.75')),
    per_transaction_max_amount: fc.option(fc.constant('12')),
  }),
  volume: record({ volume_ranges: tiersOf(1, fc.record({ per_unit_amount: amount, flat_amount: amount })) }),
  graduated_percentage: record({
    graduated_percentage_ranges: tiersOf(1, fc.record({ rate: amount, flat_amount: amount })),
  }),
  dynamic: fc.constant({}),
  custom: fc.constant({}),
};

/** A sum of events, with all that any model reads. */
function usageOf(name: ChargeModelName, properties: StoredProperties, event_values: Decimal[]): Usage {
  const units = sum(event_values);
  return {
    units,
    events_count: event_values.length,
    event_values,
    running_totals:
      name === 'percentage' ? runningTotals(properties, { aggregation_type: 'sum_agg', units, event_values }) : [],
    dynamic_amount_cents: units.times(7),
    custom_amount: units.times('0.03'),
  };
}

for (const name of chargeModelNames) {
  describe(`the charge model ${name}`, () => {
    const model: ChargeModel = chargeModels[name];
    const metric = { aggregation_type: model.aggregation_types[0]! };
    const sold = anyProperties[name];
    const someEvents = fc.array(someUnits, { maxLength: 15 });

    it('goes by its name in the map', () => {
      assert.equal(model.name, name);
      assert.match(name, /^[a-z_]+$/);
      assert.ok(model.aggregation_types.every((type) => aggregationTypes.includes(type)));
    });

    it('has default properties that are right and cost nothing', () => {
      assert.deepEqual(model.validate(model.default_properties, metric), []);
      for (const event_values of [[], [new Decimal(12)]]) {
        const usage = {
          ...usageOf(name, model.default_properties, event_values),
          dynamic_amount_cents: new Decimal(0),
          custom_amount: new Decimal(0),
        };
        const price = model.price({ ...usage, properties: model.default_properties, currency: 'EUR' });
        assert.equal(price.amount.toFixed(), '0');
        assert.equal(price.unit_amount.toFixed(), '0');
      }
    });

    it('stores right properties once and for all, through JSON and back', () => {
      fc.assert(
        fc.property(sold, (properties) => {
          assert.deepEqual(model.validate(properties, metric), []);
          const stored = model.normalize({ ...properties, unheard_of: 1 });
          assert.deepEqual(stored, properties);
          assert.deepEqual(model.normalize(JSON.parse(JSON.stringify(stored))), stored);
        }),
      );
    });

    it('answers anything it is sent with codes, and never fails', () => {
      fc.assert(
        fc.property(fc.oneof(fc.anything(), mangled(sold, fc.anything())), (properties) => {
          for (const code of model.validate(properties, metric)) assert.match(code, /^[a-z_]+$/);
        }),
      );
    });

    it('prices whatever it accepts', () => {
      const nearlyRight = fc.oneof(fc.string(), fc.double(), fc.nat(20), fc.constantFrom(null, '', '0', '1e3', '+2'));
      fc.assert(
        fc.property(fc.oneof(sold, mangled(sold, nearlyRight)), someEvents, (properties, event_values) => {
          if (model.validate(properties, metric).length > 0) return;
          const stored = model.normalize(properties);
          const price = model.price({ ...usageOf(name, stored, event_values), properties: stored, currency: 'EUR' });
          assert.ok(price.amount.gte(0));
        }),
      );
    });

    it('never costs less than nothing, and shows a price per unit that fits', () => {
      fc.assert(
        fc.property(sold, someEvents, (properties, event_values) => {
          const usage = usageOf(name, properties, event_values);
          const price = model.price({ ...usage, properties, currency: 'EUR' });
          assert.ok(price.amount.gte(0));
          assert.ok(price.unit_amount.gte(0));
          // A price per unit is per paid unit where some are free.
          if (usage.units.gt(0)) assert.ok(price.unit_amount.times(usage.units).gte(price.amount.minus('1e-20')));
          if (usage.units.isZero()) assert.ok(price.unit_amount.isZero());
        }),
      );
    });

    it('shows its calculation as the wire shows numbers', () => {
      fc.assert(
        fc.property(sold, someEvents, (properties, event_values) => {
          const price = model.price({ ...usageOf(name, properties, event_values), properties, currency: 'EUR' });
          const details = JSON.parse(JSON.stringify(price.amount_details)) as unknown;
          assert.deepEqual(details, price.amount_details);
          for (const value of leaves(details)) {
            if (typeof value === 'string') assert.match(value, /^-?\d+\.\d+$/);
            else assert.ok(value === null || Number.isSafeInteger(value));
          }
        }),
      );
    });

    it('gives the same price for the same usage', () => {
      fc.assert(
        fc.property(sold, someEvents, (properties, event_values) => {
          const once = (): unknown => {
            const {
              amount: total,
              unit_amount,
              amount_details,
            } = model.price({ ...usageOf(name, properties, event_values), properties, currency: 'EUR' });
            return [total.toFixed(), unit_amount.toFixed(), amount_details];
          };
          assert.deepEqual(once(), once());
        }),
      );
    });

    if (modelsPricedFromUnits.includes(name)) {
      it('needs to know the units and the number of events only', () => {
        fc.assert(
          fc.property(sold, someEvents, (properties, event_values) => {
            const usage = usageOf(name, properties, event_values);
            const { units, events_count } = usage;
            const whole = model.price({ ...usage, properties, currency: 'EUR' });
            const bare = model.price({ units, events_count, properties, currency: 'EUR' });
            assert.equal(bare.amount.toFixed(), whole.amount.toFixed());
          }),
        );
      });
    }
  });
}

/** The same with one value replaced, at any depth. */
function mangled(
  properties: fc.Arbitrary<StoredProperties>,
  replacements: fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  return fc.tuple(properties, fc.nat(), fc.nat(), fc.nat(), replacements).map(([right, ...picks]) => {
    const replacement = picks.pop();
    const replaceIn = (value: unknown, depth: number): unknown => {
      const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
      const pick = picks[depth] as number;
      if (keys.length === 0 || (depth > 0 && pick % (keys.length + 1) === keys.length)) return replacement;
      const key = keys[pick % keys.length]!;
      const copy = structuredClone(value) as Record<string, unknown>;
      copy[key] = replaceIn(copy[key], depth + 1);
      return copy;
    };
    return replaceIn(right, 0);
  });
}

function leaves(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [value];
}
