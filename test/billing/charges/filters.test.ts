import assert from 'node:assert/strict';
import { chargeModels } from '../../../billing/charge-models/index.ts';
import { matchFilters, storedFilter, trimFilterValues, validateFilter } from '../../../billing/charges/filters.ts';
import type { FilterValues } from '../../../billing/usage/filters.ts';

const ALL = '__ALL_FILTER_VALUES__';
const filters = [
  { key: 'region', values: ['us', 'eu', 'asia'] },
  { key: 'tier', values: ['gold', 'silver'] },
];
const metric = { aggregation_type: 'sum_agg', filters } as const;
const properties = { amount: '1' };

describe('a filter of a charge', () => {
  const mandatory = { values: ['value_is_mandatory'] };
  const wrong = { values: ['value_is_invalid'] };
  const unknown = { billable_metric_filter: ['relation_must_exist'], values: ['value_is_invalid'] };
  const cases: [values: unknown, details: object][] = [
    [{ region: ['us'] }, {}],
    [{ region: ['us', 'eu'], tier: [ALL] }, {}],
    [undefined, mandatory],
    [null, mandatory],
    [{}, mandatory],
    [{ region: [] }, mandatory],
    ['us', wrong],
    [['us'], wrong],
    [{ region: 'us' }, wrong],
    [{ region: ['moon'] }, wrong],
    [{ region: ['us', 'moon'] }, wrong],
    [{ region: [1] }, wrong],
    [{ region: [ALL, 'us'] }, wrong],
    [{ region: [], tier: ['moon'] }, { values: ['value_is_mandatory', 'value_is_invalid'] }],
    [{ cloud: ['aws'] }, unknown],
    [{ cloud: [ALL] }, unknown],
    [{ region: ['us'], toString: ['x'] }, unknown],
    [JSON.parse('{"__proto__": ["x"]}'), unknown],
  ];
  for (const [values, details] of cases)
    it(`on ${JSON.stringify(values)} is answered with ${JSON.stringify(details)}`, () => {
      assert.deepEqual(validateFilter({ values, properties }, chargeModels.standard, metric), details);
    });

  it('has properties of its own', () => {
    const values = { region: ['us'] };
    for (const none of [undefined, null, {}]) {
      const { standard, dynamic } = chargeModels;
      assert.deepEqual(validateFilter({ values, properties: none }, standard, metric), {
        properties: ['invalid_amount'],
      });
      assert.deepEqual(validateFilter({ values, properties: none }, dynamic, metric), {});
    }
    const both = validateFilter({ values: {}, properties: { amount: 1 } }, chargeModels.standard, metric);
    assert.deepEqual(both, { ...mandatory, properties: ['invalid_amount'] });
  });

  it('is stored as its model stores it, without a breakdown for show', () => {
    const sent = {
      values: { tier: ['gold', 'gold'], region: [ALL, ALL] },
      properties: { amount: '1', x: 1, grouped_by: ['cloud'], presentation_group_keys: 'wrong' },
    };
    assert.deepEqual(validateFilter(sent, chargeModels.standard, metric), {});
    assert.deepEqual(storedFilter(sent, chargeModels.standard), {
      values: { tier: ['gold'], region: [ALL] },
      properties: { amount: '1', pricing_group_keys: ['cloud'] },
      invoice_display_name: null,
    });
  });
});

describe('the filters of an updated charge', () => {
  const us = { id: 'us', values: { region: ['us'], tier: ['gold'] } };
  const eu = { id: 'eu', values: { region: ['eu', 'asia'] } };

  it('are those with the same values, whatever the order of keys', () => {
    const wanted: FilterValues[] = [
      { region: ['eu', 'asia'] },
      { region: ['us'] },
      { tier: ['gold'], region: ['us'] },
      { region: ['asia', 'eu'] },
    ];
    const matched = matchFilters(
      [us, eu],
      wanted.map((values) => ({ values })),
    );
    assert.deepEqual(matched, ['eu', undefined, 'us', undefined]);
  });

  it('are found once each', () => {
    const twin = { ...us, id: 'twin' };
    const wanted = [{ values: us.values }, { values: us.values }, { values: us.values }];
    assert.deepEqual(matchFilters([us, twin], wanted), ['us', 'twin', undefined]);
    assert.deepEqual(matchFilters([us, twin], [{ values: us.values }, { ...us, id: 'us' }]), ['twin', 'us']);
    assert.deepEqual(matchFilters([us, twin], [{ values: us.values, id: 'gone' }]), ['us']);
  });
});

describe('the values of a filter', () => {
  const listed = [{ key: 'region', values: ['us'] }];
  const cases: [what: string, values: FilterValues, left: FilterValues | null][] = [
    ['stay as long as the metric lists them', { region: ['us'] }, { region: ['us'] }],
    ['go when the metric lists them no longer', { region: ['eu', 'us'] }, { region: ['us'] }],
    ['drop out with their key', { region: ['us'], tier: ['gold'] }, { region: ['us'] }],
    ['stay all where all are meant', { region: [ALL] }, { region: [ALL] }],
    ['are none when no key is left', { region: ['eu'], tier: [ALL] }, null],
  ];
  for (const [what, values, left] of cases)
    it(what, () => {
      assert.deepEqual(trimFilterValues(values, listed), left);
    });
});
