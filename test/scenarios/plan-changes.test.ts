import assert from 'node:assert/strict';
import { bill, lines, sandbox, standard, stories, type InvoiceObject, type Sandbox } from '../support/sandbox.ts';

/** `pro 2024-03-01T00:00:00Z → 2024-03-12T12:12:00Z subscription_terminating`: each part of an invoice, by its usage. */
async function parts(billing: Sandbox, { billing_periods }: InvoiceObject): Promise<string[]> {
  const { plans } = await billing.get('/plans?per_page=100');
  const codes = new Map(plans.map((plan: { lago_id: string; code: string }) => [plan.lago_id, plan.code]));
  return (billing_periods ?? []).map(
    ({ lago_plan_id, charges_from_datetime, charges_to_datetime, invoicing_reason }) =>
      `${String(codes.get(lago_plan_id))} ${charges_from_datetime} → ${charges_to_datetime} ${invoicing_reason}`,
  );
}

const change = (billing: Sandbox, plan_code: string): Promise<unknown> =>
  billing.post('/subscriptions', { subscription: { external_customer_id: 'cus', external_id: 'sub', plan_code } });

stories('changes of plan', () => {
  describe('up', () => {
    it('give back the unused days, and charge those of the new plan, on one invoice', async () => {
      const billing = await sandbox({ at: '2024-03-05T12:12:00Z' });
      await billing.tax('vat', '25', { applied_to_organization: true });
      await billing.plan({ code: 'one', amount_cents: 1000, pay_in_advance: true });
      await billing.plan({ code: 'two', amount_cents: 1500, pay_in_advance: true });
      await billing.plan({ code: 'three', amount_cents: 1900, pay_in_advance: true });
      await billing.subscribe({ plan: 'one' });
      await billing.clock.moveTo('2024-03-12T12:12:00Z');
      await change(billing, 'two');
      await billing.clock.moveTo('2024-03-12T13:12:00Z');
      await change(billing, 'three');
      await billing.clock.moveTo('2024-04-01T00:00:00Z');

      const invoices = await billing.invoices();
      assert.deepEqual(
        invoices.map(({ fees_amount_cents, credit_notes_amount_cents, total_amount_cents }) => [fees_amount_cents, credit_notes_amount_cents, total_amount_cents]),
        [
          [871, 0, 1089], // 27 of 31 days, with 25 %.
          [968, 806, 404], // 20 of 31 days: 1500 for 1000.
          [1226, 1210, 323],
          [1900, 0, 2375],
        ],
      ); // prettier-ignore
      assert.deepEqual(await parts(billing, invoices[1]!), [
        'one 2024-03-05T12:12:00Z → 2024-03-12T12:12:00Z subscription_terminating',
        'two 2024-03-12T12:12:00Z → 2024-03-12T12:12:00Z subscription_starting',
      ]);
    });

    it('leave the day of the change to the new plan, with all that was used before it to the old', async () => {
      const billing = await sandbox({ at: '2024-02-01T00:00:00Z' });
      const calls = await billing.metric('calls');
      await billing.plan({ code: 'one', amount_cents: 2900, charges: [standard(calls, '1')] });
      await billing.plan({ code: 'two', amount_cents: 5800, charges: [standard(calls, '2')] });
      await billing.subscribe({ plan: 'one' });
      await billing.clock.moveTo('2024-02-12T06:00:00Z');
      await billing.use('calls', { at: '2024-02-12T05:59:59.999Z' }, { at: '2024-02-12T06:00:00Z' });
      await change(billing, 'two');
      await billing.use('calls', { at: '2024-02-12T06:00:00.001Z' });
      await billing.clock.moveTo('2024-03-01T00:00:00Z');

      const [first, second] = await billing.invoices();
      assert.deepEqual([bill(first!), ...lines(first!)], ['2024-02-12 1200', 'one 1 = 1100', 'calls 1 = 100']); // 11 of 29 days.
      assert.deepEqual(await parts(billing, first!), [
        'one 2024-02-01T00:00:00Z → 2024-02-12T06:00:00Z subscription_terminating',
      ]);
      // 18 of 29 days, with the event of the very instant of the change.
      assert.deepEqual([bill(second!), ...lines(second!)], ['2024-03-01 4000', 'two 1 = 3600', 'calls 2 = 400']);
    });

    it('bill recurring usage that is prorated up to the change', async () => {
      const billing = await sandbox({ at: '2024-02-01T00:00:00Z' });
      const seats = await billing.metric('seats', {
        aggregation_type: 'sum_agg',
        field_name: 'units',
        recurring: true,
      });
      const charges = [{ ...standard(seats, '1'), prorated: true }];
      await billing.plan({ code: 'one', amount_cents: 2900, pay_in_advance: true, charges });
      await billing.plan({ code: 'two', amount_cents: 29_000, pay_in_advance: true, charges });
      await billing.subscribe({ plan: 'one' });
      await billing.use('seats', { units: 5 });
      await billing.clock.moveTo('2024-02-12T06:00:00Z');
      await change(billing, 'two');
      const invoice = await billing.lastInvoice();
      // From 1 to 12 February, the day of the change as well: 12 of 29 days. 18 of 29 days for the new plan.
      assert.deepEqual(lines(invoice), ['seats 5 = 207', 'two 1 = 18000']);
      assert.equal(invoice.credit_notes_amount_cents, 1800);
      await billing.clock.moveTo('2024-03-01T00:00:00Z');
      assert.deepEqual(lines(await billing.lastInvoice()), ['two 1 = 29000', 'seats 5 = 310']); // 18 of 29 days.
    });

    it('leave what was carried into the period one day less of the old plan', async () => {
      const billing = await sandbox({ at: '2024-01-15T00:00:00Z' });
      const seats = await billing.metric('seats', {
        aggregation_type: 'sum_agg',
        field_name: 'units',
        recurring: true,
      });
      const charges = [{ ...standard(seats, '1'), prorated: true }];
      await billing.plan({ code: 'one', amount_cents: 2900, pay_in_advance: true, charges });
      await billing.plan({ code: 'two', amount_cents: 29_000, pay_in_advance: true, charges });
      await billing.subscribe({ plan: 'one' });
      await billing.use('seats', { units: 5 });
      await billing.clock.moveTo('2024-02-12T06:00:00Z');
      await change(billing, 'two');
      const invoice = await billing.lastInvoice();
      assert.deepEqual(lines(invoice), ['seats 5 = 190', 'two 1 = 18000']); // 11 of 29 days.
      assert.equal(invoice.total_amount_cents, 16_390);
    });

    it('leave recurring usage that is due whole to the plan that has it at the end of the period', async () => {
      const billing = await sandbox({ at: '2024-02-01T00:00:00Z' });
      const seats = await billing.metric('seats', {
        aggregation_type: 'sum_agg',
        field_name: 'units',
        recurring: true,
      });
      const rooms = await billing.metric('rooms', {
        aggregation_type: 'sum_agg',
        field_name: 'units',
        recurring: true,
      });
      await billing.plan({ code: 'one', amount_cents: 100, charges: [standard(seats, '1'), standard(rooms, '1')] });
      await billing.plan({ code: 'two', amount_cents: 200, charges: [standard(seats, '2')] });
      await billing.subscribe({ plan: 'one' });
      await billing.use('seats', { units: 5 });
      await billing.use('rooms', { units: 3 });
      await billing.clock.moveTo('2024-02-12T06:00:00Z');
      await change(billing, 'two');
      assert.deepEqual(lines(await billing.lastInvoice()), ['one 1 = 38', 'rooms 3 = 300']);
      await billing.clock.moveTo('2024-03-01T00:00:00Z');
      assert.deepEqual(lines(await billing.lastInvoice()), ['two 1 = 124', 'seats 5 = 1000']);
    });

    it('go on with a running total from where it stands, whenever that began', async () => {
      const billing = await sandbox({ at: '2024-03-01T00:00:00Z' });
      const fields = {
        aggregation_type: 'weighted_sum_agg',
        weighted_interval: 'seconds',
        field_name: 'units',
        recurring: true,
      };
      const charges = [standard(await billing.metric('storage', fields), '1')];
      await billing.plan({ code: 'one', amount_cents: 100, charges });
      await billing.plan({ code: 'two', amount_cents: 200, charges });
      await billing.use('storage', { units: 30, at: '2024-03-20T00:00:00Z' });
      await billing.clock.moveTo('2024-04-01T00:00:00Z');
      await billing.subscribe({ plan: 'one' });
      await billing.use('storage', { units: 10, at: '2024-04-01T00:00:00Z' });
      assert.equal((await billing.usage()).charges_usage[0].units, '10.0'); // Nothing of before the first start.
      await billing.clock.moveTo('2024-04-16T00:00:00Z');
      await change(billing, 'two');
      assert.equal((await billing.usage()).charges_usage[0].units, '20.0');
      await billing.clock.moveTo('2024-05-01T00:00:00Z');
      assert.deepEqual((await billing.invoices()).map(lines), [['one 1 = 50'], ['two 1 = 100', 'storage 20 = 2000']]); // 15 of 30 days of 40.
    });

    it('hold the old plan to its minimum spend one day less, and to its commitment with the day of the change', async () => {
      const billing = await sandbox({ at: '2024-04-01T00:00:00Z' });
      const calls = await billing.metric('calls');
      const charges = [{ ...standard(calls, '1'), min_amount_cents: 3000 }];
      const minimum_commitment = { amount_cents: 30_000 };
      await billing.plan({ code: 'one', amount_cents: 300, charges, minimum_commitment });
      await billing.plan({ code: 'two', amount_cents: 60_000 });
      await billing.subscribe({ plan: 'one' });
      await billing.clock.moveTo('2024-04-11T08:00:00Z');
      await change(billing, 'two');
      const { fees } = await billing.lastInvoice();
      assert.deepEqual(
        fees.map(({ item, amount_cents }) => [item.type, amount_cents]).filter(([, cents]) => cents !== 0),
        [
          ['subscription', 100],
          ['charge', 1000],
          ['commitment', 9900], // 11 of 30 days are 11 000.
        ],
      );
    });

    it('issue an invoice also if there is nothing on it', async () => {
      const billing = await sandbox({ at: '2024-04-01T00:00:00Z' });
      await billing.plan({ code: 'one', amount_cents: 0 });
      await billing.plan({ code: 'two', amount_cents: 100 });
      await billing.subscribe({ plan: 'one' });
      await change(billing, 'two');
      const invoice = await billing.onlyInvoice();
      assert.equal(invoice.fees_amount_cents, 0);
      await billing.clock.moveTo('2024-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2024-04-01 0', '2024-05-01 100']);
    });

    it('charge the fee of a new plan on trial when the trial ends, counted from the first start', async () => {
      const billing = await sandbox({ at: '2024-03-05T12:12:00Z' });
      const calls = await billing.metric('calls');
      await billing.plan({
        code: 'one',
        amount_cents: 5_000_000,
        pay_in_advance: true,
        trial_period: 10,
        charges: [standard(calls, '1')],
      });
      await billing.plan({ code: 'two', amount_cents: 10_000_000, pay_in_advance: true, trial_period: 13 });
      await billing.subscribe({ plan: 'one' });
      await billing.use('calls', {});
      await billing.clock.moveTo('2024-03-10T00:00:00Z');
      await change(billing, 'two');
      await billing.clock.moveTo('2024-04-01T00:00:00Z');
      assert.deepEqual(
        (await billing.invoices()).map((invoice) => [bill(invoice), ...lines(invoice)]),
        [
          ['2024-03-10 100', 'calls 1 = 100'],
          ['2024-03-18 4516129', 'two 1 = 4516129'], // 14 of 31 days.
          ['2024-04-01 10000000', 'two 1 = 10000000'],
        ],
      ); // prettier-ignore
    });

    it('give nothing back if the subscription said so', async () => {
      const billing = await sandbox({ at: '2024-04-01T00:00:00Z' });
      await billing.plan({ code: 'one', amount_cents: 3000, pay_in_advance: true });
      await billing.plan({ code: 'two', amount_cents: 6000, pay_in_advance: true });
      await billing.subscribe({ plan: 'one' });
      await billing.put('/subscriptions/sub', { subscription: { on_termination_credit_note: 'skip', on_termination_invoice: 'skip' } }); // prettier-ignore
      await billing.clock.moveTo('2024-04-16T00:00:00Z');
      await change(billing, 'two');
      assert.deepEqual(await billing.bills(), ['2024-04-01 3000', '2024-04-16 3000']); // 15 of 30 days of the new one.
    });

    it('do not renew what was paid for in advance, nor ask for it again', async () => {
      const billing = await sandbox({ at: '2024-04-01T00:00:00Z' });
      const seats = await billing.metric('seats', {
        aggregation_type: 'sum_agg',
        field_name: 'units',
        recurring: true,
      });
      const charge = { ...standard(seats, '1'), pay_in_advance: true, invoiceable: true };
      await billing.plan({ code: 'one', amount_cents: 0, charges: [charge] });
      await billing.plan({ code: 'two', amount_cents: 0, charges: [{ ...charge, properties: { amount: '2' } }] });
      await billing.subscribe({ plan: 'one' });
      await billing.use('seats', { units: 5 });
      await billing.clock.moveTo('2024-04-16T00:00:00Z');
      await change(billing, 'two');
      await billing.clock.moveTo('2024-05-01T00:00:00Z');
      const charged = (await billing.invoices()).map((invoice) => [bill(invoice), ...lines(invoice)].join(' '));
      assert.deepEqual(charged.filter((text) => text.includes('seats')), ['2024-04-01 500 seats 5 = 500', '2024-05-01 1000 two 1 = 0 seats 5 = 1000']); // prettier-ignore
    });

    it('between currencies have an invoice in each', async () => {
      const billing = await sandbox({ at: '2024-04-01T00:00:00Z' });
      await billing.plan({ code: 'one', amount_cents: 3000 });
      await billing.plan({ code: 'two', amount_cents: 6000, amount_currency: 'USD', pay_in_advance: true });
      await billing.subscribe({ plan: 'one' });
      await billing.clock.moveTo('2024-04-16T00:00:00Z');
      await change(billing, 'two');
      const invoices = await billing.invoices();
      assert.deepEqual(invoices.map((one) => `${one.currency} ${one.total_amount_cents}`).sort(), ['EUR 1500', 'USD 3000']); // prettier-ignore
    });
  });

  describe('down', () => {
    it('bill the old plan for its whole period and the new one from then on, on one invoice', async () => {
      const billing = await sandbox({ at: '2024-04-10T09:00:00Z' });
      const calls = await billing.metric('calls');
      await billing.plan({ code: 'big', amount_cents: 3000, charges: [standard(calls, '2')], minimum_commitment: { amount_cents: 6000 } }); // prettier-ignore
      await billing.plan({ code: 'small', amount_cents: 1000, pay_in_advance: true, charges: [standard(calls, '1')] });
      await billing.subscribe({ plan: 'big' });
      await billing.clock.moveTo('2024-04-20T00:00:00Z');
      await change(billing, 'small');
      await billing.use('calls', { at: '2024-04-30T23:59:59Z' }, { at: '2024-05-01T00:00:00Z' });
      await billing.clock.moveTo('2024-04-30T23:59:59Z');
      assert.deepEqual(await billing.bills(), []);
      assert.equal((await billing.subscription()).plan_code, 'big');

      await billing.clock.moveTo('2024-05-01T00:00:00Z');
      const invoice = await billing.onlyInvoice();
      // 21 of 30 days: 2100 of the fee, 4200 of the commitment.
      assert.deepEqual(lines(invoice), ['big 1 = 2100', 'calls 1 = 200', 'big 1 = 1900', 'small 1 = 1000']);
      assert.deepEqual(await parts(billing, invoice), [
        'big 2024-04-10T09:00:00Z → 2024-04-30T23:59:59Z subscription_terminating',
        'small 2024-05-01T00:00:00Z → 2024-05-01T00:00:00Z subscription_starting',
      ]);
      const current = await billing.subscription();
      assert.deepEqual(
        [current.plan_code, current.previous_plan_code, current.started_at, current.downgrade_plan_date],
        ['small', 'big', '2024-05-01T00:00:00.000Z', null],
      );
      assert.equal((await billing.subscription('sub', 'terminated')).terminated_at, '2024-05-01T00:00:00Z');

      await billing.clock.moveTo('2024-06-01T00:00:00Z');
      assert.deepEqual(lines(await billing.lastInvoice()), ['small 1 = 1000', 'calls 1 = 100']);
    });

    it('wait for the end of the year, and not of a month that usage is billed for', async () => {
      const billing = await sandbox({ at: '2024-10-01T00:00:00Z' });
      const charges = [standard(await billing.metric('calls'), '1')];
      await billing.plan({
        code: 'year',
        interval: 'yearly',
        amount_cents: 36_600,
        bill_charges_monthly: true,
        charges,
      });
      await billing.plan({ code: 'month', amount_cents: 100, charges });
      await billing.subscribe({ plan: 'year' });
      await change(billing, 'month');
      await billing.use('calls', { at: '2024-10-15T00:00:00Z' }, { at: '2024-12-15T00:00:00Z' });
      await billing.clock.moveTo('2025-02-01T00:00:00Z');
      assert.deepEqual(
        (await billing.invoices()).map((invoice) => [bill(invoice), ...lines(invoice)]),
        [
          ['2024-11-01 100', 'calls 1 = 100'],
          ['2024-12-01 0'],
          ['2025-01-01 9300', 'year 1 = 9200', 'calls 1 = 100'], // 92 of 366 days.
          ['2025-02-01 100', 'month 1 = 100'],
        ],
      );
    });

    it('go on as before when they are withdrawn', async () => {
      const billing = await sandbox({ at: '2024-04-01T00:00:00Z' });
      await billing.plan({ code: 'big', amount_cents: 3000 });
      await billing.plan({ code: 'small', amount_cents: 1000 });
      await billing.subscribe({ plan: 'big' });
      await change(billing, 'small');
      await billing.terminate('sub', '?status=pending');
      await billing.clock.moveTo('2024-06-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2024-05-01 3000', '2024-06-01 3000']);
    });

    it('do not come to pass when the subscription ends on that day', async () => {
      const billing = await sandbox({ at: '2024-04-01T00:00:00Z' });
      await billing.plan({ code: 'big', amount_cents: 3000 });
      await billing.plan({ code: 'small', amount_cents: 1000, pay_in_advance: true });
      await billing.subscribe({ plan: 'big', ending_at: '2024-05-01T10:00:00Z' });
      await change(billing, 'small');
      await billing.clock.moveTo('2024-06-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2024-05-01 3000']);
      assert.equal((await billing.subscription('sub', 'canceled')).plan_code, 'small');
    });

    it('leave other subscriptions of the customer their own invoice', async () => {
      const billing = await sandbox({ at: '2024-04-01T00:00:00Z' });
      await billing.plan({ code: 'big', amount_cents: 3000 });
      await billing.plan({ code: 'small', amount_cents: 1000 });
      await billing.subscribe({ plan: 'big' });
      await billing.subscribe({ plan: 'big', customer: 'cus', external_id: 'other' });
      await billing.subscribe({ plan: 'small', customer: 'cus', external_id: 'third' });
      await change(billing, 'small');
      await billing.clock.moveTo('2024-06-01T00:00:00Z');
      assert.deepEqual((await billing.bills()).sort(), ['2024-05-01 3000', '2024-05-01 4000', '2024-06-01 5000']);
    });

    it('follow each other from plan to plan, each period billed once', async () => {
      const billing = await sandbox({ at: '2024-04-01T00:00:00Z' });
      for (const [code, amount_cents] of [['a', 3000], ['b', 2000], ['c', 1000]] as const)
        await billing.plan({ code, amount_cents, pay_in_advance: true }); // prettier-ignore
      await billing.subscribe({ plan: 'a' });
      await change(billing, 'b');
      await billing.clock.moveTo('2024-05-10T00:00:00Z');
      await change(billing, 'c');
      await billing.clock.moveTo('2024-07-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2024-04-01 3000', '2024-05-01 2000', '2024-06-01 1000', '2024-07-01 1000']); // prettier-ignore
    });
  });

  describe('of a plan that gets another price while a change to it waits', () => {
    it('are made at once', async () => {
      const billing = await sandbox({ at: '2024-04-01T00:00:00Z' });
      await billing.plan({ code: 'big', amount_cents: 3000 });
      await billing.plan({ code: 'small', amount_cents: 1000 });
      await billing.subscribe({ plan: 'big' });
      await change(billing, 'small');
      await billing.clock.moveTo('2024-04-16T00:00:00Z');
      await billing.put('/plans/small', { plan: { amount_cents: 6000 } });
      await billing.clock.moveTo('2024-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2024-04-16 1500', '2024-05-01 3000']);
    });
  });
});
