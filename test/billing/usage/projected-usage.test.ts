import assert from 'node:assert/strict';
import { computeCurrentUsage, type MeteredCharge } from '../../../billing/usage/current-usage.ts';
import { elapsedShare } from '../../../billing/usage/project.ts';
import { Decimal } from '../../../billing/money/decimal.ts';

const january = { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' };

function charge(changes: Partial<MeteredCharge> = {}): MeteredCharge {
  return {
    id: 'charge',
    code: 'charge',
    charge_model: 'standard',
    properties: { amount: '0.5' },
    invoice_display_name: null,
    filters: [],
    taxes: [],
    billable_metric_id: 'metric',
    metric_code: 'calls',
    metric_name: 'Calls',
    aggregation_type: 'sum_agg',
    recurring: false,
    rounding_function: null,
    rounding_precision: null,
    ...changes,
  };
}

function projected(units: number, changes: Partial<MeteredCharge> = {}, at = '2026-01-10T12:00:00.000Z') {
  const usage = computeCurrentUsage({
    currency: 'EUR',
    charges: [
      {
        charge: charge(changes),
        buckets: [{ filter: null, grouped_by: {}, usage: { units: new Decimal(units), events_count: 1 } }],
      },
    ],
    taxes: undefined,
    projected_from: elapsedShare(january, at, 'UTC'),
  });
  return [usage.projected?.units, usage.projected?.amount_cents];
}

describe('projected usage', () => {
  it('goes on as it has, by the days that are over', () => {
    assert.deepEqual(projected(10), ['31', 1550]);
    assert.deepEqual(projected(10 / 4), ['7.75', 388]);
  });

  it('rounds units to two decimals before they are priced', () => {
    // 3 of 3 days, to 31: 3.3333 × 10.333…
    assert.deepEqual(projected(1, {}, '2026-01-03T00:00:00.000Z'), ['10.33', 517]);
  });

  it('is all of it on the last day, and nothing before the first', () => {
    assert.deepEqual(projected(10, {}, '2026-01-31T23:59:59.999Z'), ['10', 500]);
    assert.equal(elapsedShare(january, '2025-12-31T00:00:00.000Z', 'UTC').toFixed(), '0');
    assert.equal(elapsedShare(january, '2026-03-01T00:00:00.000Z', 'UTC').toFixed(), '1');
  });

  it('prices graduated tiers on what is projected, and nothing without usage', () => {
    const properties = { graduated_ranges: [
      { from_value: 0, to_value: 10, per_unit_amount: '0', flat_amount: '1' },
      { from_value: 11, to_value: null, per_unit_amount: '1', flat_amount: '0' },
    ] }; // prettier-ignore
    assert.deepEqual(projected(10, { charge_model: 'graduated', properties }), ['31', 2200]);
    assert.deepEqual(projected(0, { charge_model: 'graduated', properties }), ['0', 0]);
  });

  it('extends the amount where single events were priced', () => {
    assert.deepEqual(projected(100, { charge_model: 'percentage', properties: { rate: '1', fixed_amount: '2' } }), [
      '310',
      930,
    ]);
  });

  it('leaves what is carried from period to period as it is', () => {
    assert.deepEqual(projected(10, { recurring: true }), ['10', 500]);
  });

  it('leaves out what no filter matches', () => {
    const filters = [{ id: 'f', values: { region: ['us'] }, properties: { amount: '1' }, invoice_display_name: null }];
    assert.deepEqual(projected(10, { filters }), ['0', 0]);
  });
});
