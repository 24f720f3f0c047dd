import assert from 'node:assert/strict';
import { sandbox, stories } from '../support/sandbox.ts';

stories('overrides in the middle of a period', () => {
  const tiers = [
    { from_value: 0, to_value: 10, per_unit_amount: '10', flat_amount: '0' },
    { from_value: 11, to_value: null, per_unit_amount: '1', flat_amount: '0' },
  ];
  const properties = { graduated_ranges: tiers };

  /** Eight seats, three of them given back, and seven more, some of them in a region that has prices of its own. */
  async function play(overrides: object | undefined): Promise<unknown[]> {
    const acme = await sandbox({ at: '2026-01-10T00:00:00.000Z' });
    const filters = [{ key: 'region', values: ['eu', 'us'] }];
    const metric = await acme.metric('seats', { aggregation_type: 'sum_agg', field_name: 'units', filters });
    const charge = { billable_metric_id: metric, charge_model: 'graduated', pay_in_advance: true, properties };
    await acme.subscribe({
      plan: { code: 'p', charges: [{ ...charge, filters: [{ values: { region: ['eu'] }, properties }] }] },
    });
    let sent = 0;
    const use = (units: number, region: string) =>
      acme.post('/events', {
        event: {
          transaction_id: `t${++sent}`,
          external_subscription_id: 'sub',
          code: 'seats',
          properties: { units, region },
        },
      });
    for (const region of ['eu', 'us']) for (const units of [8, -3]) await use(units, region);
    if (overrides) await acme.put('/subscriptions/sub', { subscription: { plan_overrides: overrides } });
    for (const region of ['eu', 'us']) for (const units of [3, 4]) await use(units, region);
    const { fees } = await acme.get('/fees?fee_type=charge');
    return fees.map((fee: { units: string; amount_cents: number }) => [fee.units, fee.amount_cents]);
  }

  it('cost the same as without where they change no price: what was paid for as it came is not paid for again', async () => {
    const plain = await play(undefined);
    assert.equal(plain.length, 8);
    assert.deepEqual(await play({ name: 'Own' }), plain);
  });
});
