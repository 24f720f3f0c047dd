import assert from 'node:assert/strict';
import { lines, sandbox, standard, stories } from '../support/sandbox.ts';

stories('customers', () => {
  it('are made by their first subscription, and get their currency from its plan', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.plan({ amount_currency: 'USD' });
    await billing.subscribe({ plan: 'pro', customer: 'new' });
    const { customer } = await billing.get('/customers/new');
    assert.equal(customer.currency, 'USD');
    assert.equal(customer.created_at, '2026-04-01T00:00:00Z');
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    assert.equal((await billing.onlyInvoice()).customer.external_id, 'new');
  });

  it('that are deleted get their last bill, and no other', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [standard(await billing.metric('calls'), '1')];
    await billing.subscribe({ plan: { charges } });
    await billing.plan({ code: 'later' });
    await billing.subscribe({ plan: 'later', customer: 'cus', external_id: 'b', subscription_at: '2026-06-01T00:00:00Z' }); // prettier-ignore
    await billing.use('calls', {});
    await billing.clock.moveTo('2026-04-10T12:00:00Z');
    await billing.delete('/customers/cus');
    await billing.clock.moveTo('2026-09-01T00:00:00Z');

    assert.equal((await billing.call('GET', '/customers/cus')).status, 404);
    assert.deepEqual(lines(await billing.onlyInvoice()), ['pro 1 = 1000', 'calls 1 = 100']); // 10 of 30 days.
  });

  it('that come back under the same id are others, with numbers of their own', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z', organization: { document_number_prefix: 'ACM' } });
    await billing.subscribe({ plan: {} });
    await billing.clock.moveTo('2026-04-10T12:00:00Z');
    await billing.delete('/customers/cus');
    await billing.subscribe({ plan: 'pro', customer: { name: 'Again' } });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    assert.deepEqual((await billing.invoices()).map(({ number, total_amount_cents }) => `${number} ${total_amount_cents}`), [
      'ACM-001-001 1000',
      'ACM-002-001 2100', // 10 to 30 April: 21 of 30 days.
    ]); // prettier-ignore
  });

  it('keep on their invoices what they were called when these were made', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.subscribe({ plan: {}, customer: { net_payment_term: 14 } });
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    await billing.customer({ net_payment_term: 60, timezone: 'Asia/Tokyo' });
    const invoice = await billing.onlyInvoice();
    assert.deepEqual([invoice.issuing_date, invoice.payment_due_date], ['2026-05-01', '2026-05-15']);
  });

  it('whose grace period is taken away have their drafts made final', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const graceful = { billing_configuration: { invoice_grace_period: 10 } };
    await billing.subscribe({ plan: {}, customer: graceful });
    await billing.clock.moveTo('2026-05-03T00:00:00Z');
    assert.equal((await billing.onlyInvoice()).status, 'draft');
    await billing.customer({ billing_configuration: { invoice_grace_period: 0 } });
    const invoice = await billing.onlyInvoice();
    assert.deepEqual([invoice.status, invoice.issuing_date], ['finalized', '2026-05-03']);
  });

  it('whose terms change have the dates of their drafts moved along', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z', organization: { net_payment_term: 5 } });
    await billing.put('/organizations', { organization: { billing_configuration: { invoice_grace_period: 10 } } });
    await billing.subscribe({ plan: {}, customer: { external_id: 'a' }, external_id: 'a' });
    await billing.subscribe({
      plan: 'pro',
      customer: { external_id: 'b', net_payment_term: 7, billing_configuration: { invoice_grace_period: 20 } },
      external_id: 'b',
    });
    await billing.clock.moveTo('2026-05-03T00:00:00Z');
    const dates = async () =>
      (await billing.invoices())
        .map(
          ({ customer, status, issuing_date, payment_due_date }) =>
            `${customer.external_id} ${status} ${issuing_date} ${payment_due_date}`,
        )
        .sort();
    assert.deepEqual(await dates(), ['a draft 2026-05-11 2026-05-16', 'b draft 2026-05-21 2026-05-28']);

    // b has terms of its own.
    const organization = { net_payment_term: 30, billing_configuration: { invoice_grace_period: 12 } };
    await billing.put('/organizations', { organization });
    assert.deepEqual(await dates(), ['a draft 2026-05-13 2026-06-12', 'b draft 2026-05-21 2026-05-28']);

    await billing.customer({ external_id: 'b', net_payment_term: null });
    assert.deepEqual(await dates(), ['a draft 2026-05-13 2026-06-12', 'b draft 2026-05-21 2026-06-20']);

    await billing.clock.moveTo('2026-05-13T00:00:00Z');
    assert.deepEqual(await dates(), ['a finalized 2026-05-13 2026-06-12', 'b draft 2026-05-21 2026-06-20']);
  });
});
