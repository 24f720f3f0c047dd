import assert from 'node:assert/strict';
import { sandbox, stories } from '../support/sandbox.ts';

stories('deletions', () => {
  const graceful = { billing_configuration: { invoice_grace_period: 60 } };

  it('of a plan leave three final bills where two were drafts', async () => {
    const billing = await sandbox({ at: '2022-12-15T00:00:00Z' });
    await billing.subscribe({ plan: { pay_in_advance: true, amount_cents: 1000 }, customer: graceful });
    await billing.clock.moveTo('2023-01-20T00:00:00Z');
    assert.deepEqual((await billing.invoices()).map(({ status }) => status), ['draft', 'draft']); // prettier-ignore
    await billing.delete('/plans/pro');
    assert.equal((await billing.call('GET', '/plans/pro')).status, 404);
    assert.deepEqual((await billing.invoices()).map(({ status }) => status), ['finalized', 'finalized', 'finalized']); // prettier-ignore
    await billing.plan({ amount_cents: 2000 });
  });

  it('of a customer leave its drafts for five minutes', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.subscribe({ plan: {}, customer: graceful });
    await billing.clock.moveTo('2026-04-10T12:00:00Z');
    await billing.delete('/customers/cus');
    assert.equal((await billing.onlyInvoice()).status, 'draft');
    await billing.clock.moveTo('2026-04-10T12:05:00Z');
    assert.equal((await billing.onlyInvoice()).status, 'finalized');
  });
});
