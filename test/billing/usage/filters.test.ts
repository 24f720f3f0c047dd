import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type ChargeFilter,
  filterInAdvance,
  filtersInArrears,
  type FilterValues,
  matchesAny,
} from '../../../billing/usage/filters.ts';
import type { Dimensions } from '../../../billing/usage/reading.ts';

const ALL = ['__ALL_FILTER_VALUES__'];
const metric: FilterValues = { region: ['us', 'eu', 'asia'], tier: ['gold', 'silver'] };

function filters(...values: FilterValues[]): ChargeFilter[] {
  return values.map((one, index) => ({ id: `F${index + 1}`, values: one, properties: {}, invoice_display_name: null }));
}

describe('filters in arrears', () => {
  const cases: [string, FilterValues[], Dimensions, string[]][] = [
    ['the more specific filter wins', [{ region: ['us'] }, { region: ['us'], tier: ['gold'] }, { tier: ALL }], { region: 'us', tier: 'gold' }, ['F2']],
    ['filters on different keys both count an event', [{ region: ['us'] }, { region: ['us'], tier: ['gold'] }, { tier: ALL }], { region: 'us', tier: 'silver' }, ['F1', 'F3']],
    ['a property that is missing matches no filter on it', [{ region: ['us'] }, { region: ['us'], tier: ['gold'] }, { tier: ALL }], { region: 'us', tier: null }, ['F1']],
    ['what no filter has is for the default', [{ region: ['us'] }, { region: ['us'], tier: ['gold'] }, { tier: ALL }], { region: 'eu', tier: null }, []],
    ['all values are those that the metric lists', [{ tier: ALL }], { region: null, tier: 'bronze' }, []],
    ['the narrower of two filters on the same keys wins', [{ region: ['us', 'eu'] }, { region: ['eu'] }], { region: 'eu', tier: null }, ['F2']],
    ['the wider one keeps the rest', [{ region: ['us', 'eu'] }, { region: ['eu'] }], { region: 'us', tier: null }, ['F1']],
    ['of two identical filters the older counts', [{ region: ['us'] }, { region: ['us'] }], { region: 'us', tier: null }, ['F1']],
    ['what two overlapping filters share is counted by both', [{ region: ['us', 'eu'] }, { region: ['eu', 'asia'] }], { region: 'eu', tier: null }, ['F1', 'F2']],
    ['what only one of them has is its own', [{ region: ['us', 'eu'] }, { region: ['eu', 'asia'] }], { region: 'asia', tier: null }, ['F2']],
  ]; // prettier-ignore
  for (const [fact, values, dimensions, chosen] of cases)
    it(fact, () => assert.deepEqual(filtersInArrears(filters(...values), metric)(dimensions).map((filter) => filter.id), chosen)); // prettier-ignore

  it('may be on keys that objects have of themselves', () => {
    for (const key of ['toString', 'constructor', '__proto__']) {
      const named = { ...metric, ...(JSON.parse(`{"${key}":["a"]}`) as FilterValues) };
      const list = filters({ region: ['us'] }, JSON.parse(`{"${key}":["a"]}`) as FilterValues);
      const dimensions = JSON.parse(`{"region":"us","${key}":"a"}`) as Dimensions;
      const chosen = filtersInArrears(list, named)(dimensions);
      assert.deepEqual(
        chosen.map(({ id }) => id),
        ['F1', 'F2'],
      );
      assert.equal(matchesAny(list, named)({ region: 'eu' }), false);
    }
  });

  const value = (key: 'region' | 'tier') => fc.constantFrom(...(metric[key] as string[]), 'other', null);
  const choice = fc.record(
    {
      region: fc.subarray(['us', 'eu', 'asia'], { minLength: 1 }),
      tier: fc.subarray(['gold', 'silver'], { minLength: 1 }),
    },
    { requiredKeys: [] },
  );
  it('count no event that they do not match, and leave to the default what none of them matches', () => {
    fc.assert(
      fc.property(
        fc.array(choice, { maxLength: 4 }),
        fc.record({ region: value('region'), tier: value('tier') }),
        (list, dimensions) => {
          const known = filters(...list.filter((one) => Object.keys(one).length > 0));
          const chosen = filtersInArrears(known, metric)(dimensions);
          const matching = known.filter((filter) =>
            Object.entries(filter.values).every(([key, texts]) => texts.includes(dimensions[key as 'region'] ?? '')),
          );
          assert.ok(chosen.every((filter) => matching.includes(filter)));
          assert.equal(matchesAny(known, metric)(dimensions), matching.length > 0);
        },
      ),
    );
  });
});

describe('the filter in advance', () => {
  const list = filters({ region: ['us'] }, { region: ['us'], tier: ['gold'] }, { tier: ALL });
  const cases: [string, Dimensions, string | undefined][] = [
    ['is the one with the most keys', { region: 'us', tier: 'gold' }, 'F2'],
    ['is the earliest of those with as many', { region: 'us', tier: 'silver' }, 'F1'],
    ['may be any that matches', { region: 'eu', tier: 'gold' }, 'F3'],
    ['may be none', { region: 'eu', tier: null }, undefined],
  ];
  for (const [fact, dimensions, id] of cases)
    it(fact, () => assert.equal(filterInAdvance(list, metric, dimensions)?.id, id));
});
