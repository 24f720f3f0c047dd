import assert from 'node:assert/strict';
import {
  type MeteredCharge,
  type UsageSubscription,
  computeCurrentUsage,
  currentUsagePeriod,
} from '../../../billing/usage/current-usage.ts';

function subscription(
  changes: Partial<UsageSubscription> & { interval?: 'monthly' | 'yearly'; timezone?: string } = {},
): UsageSubscription {
  const { interval = 'monthly', timezone = 'UTC', ...rest } = changes;
  const started_at = rest.started_at ?? '2026-01-10T09:30:00.000Z';
  return {
    terms: { interval, billing_time: 'calendar', subscription_at: started_at, timezone },
    plan: { pay_in_advance: false, bill_charges_monthly: null },
    started_at,
    total_since: started_at,
    activated_at: started_at,
    activation_timezone: timezone,
    last_periodic_at: null,
    last_charges_to: null,
    ...rest,
  };
}

describe('the period of current usage', () => {
  const cases: [fact: string, subscription: UsageSubscription, at: string, expected: [from: string, to: string, issuing_date: string]][] = [
    ['begins with the start in the first period', subscription(), '2026-01-10T09:30:00.000Z', ['2026-01-10T09:30:00.000Z', '2026-02-01T00:00:00.000Z', '2026-01-31']],
    ['is the whole period after that', subscription(), '2026-02-28T23:59:59.999Z', ['2026-02-01T00:00:00.000Z', '2026-03-01T00:00:00.000Z', '2026-02-28']],
    ['changes at the boundary', subscription(), '2026-03-01T00:00:00.000Z', ['2026-03-01T00:00:00.000Z', '2026-04-01T00:00:00.000Z', '2026-03-31']],
    ['is that of the plan, paid in advance or not', subscription({ plan: { pay_in_advance: true, bill_charges_monthly: null } }), '2026-03-05T00:00:00.000Z', ['2026-03-01T00:00:00.000Z', '2026-04-01T00:00:00.000Z', '2026-03-31']],
    ['is a year with a yearly plan', subscription({ interval: 'yearly' }), '2026-05-05T00:00:00.000Z', ['2026-01-10T09:30:00.000Z', '2027-01-01T00:00:00.000Z', '2026-12-31']],
    ['is a month where a yearly plan bills its charges monthly, and still issued with the year', subscription({ interval: 'yearly', plan: { pay_in_advance: false, bill_charges_monthly: true } }), '2026-05-05T00:00:00.000Z', ['2026-05-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z', '2026-12-31']],
    ['follows the days of the time zone', subscription({ timezone: 'America/Los_Angeles' }), '2026-04-01T05:00:00.000Z', ['2026-03-01T08:00:00.000Z', '2026-04-01T07:00:00.000Z', '2026-03-31']],
    ['goes on where the last bill ended when the time zone has changed since', subscription({ timezone: 'Asia/Tokyo', last_charges_to: '2026-03-01T00:00:00.000Z', last_periodic_at: '2026-03-01T00:00:00.000Z' }), '2026-03-10T00:00:00.000Z', ['2026-03-01T00:00:00.000Z', '2026-03-31T15:00:00.000Z', '2026-03-31']],
  ]; // prettier-ignore
  for (const [fact, one, at, [from, to, issuing_date]] of cases)
    it(fact, () => {
      const period = currentUsagePeriod(one, at);
      assert.deepEqual([period.from, period.to, period.issuing_date], [from, to, issuing_date]);
    });
});

describe('the amount of current usage', () => {
  const tax = (rate: string) => ({ id: rate, name: rate, code: rate, description: null, rate });

  function charge(changes: Partial<MeteredCharge> = {}): MeteredCharge {
    return {
      id: 'charge',
      code: 'charge',
      charge_model: 'standard',
      properties: { amount: '0.335' },
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
  const used = (units: string, changes?: Partial<MeteredCharge>) => ({
    charge: charge(changes),
    buckets: [{ filter: null, grouped_by: {}, usage: { units, events_count: 2 } }],
  });

  it('is what the fees would be, and their taxes', () => {
    const usage = computeCurrentUsage({
      currency: 'EUR',
      charges: [used('3'), used('3'), used('10', { properties: { amount: '1' }, taxes: [tax('10')] })],
      taxes: { organization: [tax('20')] },
    });
    // 3 × 0.335 = 1.005 becomes 1.01, twice; 20 % of 2.02 and 10 % of 10.00.
    assert.deepEqual(
      usage.charges.map(({ amount_cents }) => amount_cents),
      [101, 101, 1000],
    );
    assert.deepEqual([usage.amount_cents, usage.taxes_amount_cents, usage.total_amount_cents], [1202, 140, 1342]);
  });

  it('can be told without taxes', () => {
    const usage = computeCurrentUsage({
      currency: 'EUR',
      charges: [used('10', { taxes: [tax('10')] })],
      taxes: undefined,
    });
    assert.deepEqual([usage.taxes_amount_cents, usage.total_amount_cents], [0, 335]);
  });

  it('is on rounded units, and 0 for less than none', () => {
    const { charges } = computeCurrentUsage({
      currency: 'JPY',
      charges: [used('2.5', { rounding_function: 'ceil', properties: { amount: '100' } }), used('-1')],
      taxes: {},
    });
    assert.deepEqual(
      charges.map(({ units, amount_cents, events_count }) => [units, amount_cents, events_count]),
      [
        ['3', 300, 2],
        ['0', 0, 2],
      ],
    );
  });

  it('lists what was not used, by the name of the metric', () => {
    const { charges, amount_cents } = computeCurrentUsage({
      currency: 'EUR',
      charges: [used('0', { metric_name: 'b' }), used('0', { metric_name: 'C' }), used('0', { metric_name: 'A' })],
      taxes: {},
    });
    assert.deepEqual(
      charges.map((one) => one.charge.metric_name),
      ['A', 'b', 'C'],
    );
    assert.equal(amount_cents, 0);
  });
});
