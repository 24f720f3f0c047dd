import assert from 'node:assert/strict';
import { lines, sandbox, standard, stories } from '../support/sandbox.ts';

const graduated = (billable_metric_id: string): object => ({
  billable_metric_id,
  charge_model: 'graduated',
  properties: {
    graduated_ranges: [
      { from_value: 0, to_value: 10, per_unit_amount: '1', flat_amount: '0' },
      { from_value: 11, to_value: null, per_unit_amount: '0.5', flat_amount: '3' },
    ],
  },
});

const SUM = { aggregation_type: 'sum_agg', field_name: 'units' };

stories('usage', () => {
  it('at a price per unit costs what was counted or summed', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [
      standard(await billing.metric('calls'), '0.25'),
      standard(await billing.metric('storage', SUM), '0.333'),
    ];
    await billing.subscribe({ plan: { amount_cents: 0, charges } });
    await billing.use('calls', {}, {}, {});
    await billing.use('storage', { units: '2.5' }, { units: 10 });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');

    const invoice = await billing.onlyInvoice();
    // 3 × 0.25 = 0.75. 12.5 × 0.333 = 4.1625, rounded once.
    assert.deepEqual(lines(invoice), ['pro 1 = 0', 'calls 3 = 75', 'storage 12.5 = 416']);
    assert.equal(invoice.fees[2]?.precise_amount, '4.1625');
    assert.equal(invoice.total_amount_cents, 491);
  });

  it('in tiers costs each tier its own price', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [graduated(await billing.metric('seats', SUM))];
    await billing.subscribe({ plan: { charges } });
    await billing.use('seats', { units: 14 });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    await billing.use('seats', { units: 10 });
    await billing.clock.moveTo('2026-06-01T00:00:00Z');
    assert.deepEqual((await billing.invoices()).map(lines), [
      ['pro 1 = 3000', 'seats 14 = 1500'], // 10 × 1 + 3 + 4 × 0.5 = 15.
      ['pro 1 = 3000', 'seats 10 = 1000'],
    ]);
  });

  it('belongs to the period of its timestamp, to the second', async () => {
    const billing = await sandbox({ at: '2026-04-10T10:00:00Z' });
    const charges = [standard(await billing.metric('calls'), '1')];
    await billing.subscribe({ plan: { amount_cents: 0, charges }, customer: { timezone: 'America/New_York' } });
    await billing.use(
      'calls',
      { at: '2026-04-10T09:59:59Z' }, // Before the start.
      { at: '2026-04-10T10:00:00Z' },
      { at: '2026-05-01T03:59:59Z' },
      { at: '2026-05-01T04:00:00Z' }, // May in New York.
      { at: '2026-05-01T04:00:01Z' },
    );
    await billing.clock.moveTo('2026-06-10T00:00:00Z');
    assert.deepEqual((await billing.invoices()).map(lines), [
      ['pro 1 = 0', 'calls 2 = 200'],
      ['pro 1 = 0', 'calls 2 = 200'],
    ]);
  });

  it('sent twice counts once', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [standard(await billing.metric('calls'), '1')];
    await billing.subscribe({ plan: { charges } });
    await billing.use('calls', { transaction_id: 'one' });
    const event = { transaction_id: 'one', external_subscription_id: 'sub', code: 'calls' };
    assert.equal((await billing.call('POST', '/events', { event })).status, 422);
    assert.equal((await billing.usage()).charges_usage[0].units, '1.0');
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    assert.deepEqual(lines(await billing.onlyInvoice()), ['pro 1 = 3000', 'calls 1 = 100']);
  });

  it('that comes after the bill of its period is not billed', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [standard(await billing.metric('calls'), '1')];
    await billing.subscribe({ plan: { amount_cents: 0, charges } });
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    await billing.use('calls', { at: '2026-04-30T12:00:00Z' });
    await billing.clock.moveTo('2026-06-01T00:00:00Z');
    assert.deepEqual((await billing.invoices()).map(lines), [['pro 1 = 0'], ['pro 1 = 0']]);
  });

  it('that comes before its period, even before the subscription, waits for its turn', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [standard(await billing.metric('calls'), '1')];
    await billing.plan({ amount_cents: 0, charges });
    await billing.use('calls', { at: '2026-05-10T00:00:00Z' });
    await billing.subscribe({ plan: 'pro' });
    await billing.clock.moveTo('2026-06-01T00:00:00Z');
    assert.deepEqual((await billing.invoices()).map(lines), [['pro 1 = 0'], ['pro 1 = 0', 'calls 1 = 100']]);
  });

  it('so far is what the invoice says, if nothing more comes', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.tax('vat', '20', { applied_to_organization: true });
    const charges = [graduated(await billing.metric('seats', SUM)), standard(await billing.metric('calls'), '0.1')];
    await billing.subscribe({ plan: { charges }, customer: { timezone: 'Europe/Paris' } });
    await billing.use('seats', { units: 12.5 });
    await billing.use('calls', {}, {}, {});
    const usage = await billing.usage();
    assert.equal(usage.from_datetime, '2026-04-01T00:00:00Z');
    assert.equal(usage.to_datetime, '2026-04-30T21:59:59Z');

    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    const { fees } = await billing.onlyInvoice();
    const charged = fees.filter(({ item }) => item.type === 'charge');
    // 10 + 3 + 2.5 × 0.5 = 14.25; 3 × 0.1 = 0.3.
    assert.deepEqual(charged.map(({ amount_cents }) => amount_cents), [1425, 30]); // prettier-ignore
    assert.equal(usage.amount_cents, 1455);
    assert.equal(usage.taxes_amount_cents, 291);
    assert.equal((await billing.usage()).amount_cents, 0);
  });

  it('has its time from the sandbox’s clock when it does not say', async () => {
    const billing = await sandbox({ at: '2031-04-01T00:00:00Z' });
    const charges = [standard(await billing.metric('calls'), '1')];
    await billing.subscribe({ plan: { amount_cents: 0, charges } });
    await billing.clock.moveTo('2031-04-30T00:00:00Z');
    await billing.use('calls', { transaction_id: 'mine' });
    const { event } = await billing.get('/events/mine');
    assert.equal(event.timestamp.slice(0, 19), '2031-04-30T00:00:00');
    await billing.clock.moveTo('2031-05-01T00:00:00Z');
    assert.deepEqual(lines(await billing.onlyInvoice()), ['pro 1 = 0', 'calls 1 = 100']);
  });

  it('goes on under the same external id from one subscription to the next', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [standard(await billing.metric('calls'), '1')];
    await billing.subscribe({ plan: { amount_cents: 0, charges } });
    await billing.use('calls', {});
    await billing.clock.moveTo('2026-04-10T00:00:00Z');
    await billing.terminate();
    await billing.clock.moveTo('2026-04-11T00:00:00Z');
    await billing.subscribe({ plan: 'pro', customer: 'cus' });
    await billing.use('calls', {}, {});
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    assert.deepEqual((await billing.invoices()).map(lines), [
      ['pro 1 = 0', 'calls 1 = 100'],
      ['pro 1 = 0', 'calls 2 = 200'],
    ]);
  });

  it('that is weighed by time goes on from what was billed: what comes in late for a billed period is lost', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const weighted = { aggregation_type: 'weighted_sum_agg', weighted_interval: 'seconds', recurring: true };
    const disks = await billing.metric('disks', { ...weighted, field_name: 'units' });
    await billing.subscribe({ plan: { amount_cents: 0, charges: [standard(disks, '1')] } });
    await billing.use('disks', { units: 10 });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    await billing.use('disks', { units: 5, at: '2026-04-01T00:00:00Z' }, { units: 31, at: '2026-05-31T00:00:00Z' });
    await billing.clock.moveTo('2026-07-01T00:00:00Z');
    const units = (await billing.invoices()).map(({ fees }) => fees.find(({ item }) => item.code === 'disks')?.units);
    // 10, and 31 more for one day of 31; then all 41.
    assert.deepEqual(units.map(Number), [10, 11, 41]);
  });
});
