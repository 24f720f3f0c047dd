import assert from 'node:assert/strict';
import { type AggregationType, aggregationTypes } from '../../../billing/billable-metrics/aggregation.ts';
import { type ChargeModelName, chargeModelNames, chargeModels } from '../../../billing/charge-models/index.ts';
import { notBuiltYet } from '../../../billing/charges/not-built-yet.ts';
import { type ChargeTerms, storedProperties, validateCharge } from '../../../billing/charges/validate.ts';

const charge: ChargeTerms = {
  charge_model: 'standard',
  pay_in_advance: false,
  invoiceable: true,
  regroup_paid_fees: null,
  prorated: false,
  min_amount_cents: 0,
  properties: { amount: '1' },
  filters: [],
};
const filters = [{ key: 'region', values: ['us', 'eu'] }];
const sumMetric = { aggregation_type: 'sum_agg', recurring: false, filters } as const;

/** Without the refusals of what is not built yet, which come on top. */
function errors(
  terms: Partial<ChargeTerms>,
  metric: { aggregation_type: AggregationType; recurring: boolean } = sumMetric,
) {
  const all = validateCharge({ ...charge, ...terms }, { filters, ...metric });
  return Object.fromEntries(
    Object.entries(all)
      .map(([field, codes]) => [field, codes.filter((code) => code !== 'feature_unavailable')] as const)
      .filter(([, codes]) => codes.length > 0),
  );
}

describe('a charge', () => {
  // The table of the combinations: for each model the metrics it goes with, when it is paid, whether it is prorated.
  const everything: AggregationType[] = [...aggregationTypes];
  const allButLatest = everything.filter((type) => type !== 'latest_agg');
  const combinations: Record<ChargeModelName, { metrics: AggregationType[]; inAdvance: boolean; prorated: string }> = {
    standard: { metrics: everything, inAdvance: true, prorated: 'always' },
    graduated: { metrics: everything, inAdvance: true, prorated: 'arrears' },
    package: { metrics: everything, inAdvance: true, prorated: 'never' },
    percentage: { metrics: allButLatest, inAdvance: true, prorated: 'never' },
    volume: { metrics: everything, inAdvance: false, prorated: 'arrears' },
    graduated_percentage: { metrics: allButLatest, inAdvance: true, prorated: 'never' },
    dynamic: { metrics: ['sum_agg'], inAdvance: true, prorated: 'never' },
    custom: { metrics: ['custom_agg'], inAdvance: true, prorated: 'never' },
  };
  const payableInAdvance: AggregationType[] = ['count_agg', 'sum_agg', 'unique_count_agg', 'custom_agg'];

  for (const charge_model of chargeModelNames) {
    const { metrics, inAdvance, prorated } = combinations[charge_model];

    for (const aggregation_type of aggregationTypes) {
      it(`${charge_model} on ${aggregation_type} is ${metrics.includes(aggregation_type) ? 'allowed' : 'refused'}`, () => {
        const expected = metrics.includes(aggregation_type)
          ? {}
          : charge_model === 'dynamic' || charge_model === 'custom'
            ? { charge_model: ['invalid_aggregation_type_or_charge_model'] }
            : { properties: ['invalid_value'] };
        assert.deepEqual(errors({ charge_model, properties: null }, { aggregation_type, recurring: false }), expected);
      });

      it(`${charge_model} on ${aggregation_type} is ${inAdvance && payableInAdvance.includes(aggregation_type) ? '' : 'not '}payable in advance`, () => {
        const found = errors(
          { charge_model, properties: null, pay_in_advance: true },
          { aggregation_type, recurring: false },
        );
        const expected =
          inAdvance && payableInAdvance.includes(aggregation_type)
            ? undefined
            : ['invalid_aggregation_type_or_charge_model'];
        assert.deepEqual(found.pay_in_advance, expected);
      });
    }

    it(`${charge_model} is prorated ${prorated}`, () => {
      const refused = ['invalid_billable_metric_or_charge_model'];
      const terms = { charge_model, properties: null, prorated: true };
      const recurring = { aggregation_type: 'sum_agg', recurring: true } as const;
      assert.deepEqual(errors(terms, recurring).prorated, prorated === 'never' ? refused : undefined);
      assert.deepEqual(
        errors({ ...terms, pay_in_advance: true }, recurring).prorated,
        prorated === 'always' ? undefined : refused,
      );
      assert.deepEqual(errors(terms, sumMetric).prorated, refused, 'only with a recurring metric');
      const weighted = { aggregation_type: 'weighted_sum_agg', recurring: true } as const;
      assert.deepEqual(errors(terms, weighted).prorated, refused, 'a weighted sum already counts the time');
    });
  }

  const crossField: { name: string; terms: Partial<ChargeTerms>; expected: Record<string, string[]> }[] = [
    { name: 'right in itself', terms: {}, expected: {} },
    {
      name: 'in arrears and not invoiceable',
      terms: { invoiceable: false },
      expected: { invoiceable: ['must_be_true_unless_pay_in_advance'] },
    },
    { name: 'in advance and not invoiceable', terms: { invoiceable: false, pay_in_advance: true }, expected: {} },
    {
      name: 'regrouped while invoiceable',
      terms: { regroup_paid_fees: 'invoice', pay_in_advance: true },
      expected: { regroup_paid_fees: ['only_compatible_with_pay_in_advance_and_non_invoiceable'] },
    },
    {
      name: 'regrouped when paid in advance and not invoiceable',
      terms: { regroup_paid_fees: 'invoice', pay_in_advance: true, invoiceable: false },
      expected: {},
    },
    {
      name: 'regrouped into something unknown',
      terms: { regroup_paid_fees: 'month', pay_in_advance: true, invoiceable: false },
      expected: { regroup_paid_fees: ['value_is_invalid'] },
    },
    {
      name: 'with a minimum in advance',
      terms: { min_amount_cents: 1, pay_in_advance: true },
      expected: { min_amount_cents: ['not_compatible_with_pay_in_advance'] },
    },
    {
      name: 'with a minimum below 0',
      terms: { min_amount_cents: -1 },
      expected: { min_amount_cents: ['value_is_out_of_range'] },
    },
    {
      name: 'of a model that does not exist',
      terms: { charge_model: 'per_seat' },
      expected: { charge_model: ['value_is_invalid'] },
    },
    {
      name: "of a model named like an object's own",
      terms: { charge_model: 'toString' },
      expected: { charge_model: ['value_is_invalid'] },
    },
    {
      name: 'with filters',
      terms: { filters: [{ values: { region: ['us'] }, properties: { amount: '2' } }] },
      expected: {},
    },
    {
      name: 'with filters that are wrong, each counted',
      terms: {
        properties: { amount: 1 },
        filters: [
          { values: { region: ['us'] }, properties: { rate: '2' } },
          { values: { cloud: ['aws'] }, properties: { amount: '2' } },
          { properties: { amount: 2 } },
        ],
      },
      expected: {
        properties: ['invalid_amount', 'invalid_amount', 'invalid_amount'],
        values: ['value_is_invalid', 'value_is_mandatory'],
        billable_metric_filter: ['relation_must_exist'],
      },
    },
    {
      name: 'wrong in several ways',
      terms: { invoiceable: false, prorated: true, properties: { amount: 12 } },
      expected: {
        invoiceable: ['must_be_true_unless_pay_in_advance'],
        prorated: ['invalid_billable_metric_or_charge_model'],
        properties: ['invalid_amount'],
      },
    },
  ];
  for (const { name, terms, expected } of crossField) {
    it(`${name} is answered with ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(errors(terms), expected);
    });
  }
});

describe('the rate at which a pricing unit becomes money', () => {
  const cases: [rate: unknown, codes: string[] | undefined][] = [
    ['2.5', undefined],
    [0.1, undefined],
    ['0', ['value_is_out_of_range']],
    ['-1', ['value_is_invalid']],
    ['many', ['value_is_invalid']],
    [undefined, ['value_is_mandatory']],
    [null, ['value_is_mandatory']],
  ];
  for (const [conversion_rate, codes] of cases)
    it(`${JSON.stringify(conversion_rate)} is answered with ${JSON.stringify(codes)}`, () => {
      assert.deepEqual(validateCharge({ ...charge, conversion_rate }, sumMetric)['conversion_rate'], codes);
    });
});

describe('what cannot be billed yet is refused', () => {
  const cases: { field: string; code: string; terms: Partial<ChargeTerms> }[] = [
    { field: 'accepts_target_wallet', code: 'feature_unavailable', terms: { accepts_target_wallet: true } },
  ];
  for (const { field, code, terms } of cases) {
    it(`${Object.keys(terms).at(-1)}: ${field} ${code}`, () => {
      assert.deepEqual(validateCharge({ ...charge, ...terms }, sumMetric), { [field]: [code] });
    });
  }

  it('and nothing else', () => {
    const empty = { pricing_group_keys: [], grouped_by: null, presentation_group_keys: [] };
    const terms = { ...charge, properties: { amount: '1', ...empty }, filters: [], accepts_target_wallet: false };
    assert.deepEqual(validateCharge(terms, sumMetric), {});
    assert.equal(new Set(notBuiltYet.map(({ field }) => field)).size, notBuiltYet.length);
  });
});

describe('the properties of a charge', () => {
  const range = (from_value: unknown, to_value: unknown, more: object = {}): object => ({
    from_value,
    to_value,
    per_unit_amount: '1',
    flat_amount: '0',
    rate: '1',
    ...more,
  });
  const graduated = (...graduated_ranges: unknown[]): object => ({ graduated_ranges });
  const volume = (...volume_ranges: unknown[]): object => ({ volume_ranges });
  const graduatedPercentage = (...graduated_percentage_ranges: unknown[]): object => ({ graduated_percentage_ranges });

  const cases: { model: ChargeModelName; properties: unknown; codes: string[] }[] = [
    { model: 'standard', properties: { amount: '0' }, codes: [] },
    { model: 'standard', properties: { amount: '0.000001' }, codes: [] },
    { model: 'standard', properties: { amount: '1e-7' }, codes: [] },
    ...[
      '',
      ' ',
      '-1',
      'ten',
      '1,5',
      '0x10',
      'Infinity',
      'NaN',
      '1e999',
      '1000000000000000',
      `0.${'0'.repeat(60)}1`,
      null,
      5,
      1.5,
      ['1'],
      {},
    ].map((amount) => ({ model: 'standard' as const, properties: { amount }, codes: ['invalid_amount'] })),
    { model: 'standard', properties: { price: '1' }, codes: ['invalid_amount'] },
    { model: 'standard', properties: 'free', codes: ['invalid_type'] },
    { model: 'standard', properties: [], codes: ['invalid_type'] },

    { model: 'graduated', properties: graduated(range(0, 10), range(11, 20), range(21, null)), codes: [] },
    { model: 'graduated', properties: graduated(range(0, 10), range(10, 20), range(20, null)), codes: [] },
    { model: 'graduated', properties: graduated(range(1, 10), range(11, null)), codes: [] },
    { model: 'graduated', properties: graduated(range(0, 0.3), range(1.3, null)), codes: [] },
    { model: 'graduated', properties: { amount: '1' }, codes: ['missing_graduated_ranges'] },
    { model: 'graduated', properties: graduated(), codes: ['missing_graduated_ranges'] },
    { model: 'graduated', properties: { graduated_ranges: 'all' }, codes: ['missing_graduated_ranges'] },
    { model: 'graduated', properties: graduated('all'), codes: ['invalid_graduated_ranges'] },
    { model: 'graduated', properties: graduated(range(2, null)), codes: ['invalid_graduated_ranges'] },
    { model: 'graduated', properties: graduated(range('0', null)), codes: ['invalid_graduated_ranges'] },
    { model: 'graduated', properties: graduated(range(0, 10)), codes: ['invalid_graduated_ranges'] },
    { model: 'graduated', properties: graduated(range(0, 10), range(12, null)), codes: ['invalid_graduated_ranges'] },
    {
      model: 'graduated',
      properties: graduated(range(0, null), range(11, null)),
      codes: ['invalid_graduated_ranges', 'invalid_graduated_ranges'],
    },
    {
      model: 'graduated',
      properties: graduated(range(0, 10), range(11, 11), range(12, null)),
      codes: ['invalid_graduated_ranges'],
    },
    {
      model: 'graduated',
      properties: graduated(range(0, 10, { per_unit_amount: 1 }), range(11, null, { flat_amount: '-1' })),
      codes: ['invalid_amount', 'invalid_amount'],
    },
    {
      model: 'graduated',
      properties: graduated(range(0, 10, { per_unit_amount: null }), range(15, null)),
      codes: ['invalid_amount', 'invalid_graduated_ranges'],
    },

    { model: 'volume', properties: volume(range(0, 100), range(101, null)), codes: [] },
    { model: 'volume', properties: volume(range(0, 100), range(102, null)), codes: [] },
    { model: 'volume', properties: volume(range(0, 100), range(100, null)), codes: ['invalid_volume_ranges'] },
    { model: 'volume', properties: volume(range(0, null, { flat_amount: '' })), codes: ['invalid_amount'] },
    { model: 'volume', properties: {}, codes: ['missing_volume_ranges'] },

    { model: 'graduated_percentage', properties: graduatedPercentage(range(0, null)), codes: [] },
    { model: 'graduated_percentage', properties: {}, codes: ['missing_graduated_percentage_ranges'] },
    {
      model: 'graduated_percentage',
      properties: graduatedPercentage(range(0, 10, { rate: 5 }), range(13, null, { flat_amount: 5 })),
      codes: ['invalid_rate', 'invalid_amount', 'invalid_graduated_percentage_ranges'],
    },

    { model: 'package', properties: { amount: '1', package_size: 10, free_units: 0 }, codes: [] },
    { model: 'package', properties: { amount: '1', package_size: 10 }, codes: ['invalid_free_units'] },
    {
      model: 'package',
      properties: { amount: 1, package_size: 0, free_units: -1 },
      codes: ['invalid_amount', 'invalid_free_units', 'invalid_package_size'],
    },
    {
      model: 'package',
      properties: { amount: '1', package_size: 1.5, free_units: '3' },
      codes: ['invalid_free_units', 'invalid_package_size'],
    },

    { model: 'percentage', properties: { rate: '1' }, codes: [] },
    {
      model: 'percentage',
      properties: {
        rate: '1',
        fixed_amount: null,
        free_units_per_events: null,
        free_units_per_total_aggregation: null,
        per_transaction_min_amount: '',
        per_transaction_max_amount: '',
      },
      codes: [],
    },
    {
      model: 'percentage',
      properties: {
        rate: 1,
        fixed_amount: 1,
        free_units_per_events: 0,
        free_units_per_total_aggregation: 10,
        per_transaction_min_amount: 'low',
        per_transaction_max_amount: 12,
      },
      codes: [
        'invalid_rate',
        'invalid_fixed_amount',
        'invalid_free_units_per_events',
        'invalid_free_units_per_total_aggregation',
        'invalid_amount',
        'invalid_amount',
      ],
    },
    {
      model: 'percentage',
      properties: { rate: '1', per_transaction_min_amount: '2', per_transaction_max_amount: '1.99' },
      codes: ['per_transaction_max_lower_than_per_transaction_min'],
    },
    { model: 'dynamic', properties: { amount: 'whatever' }, codes: [] },
  ];
  for (const { model, properties, codes } of cases) {
    it(`${model} ${JSON.stringify(properties)}: ${codes.join(', ') || 'right'}`, () => {
      assert.deepEqual(chargeModels[model].validate(properties, { aggregation_type: 'sum_agg' }), codes);
    });
  }

  it('are stored without what the model does not know', () => {
    const sent = { amount: '0.10', rate: '5', graduated_ranges: [] };
    assert.deepEqual(storedProperties({ charge_model: 'standard', properties: sent }), { amount: '0.10' });
    const ranges = graduated(range(0, null));
    assert.deepEqual(storedProperties({ charge_model: 'graduated', properties: ranges }), {
      graduated_ranges: [{ from_value: 0, to_value: null, per_unit_amount: '1', flat_amount: '0' }],
    });
  });

  const defaults: Record<ChargeModelName, unknown> = {
    standard: { amount: '0' },
    graduated: { graduated_ranges: [{ from_value: 0, to_value: null, per_unit_amount: '0', flat_amount: '0' }] },
    volume: { volume_ranges: [{ from_value: 0, to_value: null, per_unit_amount: '0', flat_amount: '0' }] },
    package: { package_size: 1, amount: '0', free_units: 0 },
    percentage: { rate: '0' },
    graduated_percentage: {
      graduated_percentage_ranges: [{ from_value: 0, to_value: null, rate: '0', flat_amount: '0' }],
    },
    dynamic: {},
    custom: {},
  };
  for (const charge_model of chargeModelNames) {
    it(`of a ${charge_model} charge are its default when left out`, () => {
      for (const properties of [undefined, null, {}])
        assert.deepEqual(storedProperties({ charge_model, properties }), defaults[charge_model]);
    });
  }
});
