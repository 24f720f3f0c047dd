import assert from 'node:assert/strict';
import { type InvoiceObject, lines, sandbox, spans, standard, stories } from '../support/sandbox.ts';

/** `2026-03-01T05:00:00Z 3000`: the instant at which each invoice was made. */
const dated = (invoices: InvoiceObject[]): string[] =>
  invoices.map(({ created_at, total_amount_cents }) => `${created_at} ${total_amount_cents}`);

stories('subscriptions', () => {
  describe('a monthly plan in arrears', () => {
    it('is billed when the month is over: the first one for the days it was there, then in full', async () => {
      const billing = await sandbox({ at: '2026-04-10T09:30:00Z' });
      await billing.subscribe({ plan: { amount_cents: 3000 } });
      assert.deepEqual(await billing.bills(), []);

      await billing.clock.moveTo('2026-07-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), [
        '2026-05-01 2100', // 10 to 30 April: 21 of 30 days.
        '2026-06-01 3000',
        '2026-07-01 3000',
      ]);
    });

    it('covers the day of its start from midnight on, and its usage from the instant on', async () => {
      const billing = await sandbox({ at: '2026-04-10T09:30:00Z' });
      await billing.subscribe({ plan: {} });
      await billing.clock.moveTo('2026-05-02T00:00:00Z');
      assert.deepEqual(spans(await billing.onlyInvoice()), {
        fee: '2026-04-10T00:00:00Z → 2026-04-30T23:59:59Z',
        usage: '2026-04-10T09:30:00Z → 2026-04-30T23:59:59Z',
        reason: 'subscription_periodic',
      });
    });

    it('is billed from day to day of the month if it keeps its anniversary, and on the last where there is none', async () => {
      const billing = await sandbox({ at: '2026-01-31T12:00:00Z' });
      await billing.subscribe({ plan: {}, billing_time: 'anniversary' });
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-02-28 3000', '2026-03-31 3000', '2026-04-30 3000']);
    });
  });

  describe('a monthly plan in advance', () => {
    it('is billed at its start for the rest of the month, and at the beginning of each month after', async () => {
      const billing = await sandbox({ at: '2026-04-10T09:30:00Z' });
      await billing.subscribe({ plan: { amount_cents: 3000, pay_in_advance: true } });
      const first = await billing.onlyInvoice();
      assert.equal(first.total_amount_cents, 2100); // 21 of 30 days.
      assert.equal(first.issuing_date, '2026-04-10');
      assert.deepEqual(spans(first), {
        fee: '2026-04-10T00:00:00Z → 2026-04-30T23:59:59Z',
        usage: '2026-04-10T09:30:00Z → 2026-04-10T09:30:00Z',
        reason: 'subscription_starting',
      });

      await billing.clock.moveTo('2026-06-15T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-04-10 2100', '2026-05-01 3000', '2026-06-01 3000']);
    });

    it('costs the whole month if it keeps its anniversary', async () => {
      const billing = await sandbox({ at: '2026-04-10T09:30:00Z' });
      await billing.subscribe({ plan: { amount_cents: 3000, pay_in_advance: true }, billing_time: 'anniversary' });
      await billing.clock.moveTo('2026-05-10T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-04-10 3000', '2026-05-10 3000']);
    });
  });

  describe('a yearly plan', () => {
    const yearly = { interval: 'yearly', amount_cents: 36_500 };

    it('in arrears is billed on 1 January, the first time for the days since its start', async () => {
      const billing = await sandbox({ at: '2025-12-30T00:00:00Z' });
      await billing.subscribe({ plan: yearly });
      await billing.clock.moveTo('2027-06-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), [
        '2026-01-01 200', // 2 of 365 days.
        '2027-01-01 36500',
      ]);
    });

    it('in advance is billed at its start for the rest of the year', async () => {
      const billing = await sandbox({ at: '2026-12-22T00:00:00Z' });
      await billing.subscribe({ plan: { ...yearly, pay_in_advance: true } });
      await billing.clock.moveTo('2028-01-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), [
        '2026-12-22 1000', // 22 to 31 December: 10 of 365 days.
        '2027-01-01 36500',
        '2028-01-01 36500',
      ]);
    });

    it('may have its usage billed each month, with the fee on 1 January', async () => {
      const billing = await sandbox({ at: '2026-10-01T00:00:00Z' });
      const charges = [standard(await billing.metric('calls'), '1')];
      await billing.subscribe({ plan: { ...yearly, bill_charges_monthly: true, charges } });
      await billing.use('calls', {}, {});
      await billing.clock.moveTo('2026-12-10T00:00:00Z');
      await billing.use('calls', {});
      await billing.clock.moveTo('2027-01-01T00:00:00Z');
      assert.deepEqual((await billing.invoices()).map(lines), [
        ['calls 2 = 200'],
        [], // Nothing was used in November.
        ['pro 1 = 9200', 'calls 1 = 100'], // October to December: 92 of 365 days.
      ]);
    });

    it('of 29 February is billed on the 28th of other years', async () => {
      const billing = await sandbox({ at: '2024-02-29T10:00:00Z' });
      await billing.subscribe({ plan: yearly, billing_time: 'anniversary' });
      await billing.clock.moveTo('2028-03-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), [
        '2025-02-28 36500',
        '2026-02-28 36500',
        '2027-02-28 36500',
        '2028-02-29 36500',
      ]);
    });
  });

  describe('time zones', () => {
    const boundaries: [timezone: string, at: string, instants: string[]][] = [
      // In summer time since 8 March, four hours behind.
      ['America/New_York', '2026-02-10T00:00:00Z', ['2026-03-01T05:00:00Z', '2026-04-01T04:00:00Z']],
      // In summer time since 29 March, two hours ahead.
      ['Europe/Paris', '2026-02-10T00:00:00Z', ['2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z']],
      ['Asia/Tokyo', '2026-02-10T00:00:00Z', ['2026-02-28T15:00:00Z', '2026-03-31T15:00:00Z']],
      ['Pacific/Kiritimati', '2026-02-10T00:00:00Z', ['2026-02-28T10:00:00Z', '2026-03-31T10:00:00Z']],
    ];
    for (const [timezone, at, instants] of boundaries) {
      it(`the month of a customer in ${timezone} ends at ${instants.join(' and ')}`, async () => {
        const billing = await sandbox({ at });
        await billing.subscribe({ plan: { amount_cents: 2800 }, customer: { timezone } });
        for (const instant of instants) {
          const second = new Date(Date.parse(instant) - 1000).toISOString();
          await billing.clock.moveTo(second);
          assert.equal((await billing.invoices()).length, instants.indexOf(instant));
          await billing.clock.moveTo(instant);
          assert.equal((await billing.lastInvoice()).created_at, instant);
          assert.equal((await billing.lastInvoice()).issuing_date.slice(8), '01');
        }
        // The day of the start is that of the customer: the 9th in New York, the 10th elsewhere.
        const days = timezone === 'America/New_York' ? 20 : 19;
        assert.deepEqual(
          (await billing.invoices()).map((invoice) => invoice.total_amount_cents),
          [days * 100, 2800],
        );
      });
    }

    it('a month with a day of 23 hours has as many days as the calendar says', async () => {
      const billing = await sandbox({ at: '2026-03-28T12:00:00Z' });
      await billing.subscribe({ plan: { amount_cents: 3100 }, customer: { timezone: 'Europe/Paris' } });
      await billing.clock.moveTo('2026-04-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-04-01 400']); // 28 to 31 March: 4 of 31 days.
    });

    it('the organization’s counts where the customer has none', async () => {
      const billing = await sandbox({ at: '2026-04-02T00:00:00Z', organization: { timezone: 'America/Los_Angeles' } });
      await billing.subscribe({ plan: {} });
      await billing.clock.moveTo('2026-06-02T00:00:00Z');
      assert.deepEqual(dated(await billing.invoices()), ['2026-05-01T07:00:00Z 3000', '2026-06-01T07:00:00Z 3000']);
    });

    it('a customer that moves has the running month end at the new midnight, with no usage lost or billed twice', async () => {
      const billing = await sandbox({ at: '2026-04-01T12:00:00Z' });
      const charges = [standard(await billing.metric('calls'), '1')];
      await billing.subscribe({ plan: { amount_cents: 0, charges } });
      await billing.use(
        'calls',
        { at: '2026-04-30T23:30:00Z' },
        { at: '2026-05-01T03:59:59Z' }, // Still April in New York.
        { at: '2026-05-01T04:00:00Z' },
        { at: '2026-05-31T20:00:00Z' }, // June in Tokyo.
      );
      await billing.clock.moveTo('2026-04-20T00:00:00Z');
      await billing.customer({ timezone: 'America/New_York' });
      await billing.clock.moveTo('2026-05-20T00:00:00Z');
      await billing.customer({ timezone: 'Asia/Tokyo' });
      await billing.clock.moveTo('2026-07-01T00:00:00Z');

      const invoices = await billing.invoices();
      assert.deepEqual(dated(invoices), [
        '2026-05-01T04:00:00Z 200',
        '2026-05-31T15:00:00Z 100',
        '2026-06-30T15:00:00Z 100',
      ]);
      assert.deepEqual(
        invoices.map((invoice) => spans(invoice).usage),
        [
          '2026-04-01T12:00:00Z → 2026-05-01T03:59:59Z',
          '2026-05-01T04:00:00Z → 2026-05-31T14:59:59Z',
          '2026-05-31T15:00:00Z → 2026-06-30T14:59:59Z',
        ],
      );
    });

    it('a customer that moves west before the first bill is not billed for the evening before the start', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:30:00Z' });
      const charges = [standard(await billing.metric('calls'), '1')];
      await billing.subscribe({ plan: { amount_cents: 3000, charges } });
      await billing.subscribe({ plan: { code: 'advance', amount_cents: 6000, pay_in_advance: true }, customer: 'cus', external_id: 'advance' }); // prettier-ignore
      await billing.use('calls', { at: '2026-04-01T00:30:00Z' });
      await billing.clock.moveTo('2026-04-10T00:00:00Z');
      await billing.customer({ timezone: 'America/New_York' });
      await billing.clock.moveTo('2026-05-02T00:00:00Z');
      assert.deepEqual(dated(await billing.invoices()), ['2026-04-01T00:30:00Z 6000', '2026-05-01T04:00:00Z 9100']);
    });

    it('a customer that moves back over a boundary that was billed is not billed for it again', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: {}, customer: { timezone: 'Asia/Tokyo' } });
      await billing.clock.moveTo('2026-04-30T20:00:00Z'); // 1 May in Tokyo since 15:00.
      await billing.customer({ timezone: 'America/Los_Angeles' });
      await billing.clock.moveTo('2026-06-02T00:00:00Z');
      assert.deepEqual(dated(await billing.invoices()), ['2026-04-30T15:00:00Z 3000', '2026-06-01T07:00:00Z 3000']);
    });
  });

  describe('the start', () => {
    it('in the future begins with its local day, and is billed from then on', async () => {
      const billing = await sandbox({ at: '2026-04-10T00:00:00Z' });
      const pending = await billing.subscribe({
        plan: { amount_cents: 3100, pay_in_advance: true },
        customer: { timezone: 'Europe/Berlin' },
        subscription_at: '2026-05-16T13:00:00Z',
      });
      assert.equal(pending.status, 'pending');
      assert.equal(pending.started_at, null);

      await billing.clock.moveTo('2026-05-15T21:59:59Z');
      assert.deepEqual(await billing.bills(), []);
      await billing.clock.moveTo('2026-05-15T22:00:00Z');
      assert.equal((await billing.subscription()).started_at, '2026-05-15T22:00:00.000Z');
      await billing.clock.moveTo('2026-06-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-05-16 1600', '2026-06-01 3100']); // 16 to 31 May: 16 of 31 days.
    });

    it('in the past bills nothing for what is over, in arrears the running period in full', async () => {
      const billing = await sandbox({ at: '2026-04-10T00:00:00Z' });
      await billing.subscribe({ plan: {}, subscription_at: '2026-01-15T00:00:00Z' });
      assert.deepEqual(await billing.bills(), []);
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-05-01 3000']);
    });

    it('in the past, earlier this period, counts from its day on', async () => {
      const billing = await sandbox({ at: '2026-04-20T00:00:00Z' });
      await billing.subscribe({ plan: {}, subscription_at: '2026-04-16T00:00:00Z' });
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-05-01 1500']); // 16 to 30 April: 15 of 30 days.
    });

    it('in the past and in advance has its first bill at the next boundary, for a whole period', async () => {
      const billing = await sandbox({ at: '2026-04-20T00:00:00Z' });
      await billing.subscribe({ plan: { pay_in_advance: true }, subscription_at: '2026-04-16T00:00:00Z' });
      assert.deepEqual(await billing.bills(), []);
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-05-01 3000']);
    });
  });

  describe('the trial', () => {
    const plan = { amount_cents: 3000, pay_in_advance: true, trial_period: 10 };

    it('puts off the fee in advance to its end, for what is left of the month then', async () => {
      const billing = await sandbox({ at: '2026-04-05T12:12:00Z' });
      await billing.subscribe({ plan });
      await billing.clock.moveTo('2026-04-15T12:11:59Z');
      assert.deepEqual(await billing.bills(), []);
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-04-15 1600', '2026-05-01 3000']); // 15 to 30 April: 16 of 30 days.
      assert.equal((await billing.subscription()).trial_ended_at, '2026-04-15T12:12:00Z');
    });

    it('leaves usage to be billed, without a line for the fee while it runs', async () => {
      const billing = await sandbox({ at: '2026-04-25T00:00:00Z' });
      const charges = [standard(await billing.metric('calls'), '2')];
      await billing.subscribe({ plan: { ...plan, charges } });
      await billing.use('calls', {}, {});
      await billing.clock.moveTo('2026-06-01T00:00:00Z');
      assert.deepEqual((await billing.invoices()).map(lines), [
        ['calls 2 = 400'],
        ['pro 1 = 2613'], // The trial ends on 5 May: 27 of 31 days, 3000 / 31 × 27 = 2612.9.
        ['pro 1 = 3000'],
      ]);
    });

    it('in arrears takes its days off the first bill', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: { ...plan, pay_in_advance: false } });
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-05-01 2000']); // 11 to 30 April: 20 of 30 days.
    });

    it('is given once for each external id', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan });
      await billing.clock.moveTo('2026-04-21T00:00:00Z');
      await billing.terminate('sub', '?on_termination_credit_note=skip');
      await billing.clock.moveTo('2026-04-22T00:00:00Z');
      await billing.subscribe({ plan: 'pro', customer: 'cus' });
      assert.deepEqual(await billing.bills(), [
        '2026-04-11 2000', // 11 to 30 April: 20 of 30 days.
        '2026-04-21 0',
        '2026-04-22 900', // 22 to 30 April: 9 of 30 days.
      ]);
    });
  });

  describe('the end', () => {
    it('by hand bills the days until then, that day included', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      const charges = [standard(await billing.metric('calls'), '1')];
      await billing.subscribe({ plan: { amount_cents: 3000, charges } });
      await billing.clock.moveTo('2026-04-16T09:00:00Z');
      await billing.use('calls', {}, {}, { at: '2026-04-16T09:00:01Z' });
      await billing.terminate();

      const invoice = await billing.onlyInvoice();
      assert.deepEqual(lines(invoice), ['pro 1 = 1600', 'calls 2 = 200']); // 1 to 16 April: 16 of 30 days.
      assert.deepEqual(spans(invoice), {
        fee: '2026-04-01T00:00:00Z → 2026-04-16T09:00:00Z',
        usage: '2026-04-01T00:00:00Z → 2026-04-16T09:00:00Z',
        reason: 'subscription_terminating',
      });
      await billing.clock.moveTo('2026-08-01T00:00:00Z');
      assert.equal((await billing.invoices()).length, 1);
    });

    it('by hand on the day of the start costs one day', async () => {
      const billing = await sandbox({ at: '2026-04-10T08:00:00Z' });
      await billing.subscribe({ plan: {} });
      await billing.clock.moveTo('2026-04-10T17:00:00Z');
      await billing.terminate();
      assert.deepEqual(await billing.bills(), ['2026-04-10 100']);
    });

    it('by hand may go without an invoice', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: {} });
      await billing.clock.moveTo('2026-04-16T09:00:00Z');
      const ended = await billing.terminate('sub', '?on_termination_invoice=skip');
      assert.equal(ended.on_termination_invoice, 'skip');
      await billing.clock.moveTo('2026-06-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), []);
    });

    it('of a plan in advance bills the usage alone', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      const charges = [standard(await billing.metric('calls'), '1')];
      await billing.subscribe({ plan: { pay_in_advance: true, charges } });
      await billing.use('calls', {});
      await billing.clock.moveTo('2026-04-16T09:00:00Z');
      await billing.terminate();
      assert.deepEqual((await billing.invoices()).map(lines), [['pro 1 = 3000'], ['calls 1 = 100']]);
    });

    it('by its date comes with the local day of it, whatever the hour', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      const customer = { timezone: 'Europe/Paris' };
      await billing.subscribe({ plan: {}, customer, ending_at: '2026-05-10T18:00:00Z' });
      await billing.clock.moveTo('2026-06-01T00:00:00Z');
      const ended = await billing.subscription('sub', 'terminated');
      assert.equal(ended.terminated_at, '2026-05-09T22:00:00Z');
      // 1 to 10 May: 10 of 31 days, 3000 / 31 × 10 = 967.7.
      assert.deepEqual(await billing.bills(), ['2026-05-01 3000', '2026-05-10 968']);
    });

    it('by its date on a boundary bills the finished period in full, and none of the next', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: {}, ending_at: '2026-05-01T00:00:00Z' });
      await billing.clock.moveTo('2026-07-01T00:00:00Z');
      const invoice = await billing.onlyInvoice();
      assert.equal(invoice.total_amount_cents, 3000);
      assert.deepEqual(spans(invoice), {
        fee: '2026-04-01T00:00:00Z → 2026-04-30T23:59:59Z',
        usage: '2026-04-01T00:00:00Z → 2026-04-30T23:59:59Z',
        reason: 'subscription_terminating',
      });
    });

    it('by its date can be put off, and taken away', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: {}, ending_at: '2026-04-10T00:00:00Z' });
      await billing.put('/subscriptions/sub', { subscription: { ending_at: '2026-05-16T00:00:00Z' } });
      await billing.clock.moveTo('2026-05-15T00:00:00Z');
      assert.equal((await billing.subscription()).status, 'active');
      await billing.put('/subscriptions/sub', { subscription: { ending_at: null } });
      await billing.clock.moveTo('2026-06-15T00:00:00Z');
      assert.equal((await billing.subscription()).status, 'active');
      assert.deepEqual(await billing.bills(), ['2026-05-01 3000', '2026-06-01 3000']);
    });

    it('before the start cancels it, and nothing is ever billed', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: { pay_in_advance: true }, subscription_at: '2026-05-01T00:00:00Z' });
      const ended = await billing.terminate('sub', '?status=pending');
      assert.equal(ended.status, 'canceled');
      await billing.clock.moveTo('2026-08-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), []);
    });

    it('frees the external id for another', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: {} });
      await billing.clock.moveTo('2026-04-10T12:00:00Z');
      await billing.terminate();
      await billing.clock.moveTo('2026-04-21T00:00:00Z');
      await billing.subscribe({ plan: 'pro', customer: 'cus' });
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-04-10 1000', '2026-05-01 1000']); // 10 days each.
    });
  });

  it('a year of monthly billing for ten is twelve bills each, in order', async function () {
    this.timeout(240_000);
    const billing = await sandbox({ at: '2026-01-01T00:00:00Z' });
    await billing.plan();
    const customers = Array.from({ length: 10 }, (_, index) => `cus-${index}`);
    for (const external_id of customers)
      await billing.subscribe({ plan: 'pro', customer: { external_id }, external_id: `${external_id}/sub` });

    const begun = performance.now();
    await billing.clock.moveTo('2027-01-01T00:00:00Z');
    this.test!.title += ` (${((performance.now() - begun) / 1000).toFixed(1)} s)`;

    const months = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2026, month + 1)).toISOString());
    const expected = months.map((month) => `${month.slice(0, 10)} 3000`);
    for (const customer of customers)
      assert.deepEqual(await billing.bills(`&external_customer_id=${customer}`), expected);
  });
});
