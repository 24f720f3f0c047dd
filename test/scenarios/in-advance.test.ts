import assert from 'node:assert/strict';
import { type FeeObject, lines, type Sandbox, sandbox, standard, stories } from '../support/sandbox.ts';

const SEATS = { aggregation_type: 'unique_count_agg', field_name: 'seat', recurring: true };
const FREE = { amount_cents: 0 };

interface Terms {
  readonly invoiceable?: boolean;
  readonly prorated?: boolean;
  readonly regroup_paid_fees?: 'invoice';
  readonly properties?: object;
}

/** A price per unit, paid with each event. */
const inAdvance = (billable_metric_id: string, amount: string, { properties = {}, ...terms }: Terms = {}): object => ({
  ...standard(billable_metric_id, amount),
  pay_in_advance: true,
  ...terms,
  properties: { amount, ...properties },
});

async function feesOf(billing: Sandbox, query = ''): Promise<FeeObject[]> {
  return (await billing.get(`/fees?per_page=1000&fee_type=charge${query}`)).fees;
}

/** `calls 1 = 100 on its own`: what it is for, its units and its amount, and whether an invoice has it. */
const told = ({ item, units, amount_cents, lago_invoice_id }: FeeObject): string =>
  `${item.code} ${Number(units)} = ${amount_cents}${lago_invoice_id === null ? ' on its own' : ''}`;

async function seat(billing: Sandbox, name: string, operation_type = 'add'): Promise<void> {
  await billing.post('/events', {
    event: {
      transaction_id: `${operation_type} ${name}`,
      external_subscription_id: 'sub',
      code: 'seats',
      properties: { seat: name, operation_type },
    },
  });
}

async function pay(billing: Sandbox, event_transaction_id: string): Promise<void> {
  const [fee] = await feesOf(billing, `&event_transaction_id=${encodeURIComponent(event_transaction_id)}`);
  assert(fee, 'there is a fee to pay');
  await billing.put(`/fees/${fee.lago_id}`, { fee: { payment_status: 'succeeded' } });
}

stories('usage that is paid in advance', () => {
  it('has a final invoice for each event, at once and whatever the grace period', async () => {
    const billing = await sandbox({ at: '2026-04-10T10:00:00Z' });
    await billing.tax('vat', '20', { applied_to_organization: true });
    await billing.customer({ invoice_grace_period: 5 });
    const charges = [inAdvance(await billing.metric('calls'), '1.5')];
    await billing.subscribe({ plan: { ...FREE, charges }, customer: 'cus' });
    await billing.use('calls', {}, {});

    const invoices = await billing.invoices();
    assert.deepEqual(invoices.map(lines), [['calls 1 = 150'], ['calls 1 = 150']]);
    for (const invoice of invoices) {
      assert.equal(invoice.status, 'finalized');
      assert.equal(invoice.payment_status, 'pending');
      assert.equal(invoice.invoice_type, 'subscription');
      assert.equal(invoice.issuing_date, '2026-04-10');
      assert.equal(invoice.taxes_amount_cents, 30);
      assert.equal(invoice.total_amount_cents, 180);
      assert.equal(invoice.billing_periods[0]?.invoicing_reason, 'in_advance_charge');
      assert.equal(invoice.fees[0]?.pay_in_advance, true);
      assert.equal(invoice.fees[0]?.from_date, '2026-04-10T10:00:00+00:00');
      assert.equal(invoice.fees[0]?.to_date, '2026-04-30T23:59:59+00:00');
    }

    await billing.clock.moveTo('2026-05-07T00:00:00Z');
    assert.deepEqual((await billing.invoices()).slice(2).map(lines), [['pro 1 = 0']], 'is not billed again');
  });

  it('has a fee alone where it is not to be invoiced, and of nothing too', async () => {
    const billing = await sandbox({ at: '2026-04-10T10:00:00Z' });
    await billing.tax('vat', '20', { applied_to_organization: true });
    const charges = [
      {
        ...inAdvance(await billing.metric('calls'), '0', { invoiceable: false }),
        charge_model: 'package',
        properties: { amount: '3', package_size: 1, free_units: 1 },
      },
    ];
    await billing.subscribe({ plan: { ...FREE, charges }, customer: { timezone: 'Europe/Paris' } });
    await billing.use('calls', {}, {});

    const fees = await feesOf(billing);
    assert.deepEqual(fees.map(told), ['calls 1 = 0 on its own', 'calls 1 = 300 on its own']);
    assert.equal(fees[1]?.taxes_amount_cents, 60);
    assert.equal(fees[1]?.payment_status, 'pending');
    // Whole days of Paris, however they begin there.
    assert.equal(fees[1]?.from_date, '2026-04-10T00:00:00+00:00');
    assert.equal(fees[1]?.to_date, '2026-04-30T23:59:59+00:00');
    assert.deepEqual(await billing.invoices(), []);
  });

  it('that comes late is paid for all the same, for the period it belongs to', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [inAdvance(await billing.metric('calls'), '1', { invoiceable: false })];
    await billing.subscribe({ plan: { ...FREE, charges } });
    await billing.clock.moveTo('2026-05-20T00:00:00Z');
    await billing.use('calls', { at: '2026-04-20T00:00:00Z' }, { at: '2026-03-20T00:00:00Z' });
    const fees = await feesOf(billing);
    assert.deepEqual(fees.map(told), ['calls 1 = 100 on its own'], 'and none for what came before the start');
    assert.equal(fees[0]?.from_date, '2026-04-01T00:00:00+00:00');
  });

  it('of a burst has each of its fees once', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [inAdvance(await billing.metric('calls'), '0.01', { invoiceable: false })];
    await billing.subscribe({ plan: { ...FREE, charges } });
    const uses = (from: number) =>
      Array.from({ length: 50 }, (_, index) => ({ transaction_id: `call ${from + index}` }));
    await Promise.all(Array.from({ length: 20 }, (_, batch) => billing.use('calls', ...uses(batch * 50))));
    const fees = await feesOf(billing);
    assert.equal(fees.length, 1000);
    assert.equal(new Set(fees.map((fee) => fee.event_transaction_id)).size, 1000);
  });

  it('and goes on is renewed with each period, at its full price, on the invoice', async () => {
    const billing = await sandbox({ at: '2026-06-01T00:00:00Z' });
    const charges = [inAdvance(await billing.metric('seats', SEATS), '30', { prorated: true })];
    await billing.subscribe({ plan: { ...FREE, charges } });
    await billing.clock.moveTo('2026-06-11T10:00:00Z');
    await seat(billing, 'anna');
    await seat(billing, 'bert');
    await seat(billing, 'bert', 'remove');
    assert.equal((await billing.usage()).amount_cents, 4000, 'both have been paid for, for 20 of 30 days');
    await billing.clock.moveTo('2026-07-01T00:00:00Z');

    const invoices = await billing.invoices();
    assert.deepEqual(invoices.map(lines), [
      ['seats 1 = 2000'],
      ['seats 1 = 2000'],
      ['seats 0 = 0'],
      ['pro 1 = 0', 'seats 1 = 3000'],
    ]);
    const renewal = invoices.at(-1)?.fees.find((fee) => fee.item.code === 'seats');
    assert.equal(renewal?.pay_in_advance, false);
    assert.equal(renewal?.from_date, '2026-07-01T00:00:00+00:00');
    assert.equal(renewal?.to_date, '2026-07-31T23:59:59+00:00');
    const [usage] = (await billing.usage()).charges_usage;
    assert.deepEqual([usage.units, usage.amount_cents], ['1.0', 3000]);

    await billing.terminate();
    assert.deepEqual(lines(await billing.lastInvoice()), ['pro 1 = 0'], 'but not when it ends');
  });

  it('and goes on is renewed alone where it is not to be invoiced, by groups', async () => {
    const billing = await sandbox({ at: '2026-06-01T00:00:00Z' });
    const terms: Terms = { invoiceable: false, properties: { pricing_group_keys: ['seat'] } };
    const charges = [inAdvance(await billing.metric('seats', SEATS), '30', terms)];
    await billing.subscribe({ plan: { ...FREE, charges } });
    await seat(billing, 'anna');
    await seat(billing, 'bert');
    await billing.clock.moveTo('2026-07-01T00:00:00Z');
    const fees = (await feesOf(billing)).slice(2);
    assert.deepEqual(
      fees.map((fee) => [fee.item.grouped_by['seat'], fee.amount_cents, fee.lago_invoice_id, fee.pay_in_advance]),
      [
        ['anna', 3000, null, true],
        ['bert', 3000, null, true],
      ],
    );
    assert.equal(fees[0]?.from_date, '2026-07-01T00:00:00+00:00');
    assert.equal(fees[0]?.event_transaction_id, null);
  });

  it('once paid comes on one invoice of the period, with the taxes it was paid with', async () => {
    const billing = await sandbox({ at: '2026-06-01T00:00:00Z' });
    await billing.tax('vat', '20', { applied_to_organization: true });
    const terms: Terms = { invoiceable: false, regroup_paid_fees: 'invoice' };
    const charges = [inAdvance(await billing.metric('calls'), '1.03', terms)];
    await billing.subscribe({ plan: { ...FREE, charges } });
    await billing.use('calls', ...['a', 'b', 'c', 'd'].map((transaction_id) => ({ transaction_id })));
    for (const name of ['a', 'b', 'c']) await pay(billing, name);
    await billing.clock.moveTo('2026-07-01T00:00:00Z');

    const [invoice, ...more] = await billing.invoices('&invoice_type=advance_charges');
    assert(invoice);
    assert.equal(more.length, 0);
    assert.deepEqual(lines(invoice), ['calls 1 = 103', 'calls 1 = 103', 'calls 1 = 103']);
    assert.equal(invoice.status, 'finalized');
    assert.equal(invoice.payment_status, 'succeeded');
    // 3 × 21, where a fifth of 309 would be 62.
    assert.equal(invoice.taxes_amount_cents, 63);
    assert.equal(invoice.total_amount_cents, 372);
    assert.equal(invoice.total_paid_amount_cents, 372);
    assert.equal(invoice.billing_periods[0]?.invoicing_reason, 'in_advance_charge_periodic');
    assert.equal(invoice.billing_periods[0]?.charges_from_datetime, '2026-06-01T00:00:00Z');

    // What is paid later waits for the next time, here the end.
    await pay(billing, 'd');
    await billing.terminate();
    const [, last] = await billing.invoices('&invoice_type=advance_charges');
    assert.deepEqual(last && lines(last), ['calls 1 = 103']);
    await billing.clock.moveTo('2026-08-01T00:00:00Z');
    assert.equal((await billing.invoices('&invoice_type=advance_charges')).length, 2);
  });
});
