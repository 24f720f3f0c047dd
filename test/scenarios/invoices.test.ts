import assert from 'node:assert/strict';
import { bill, lines, sandbox, standard, stories } from '../support/sandbox.ts';

stories('invoices', () => {
  describe('several subscriptions of one customer', () => {
    it('due at the same instant come on one invoice', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: { code: 'small', amount_cents: 1000 }, external_id: 'a' });
      await billing.subscribe({ plan: { code: 'large', amount_cents: 5000 }, customer: 'cus', external_id: 'b' });
      await billing.clock.moveTo('2026-04-16T00:00:00Z');
      await billing.subscribe({ plan: 'small', customer: 'cus', external_id: 'c' });
      await billing.clock.moveTo('2026-06-01T00:00:00Z');

      const [may, june, ...others] = await billing.invoices();
      assert(may && june);
      assert.deepEqual(others, []);
      assert.deepEqual(lines(may).sort(), ['large 1 = 5000', 'small 1 = 1000', 'small 1 = 500']); // 15 of 30 days.
      assert.deepEqual(lines(june).sort(), ['large 1 = 5000', 'small 1 = 1000', 'small 1 = 1000']);
      assert.deepEqual(may.subscriptions.map(({ external_id }) => external_id).sort(), ['a', 'b', 'c']);
      assert.equal(june.billing_periods.length, 3);
    });

    it('of different lengths meet at the boundary that they have in common', async () => {
      const billing = await sandbox({ at: '2026-11-01T00:00:00Z' });
      await billing.subscribe({ plan: { code: 'monthly', amount_cents: 1000 }, external_id: 'a' });
      const yearly = { code: 'yearly', interval: 'yearly', amount_cents: 36_500 };
      await billing.subscribe({ plan: yearly, customer: 'cus', external_id: 'b' });
      await billing.clock.moveTo('2027-01-01T00:00:00Z');
      assert.deepEqual(
        (await billing.invoices()).map((invoice) => lines(invoice).sort()),
        [
          ['monthly 1 = 1000'],
          ['monthly 1 = 1000', 'yearly 1 = 6100'], // November and December: 61 of 365 days.
        ],
      );
    });

    it('in two currencies come on an invoice each', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: { code: 'eur', amount_cents: 1000 }, external_id: 'a' });
      const yen = { code: 'jpy', amount_cents: 900, amount_currency: 'JPY' };
      await billing.subscribe({ plan: yen, customer: 'cus', external_id: 'b' });
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      const invoices = await billing.invoices();
      assert.deepEqual(invoices.map(({ currency, total_amount_cents }) => `${total_amount_cents} ${currency}`).sort(), [
        '1000 EUR',
        '900 JPY',
      ]);
    });

    it('started on one day in advance are billed apart at first, and together from then on', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: { pay_in_advance: true }, external_id: 'a' });
      await billing.subscribe({ plan: 'pro', customer: 'cus', external_id: 'b' });
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-04-01 3000', '2026-04-01 3000', '2026-05-01 6000']);
    });

    it('of two customers never share one', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: {}, customer: { external_id: 'a' }, external_id: 'a' });
      await billing.subscribe({ plan: 'pro', customer: { external_id: 'b' }, external_id: 'b' });
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      const owners = (await billing.invoices()).map(({ customer }) => customer.external_id);
      assert.deepEqual(owners.sort(), ['a', 'b']);
    });
  });

  describe('numbers', () => {
    it('count each customer’s invoices', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z', organization: { document_number_prefix: 'acm' } });
      await billing.subscribe({ plan: {}, customer: { external_id: 'a' }, external_id: 'a' });
      await billing.subscribe({ plan: 'pro', customer: { external_id: 'b' }, external_id: 'b' });
      await billing.clock.moveTo('2026-06-01T00:00:00Z');
      assert.deepEqual((await billing.invoices()).map(({ number }) => number).sort(), [
        'ACM-001-001',
        'ACM-001-002',
        'ACM-002-001',
        'ACM-002-002',
      ]);
    });

    it('count the organization’s invoices if it wants them to, on from those that there are', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z', organization: { document_number_prefix: 'ACM' } });
      await billing.subscribe({ plan: {}, customer: { external_id: 'a' }, external_id: 'a' });
      await billing.subscribe({ plan: 'pro', customer: { external_id: 'b' }, external_id: 'b' });
      await billing.clock.moveTo('2026-05-15T00:00:00Z');
      await billing.put('/organizations', { organization: { document_numbering: 'per_organization' } });
      await billing.clock.moveTo('2026-07-15T00:00:00Z');
      assert.deepEqual((await billing.invoices()).map(({ number }) => number).sort(), [
        'ACM-001-001',
        'ACM-002-001',
        'ACM-202606-003',
        'ACM-202606-004',
        'ACM-202607-005',
        'ACM-202607-006',
      ]);
    });
  });

  it('are due so many days after they were issued as the customer, else the organization, is given', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z', organization: { net_payment_term: 30 } });
    await billing.subscribe({ plan: {}, customer: { external_id: 'a' }, external_id: 'a' });
    await billing.subscribe({ plan: 'pro', customer: { external_id: 'b', net_payment_term: 7 }, external_id: 'b' });
    await billing.subscribe({ plan: 'pro', customer: { external_id: 'c', net_payment_term: 0 }, external_id: 'c' });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    const due = (await billing.invoices()).map(
      ({ customer, issuing_date, payment_due_date }) => `${customer.external_id} ${issuing_date} ${payment_due_date}`,
    );
    assert.deepEqual(due.sort(), ['a 2026-05-01 2026-05-31', 'b 2026-05-01 2026-05-08', 'c 2026-05-01 2026-05-01']);
  });

  describe('with a grace period', () => {
    const graceful = { external_id: 'cus', billing_configuration: { invoice_grace_period: 3 } };

    it('are drafts at first: without a number, and dated with the day on which they will be final', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z', organization: { document_number_prefix: 'ACM' } });
      await billing.subscribe({ plan: {}, customer: { ...graceful, net_payment_term: 10 } });
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      const draft = await billing.onlyInvoice();
      assert.deepEqual(
        [draft.status, draft.number, draft.sequential_id, draft.issuing_date, draft.payment_due_date],
        ['draft', 'ACM-DRAFT', null, '2026-05-04', '2026-05-14'],
      );
      assert.equal(draft.file_url, null);

      await billing.clock.moveTo('2026-05-03T23:59:59Z');
      assert.equal((await billing.onlyInvoice()).status, 'draft');
      await billing.clock.moveTo('2026-05-04T00:00:00Z');
      const final = await billing.onlyInvoice();
      assert.deepEqual(
        [final.status, final.number, final.sequential_id, final.issuing_date, final.payment_due_date],
        ['finalized', 'ACM-001-001', 1, '2026-05-04', '2026-05-14'],
      );
      assert.equal(final.lago_id, draft.lago_id);
      assert.equal(final.created_at, '2026-05-01T00:00:00Z');
      assert.notEqual(final.file_url, null);
    });

    it('take in usage of their period that comes late, and none of another', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      const charges = [standard(await billing.metric('calls'), '1')];
      await billing.subscribe({ plan: { charges }, customer: graceful });
      await billing.use('calls', {});
      await billing.clock.moveTo('2026-05-02T00:00:00Z');
      assert.deepEqual(lines(await billing.onlyInvoice()), ['pro 1 = 3000', 'calls 1 = 100']);

      await billing.use('calls', { at: '2026-04-30T23:59:59Z' }, { at: '2026-05-01T00:00:00Z' });
      await billing.clock.moveTo('2026-05-04T00:00:00Z');
      assert.deepEqual(lines(await billing.onlyInvoice()), ['pro 1 = 3000', 'calls 2 = 200']);
      await billing.clock.moveTo('2026-06-04T00:00:00Z');
      assert.deepEqual(lines(await billing.lastInvoice()), ['pro 1 = 3000', 'calls 1 = 100']);
    });

    it('are computed anew when they become final, with the prices and taxes of that day', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: { amount_cents: 3000 }, customer: graceful });
      await billing.clock.moveTo('2026-05-02T00:00:00Z');
      await billing.tax('vat', '20', { applied_to_organization: true });
      await billing.put('/plans/pro', { plan: { amount_cents: 4000 } });
      await billing.clock.moveTo('2026-05-04T00:00:00Z');
      const invoice = await billing.onlyInvoice();
      assert.deepEqual(
        [invoice.fees_amount_cents, invoice.taxes_amount_cents, invoice.total_amount_cents],
        [4000, 800, 4800],
      );
    });

    it('become final on the customer’s day', async () => {
      const billing = await sandbox({ at: '2026-04-01T12:00:00Z' });
      await billing.subscribe({ plan: {}, customer: { ...graceful, timezone: 'America/New_York' } });
      await billing.clock.moveTo('2026-05-04T03:59:59Z');
      assert.equal((await billing.onlyInvoice()).status, 'draft');
      await billing.clock.moveTo('2026-05-04T04:00:00Z');
      const invoice = await billing.onlyInvoice();
      assert.deepEqual([invoice.status, invoice.issuing_date], ['finalized', '2026-05-04']);
    });

    it('come together with the next period’s, without holding it up', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({
        plan: { interval: 'weekly', amount_cents: 700 },
        customer: { external_id: 'cus', billing_configuration: { invoice_grace_period: 10 } },
      });
      await billing.clock.moveTo('2026-04-20T00:00:00Z');
      // 1 to 5 April: 5 of 7 days. 6 April was a Monday.
      assert.deepEqual(
        (await billing.invoices()).map((invoice) => `${invoice.status} ${bill(invoice)}`),
        ['finalized 2026-04-16 500', 'draft 2026-04-23 700', 'draft 2026-04-30 700'],
      );
    });
  });

  describe('of nothing', () => {
    const empty = { amount_cents: 0 };
    const cases: [name: string, organization: object, customer: object, count: number][] = [
      ['are made, and paid, unless said otherwise', {}, {}, 1],
      ['are left out if the organization says so', { finalize_zero_amount_invoice: false }, {}, 0],
      ['are left out if the customer says so', {}, { finalize_zero_amount_invoice: 'skip' }, 0],
      [
        'are made for a customer that wants them from an organization that does not',
        { finalize_zero_amount_invoice: false },
        { finalize_zero_amount_invoice: 'finalize' },
        1,
      ],
    ];
    for (const [name, organization, customer, count] of cases) {
      it(name, async () => {
        const billing = await sandbox({ at: '2026-04-01T00:00:00Z', organization: { ...organization } });
        await billing.subscribe({ plan: empty, customer: { ...customer } });
        await billing.clock.moveTo('2026-05-01T00:00:00Z');
        const invoices = await billing.invoices();
        assert.equal(invoices.length, count);
        for (const invoice of invoices) assert.equal(invoice.payment_status, 'succeeded');
      });
    }

    it('use up no number, and their period counts as billed', async () => {
      const organization = { finalize_zero_amount_invoice: false, document_number_prefix: 'ACM' };
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z', organization });
      const charges = [standard(await billing.metric('calls'), '1')];
      await billing.subscribe({ plan: { ...empty, charges } });
      await billing.clock.moveTo('2026-05-10T00:00:00Z');
      await billing.use('calls', {}, { at: '2026-04-10T00:00:00Z' });
      await billing.clock.moveTo('2026-06-01T00:00:00Z');
      const invoice = await billing.onlyInvoice();
      assert.equal(invoice.number, 'ACM-001-001');
      assert.deepEqual(lines(invoice), ['pro 1 = 0', 'calls 1 = 100']);
    });
  });

  describe('a plan whose price is edited', () => {
    it('costs the price of the day on which it is billed', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: { amount_cents: 3000 } });
      await billing.clock.moveTo('2026-04-20T00:00:00Z');
      await billing.put('/plans/pro', { plan: { amount_cents: 6000 } });
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-05-01 6000']);
    });

    it('in advance leaves the period that was paid alone', async () => {
      const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
      await billing.subscribe({ plan: { amount_cents: 3000, pay_in_advance: true } });
      await billing.clock.moveTo('2026-04-20T00:00:00Z');
      await billing.put('/plans/pro', { plan: { amount_cents: 6000 } });
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(await billing.bills(), ['2026-04-01 3000', '2026-05-01 6000']);
    });
  });

  it('have their PDF when the clock has come to rest', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.subscribe({ plan: {} });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    const { lago_id } = await billing.onlyInvoice();
    const { invoice } = await billing.post(`/invoices/${lago_id}/download`);
    assert.match(invoice.file_url, /^http.*\.pdf/);
  });
});
