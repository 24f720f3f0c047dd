import assert from 'node:assert/strict';
import { showGroupKeys } from '../../../billing/charge-models/group-keys.ts';
import { chargeModelNames, chargeModels } from '../../../billing/charge-models/index.ts';

const metric = { aggregation_type: 'sum_agg' } as const;

describe('the keys that a charge groups by', () => {
  const stored: [what: string, sent: object, kept: string[] | undefined][] = [
    ['are kept in their order', { pricing_group_keys: ['region', 'cloud'] }, ['region', 'cloud']],
    ['go by an older name as well', { grouped_by: ['region'] }, ['region']],
    ['are those of the newer name where both are sent', { grouped_by: ['a'], pricing_group_keys: ['b'] }, ['b']],
    ['are none where the newer name says so', { grouped_by: ['a'], pricing_group_keys: [] }, undefined],
    ['are those of the older name where the newer is null', { grouped_by: ['a'], pricing_group_keys: null }, ['a']],
    ['leave out what is empty or said already', { pricing_group_keys: ['', 'a', 'b', 'a'] }, ['a', 'b']],
    ['are none where all are empty', { pricing_group_keys: [''] }, undefined],
  ];
  for (const [what, sent, kept] of stored)
    it(what, () => {
      for (const name of chargeModelNames) {
        const model = chargeModels[name];
        const properties = { ...model.default_properties, ...sent };
        assert.deepEqual(model.validate(properties, metric), [], name);
        const normal = model.normalize(properties);
        const expected = kept === undefined ? {} : { pricing_group_keys: kept };
        assert.deepEqual(normal, { ...model.default_properties, ...expected }, name);
        assert.deepEqual(model.normalize(normal), normal, name);
      }
    });

  it('are shown under both names', () => {
    const pricing_group_keys = ['region'];
    assert.deepEqual(showGroupKeys({ amount: '1', pricing_group_keys }), {
      amount: '1',
      pricing_group_keys,
      grouped_by: pricing_group_keys,
    });
    assert.deepEqual(showGroupKeys({ amount: '1' }), { amount: '1' });
  });

  const wrong: [sent: object, codes: string[]][] = [
    [{ pricing_group_keys: 'region' }, ['invalid_type']],
    [{ pricing_group_keys: [1] }, ['invalid_type']],
    [{ grouped_by: { 0: 'region' } }, ['invalid_type']],
    [{ presentation_group_keys: ['region'] }, ['invalid_type']],
    [{ presentation_group_keys: [{ value: '' }] }, ['invalid_type']],
    [{ presentation_group_keys: [{ value: 'a', options: { display_in_invoice: 1 } }] }, ['invalid_type']],
    [{ presentation_group_keys: [{ value: 'a' }, { value: 'b' }, { value: 'c' }] }, ['too_many_keys']],
    [{ presentation_group_keys: [{ value: 'a' }, { value: 'a' }] }, ['value_is_duplicated']],
    [{ presentation_group_keys: [{ value: 'a', options: { display_in_invoice: true } }, { value: 'b' }] }, []],
    [{ amount: 1, pricing_group_keys: 1 }, ['invalid_amount', 'invalid_type']],
  ];
  for (const [sent, codes] of wrong)
    it(`${JSON.stringify(sent)} are answered with ${JSON.stringify(codes)}`, () => {
      assert.deepEqual(chargeModels.standard.validate({ amount: '1', ...sent }, metric), codes);
    });
});
