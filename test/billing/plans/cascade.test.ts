import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ChargeModelName } from '../../../billing/charge-models/index.ts';
import { type PricedCharge, cascadeCharge, isRepriced, samePrices } from '../../../billing/plans/cascade.ts';
import type { ChargeFilter } from '../../../billing/usage/filters.ts';

let ids = 0;
const filter = (region: string, amount: string, invoice_display_name: string | null = null): ChargeFilter => ({
  id: `filter ${ids++}`,
  values: { region: [region] },
  properties: { amount },
  invoice_display_name,
});
const charge = (
  properties: object,
  filters: ChargeFilter[] = [],
  charge_model: ChargeModelName = 'standard',
): PricedCharge => ({
  charge_model,
  properties: properties as PricedCharge['properties'],
  filters,
});
const regions = (filters: readonly { values: Readonly<Record<string, readonly string[]>> }[] = []) =>
  filters.map(({ values }) => values['region']?.[0]);

describe('a change of a charge', () => {
  const cases: [what: string, before: object, after: object, copy: object, expected: object][] = [
    ['reaches a copy with the price of before', { amount: '1' }, { amount: '2' }, { amount: '1' }, { amount: '2' }],
    ['reads prices by their value', { amount: '1' }, { amount: '2' }, { amount: '1.00' }, { amount: '2' }],
    ['leaves a price of its own', { amount: '1' }, { amount: '2' }, { amount: '9' }, { amount: '9' }],
    [
      'carries over what is grouped in any case',
      { amount: '1' },
      { amount: '2', pricing_group_keys: ['cloud'] },
      { amount: '9' },
      { amount: '9', pricing_group_keys: ['cloud'] },
    ],
    [
      'takes the grouping off in any case',
      { amount: '1', pricing_group_keys: ['cloud'] },
      { amount: '1' },
      { amount: '9', pricing_group_keys: ['cloud'] },
      { amount: '9' },
    ],
  ];
  for (const [what, before, after, copy, expected] of cases)
    it(what, () => {
      assert.deepEqual(cascadeCharge(charge(before), charge(after), charge(copy))?.properties, expected);
    });

  it('does nothing to a copy that is priced by another model', () => {
    assert.equal(cascadeCharge(charge({}), charge({}), charge({}, [], 'package')), undefined);
  });

  it('reaches filters one by one, each known by its values', () => {
    const before = [filter('us', '1'), filter('eu', '2'), filter('asia', '3')];
    const after = [filter('us', '10', 'America'), filter('eu', '20'), filter('moon', '40')];
    const copies = [filter('asia', '3'), filter('us', '1.0', 'Own name'), filter('eu', '7'), filter('mars', '5')];
    const result = cascadeCharge(charge({}, before), charge({}, after), charge({}, copies))?.filters ?? [];
    assert.deepEqual(regions(result), ['us', 'eu', 'mars', 'moon']);
    assert.deepEqual(
      result.map(({ properties }) => properties['amount']),
      ['10', '7', '5', '40'],
    );
    assert.deepEqual([result[0]?.invoice_display_name, result[0]?.id], ['America', copies[1]?.id]);
    assert.equal(result[3]?.id, undefined);
  });

  const amount = fc.constantFrom('1', '1.0', '2', '3');
  const filters = fc
    .uniqueArray(fc.constantFrom('us', 'eu', 'asia', 'moon'))
    .chain((names) => fc.tuple(...names.map((name) => amount.map((price) => filter(name, price)))))
    .map((list) => list as ChargeFilter[]);
  const any = fc.tuple(amount, filters).map(([price, list]) => charge({ amount: price }, list));

  it('leaves a copy that had all of before with all of after', () => {
    fc.assert(
      fc.property(any, any, (before, after) => {
        const copy = { ...before, filters: before.filters.map((one, index) => ({ ...one, id: `copy ${index}` })) };
        const result = cascadeCharge(before, after, copy);
        assert.ok(result && samePrices(result.properties, after.properties));
        const shown = (list: readonly { values: object; properties: object }[]) =>
          list.map(({ values, properties }) => JSON.stringify([values, Number((properties as { amount: string }).amount)])).sort(); // prettier-ignore
        assert.deepEqual(shown(result.filters), shown(after.filters));
      }),
    );
  });

  it('has no effect a second time', () => {
    fc.assert(
      fc.property(any, any, any, (before, after, copy) => {
        const once = cascadeCharge(before, after, copy);
        assert.ok(once);
        assert.equal(isRepriced(after, after), false);
        const stored = {
          ...copy,
          properties: once.properties,
          filters: once.filters.map((one, i) => ({ id: `new ${i}`, ...one })),
        };
        const twice = cascadeCharge(after, after, stored);
        assert.ok(samePrices(twice, { properties: stored.properties, filters: stored.filters }));
      }),
    );
  });
});
