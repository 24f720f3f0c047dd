import assert from 'node:assert/strict';
import { bill, lines, type Sandbox, sandbox, standard, stories } from '../support/sandbox.ts';

stories('the life of an invoice', () => {
  const graceful = { external_id: 'cus', billing_configuration: { invoice_grace_period: 10 } };

  /** A month of 30.00 and of 1.00 for each call, which is a draft for ten days. */
  async function drafted(customer: object = graceful): Promise<Sandbox> {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z', organization: { document_number_prefix: 'ACM' } });
    const charges = [standard(await billing.metric('calls'), '1')];
    await billing.subscribe({ plan: { charges }, customer: { ...customer } });
    await billing.use('calls', {});
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    return billing;
  }

  describe('as a draft', () => {
    it('follows the prices of its plan at once, and usage only when it is asked to', async () => {
      const billing = await drafted();
      await billing.use('calls', { at: '2026-04-30T00:00:00Z' });
      const draft = await billing.onlyInvoice();
      assert.deepEqual(lines(draft), ['pro 1 = 3000', 'calls 1 = 100']);

      await billing.put(`/invoices/${draft.lago_id}/refresh`, {});
      assert.deepEqual(lines(await billing.onlyInvoice()), ['pro 1 = 3000', 'calls 2 = 200']);

      await billing.put('/plans/pro', { plan: { amount_cents: 4000 } });
      const refreshed = await billing.onlyInvoice();
      assert.deepEqual(lines(refreshed), ['pro 1 = 4000', 'calls 2 = 200']);
      const { status, number, issuing_date, created_at } = refreshed;
      assert.deepEqual([status, number, issuing_date], ['draft', 'ACM-DRAFT', '2026-05-11']);
      assert.equal(created_at, draft.created_at);
    });

    it('is final as soon as somebody wants it to be, as of that day, and only once', async () => {
      const billing = await drafted({ ...graceful, net_payment_term: 5 });
      const { lago_id } = await billing.onlyInvoice();
      await billing.use('calls', { at: '2026-04-30T00:00:00Z' });
      await billing.put(`/invoices/${lago_id}/finalize`, {});
      const invoice = await billing.onlyInvoice();
      assert.deepEqual(lines(invoice), ['pro 1 = 3000', 'calls 2 = 200']);
      assert.deepEqual(
        [invoice.status, invoice.number, invoice.issuing_date, invoice.payment_due_date],
        ['finalized', 'ACM-001-001', '2026-05-02', '2026-05-07'],
      );
      assert.match(invoice.file_url ?? '', /ACM-001-001/);

      await billing.clock.moveTo('2026-05-30T00:00:00Z');
      const later = await billing.onlyInvoice();
      assert.deepEqual([later.number, later.issuing_date], ['ACM-001-001', '2026-05-02']);
    });

    it('that is deleted is never billed, and what comes after it is', async () => {
      const billing = await drafted();
      const { lago_id } = await billing.onlyInvoice();
      await billing.delete(`/invoices/${lago_id}`);
      await billing.clock.moveTo('2026-06-15T00:00:00Z');
      const next = await billing.onlyInvoice();
      assert.deepEqual([next.number, bill(next)], ['ACM-001-001', '2026-06-11 3000']);
    });

    it('is final at once when its plan is deleted', async () => {
      const billing = await drafted();
      await billing.delete('/plans/pro');
      assert.deepEqual(
        (await billing.invoices()).map((invoice) => `${invoice.status} ${bill(invoice)}`),
        // Two of the 31 days of May.
        ['finalized 2026-05-02 3100', 'finalized 2026-05-02 194'],
      );
    });

    it('is final minutes after its customer is deleted', async () => {
      const billing = await drafted();
      await billing.delete('/customers/cus');
      await billing.clock.moveTo('2026-05-02T00:05:00Z');
      const invoices = await billing.invoices();
      assert.deepEqual([...new Set(invoices.map(({ status }) => status))], ['finalized']);
      assert.equal(invoices.length, 2);
    });
  });

  describe('issued', () => {
    const cases: [anchor: string, adjustment: string, grace: number, draft: string | undefined, final: string][] = [
      ['next_period_start', 'align_with_finalization_date', 0, undefined, '2026-05-01'],
      ['next_period_start', 'keep_anchor', 0, undefined, '2026-05-01'],
      ['current_period_end', 'align_with_finalization_date', 0, undefined, '2026-04-30'],
      ['current_period_end', 'keep_anchor', 0, undefined, '2026-04-30'],
      ['next_period_start', 'align_with_finalization_date', 3, '2026-05-04', '2026-05-04'],
      ['next_period_start', 'keep_anchor', 3, '2026-05-01', '2026-05-01'],
      ['current_period_end', 'align_with_finalization_date', 3, '2026-05-04', '2026-05-04'],
      ['current_period_end', 'keep_anchor', 3, '2026-04-30', '2026-04-30'],
    ];
    for (const [anchor, adjustment, invoice_grace_period, draft, final] of cases)
      it(`on ${final} with the anchor ${anchor}, which is to ${adjustment}, and ${invoice_grace_period} days of grace`, async () => {
        const billing_configuration = {
          invoice_grace_period,
          subscription_invoice_issuing_date_anchor: anchor,
          subscription_invoice_issuing_date_adjustment: adjustment,
        };
        const billing = await sandbox({ at: '2026-04-01T00:00:00Z', organization: { net_payment_term: 10 } });
        await billing.subscribe({ plan: {}, customer: { external_id: 'cus', billing_configuration } });
        await billing.clock.moveTo('2026-05-01T00:00:00Z');
        const first = await billing.onlyInvoice();
        if (draft) assert.deepEqual([first.status, first.issuing_date], ['draft', draft]);
        await billing.clock.moveTo('2026-05-04T00:00:00Z');
        const { status, issuing_date, payment_due_date } = await billing.onlyInvoice();
        assert.deepEqual([status, issuing_date], ['finalized', final]);
        assert.equal(Date.parse(payment_due_date) - Date.parse(final), 10 * 24 * 3600 * 1000);
      });

    it('as the organization has it where the customer has nothing else, drafts too, from the moment it changes', async () => {
      const billing = await drafted();
      const keep = { subscription_invoice_issuing_date_adjustment: 'keep_anchor' };
      await billing.put('/organizations', { organization: { billing_configuration: keep } });
      assert.equal((await billing.onlyInvoice()).issuing_date, '2026-05-01');
      await billing.clock.moveTo('2026-05-11T00:00:00Z');
      const { status, issuing_date } = await billing.onlyInvoice();
      assert.deepEqual([status, issuing_date], ['finalized', '2026-05-01']);
    });

    it('on the day of the start where it is no invoice of a period', async () => {
      const anchor = { subscription_invoice_issuing_date_anchor: 'current_period_end' };
      const billing = await sandbox({ at: '2026-04-10T00:00:00Z' });
      const customer = { external_id: 'cus', billing_configuration: anchor };
      await billing.subscribe({ plan: { pay_in_advance: true }, customer });
      assert.equal((await billing.onlyInvoice()).issuing_date, '2026-04-10');
    });
  });

  describe('unpaid', () => {
    /** Issued on 1 May, due on the 8th. */
    const due = async (): Promise<Sandbox> => {
      const billing = await sandbox({ at: '2026-04-01T12:00:00Z' });
      const customer = { external_id: 'cus', net_payment_term: 7, timezone: 'America/New_York' };
      await billing.subscribe({ plan: {}, customer });
      await billing.clock.moveTo('2026-05-08T23:59:59Z');
      return billing;
    };
    const isOverdue = async (billing: Sandbox): Promise<boolean> => (await billing.onlyInvoice()).payment_overdue;

    it('is overdue on the day after it was due, by UTC', async () => {
      const billing = await due();
      assert.equal(await isOverdue(billing), false);
      await billing.clock.moveTo('2026-05-09T00:00:00Z');
      assert.equal(await isOverdue(billing), true);
      assert.equal((await billing.invoices('&payment_overdue=true')).length, 1);
    });

    it('is not overdue any more once it is paid, voided, or lost to a dispute', async () => {
      const ends: [string, (billing: Sandbox, id: string) => Promise<unknown>][] = [
        ['paid', (billing, id) => billing.put(`/invoices/${id}`, { invoice: { payment_status: 'succeeded' } })],
        ['voided', (billing, id) => billing.post(`/invoices/${id}/void`)],
        ['lost', (billing, id) => billing.post(`/invoices/${id}/lose_dispute`)],
      ];
      for (const [how, end] of ends) {
        const billing = await due();
        await billing.clock.moveTo('2026-05-09T00:00:00Z');
        const { lago_id } = await billing.onlyInvoice();
        await end(billing, lago_id);
        assert.equal(await isOverdue(billing), false, how);
        await billing.clock.moveTo('2026-05-20T00:00:00Z');
        assert.equal(await isOverdue(billing), false, how);
      }
    });

    it('is never overdue where it was paid in time', async () => {
      const billing = await due();
      const { lago_id } = await billing.onlyInvoice();
      await billing.put(`/invoices/${lago_id}`, { invoice: { payment_status: 'succeeded' } });
      await billing.clock.moveTo('2026-05-20T00:00:00Z');
      assert.equal(await isOverdue(billing), false);
    });

    it('keeps the term that it was issued with', async () => {
      const billing = await due();
      await billing.post('/customers', { customer: { external_id: 'cus', net_payment_term: 30 } });
      const { net_payment_term, payment_due_date } = await billing.onlyInvoice();
      assert.deepEqual([net_payment_term, payment_due_date], [7, '2026-05-08']);
    });
  });
});
