import assert from 'node:assert/strict';
import { bill, type Sandbox, sandbox, standard, stories } from '../support/sandbox.ts';

interface Note {
  readonly number: string;
  readonly lago_id: string;
  readonly credit_amount_cents: number;
  readonly refund_amount_cents: number;
  readonly offset_amount_cents: number;
  readonly balance_amount_cents: number;
  readonly issuing_date: string;
  readonly reason: string;
}

const ADVANCE = { pay_in_advance: true };

/** The oldest first. */
async function notes(billing: Sandbox): Promise<Note[]> {
  return (await billing.get('/credit_notes')).credit_notes.reverse();
}

/** `credit + refund + offset, left of it`. */
const parts = (note: Note): string =>
  `${note.credit_amount_cents} + ${note.refund_amount_cents} + ${note.offset_amount_cents}, ${note.balance_amount_cents}`;

async function pay(billing: Sandbox, invoice_id: string, amount_cents: number): Promise<void> {
  await billing.post('/payments', { payment: { invoice_id, amount_cents, reference: 'wire' } });
}

stories('credit notes', () => {
  it('give unused days back at the end that was set, and pay the last invoice with them', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.tax('vat', '20', { applied_to_organization: true });
    const calls = await billing.metric('calls');
    const plan = { ...ADVANCE, amount_cents: 3000, charges: [standard(calls, '2')] };
    await billing.subscribe({ plan, ending_at: '2026-04-21T15:00:00Z' });
    await billing.use('calls', {});
    await billing.clock.moveTo('2026-04-30T00:00:00Z');
    // 22 to 30 April: 9 of 30 days. The last invoice is 2.00 and tax.
    const [note, ...others] = await notes(billing);
    assert.equal(others.length, 0);
    assert.deepEqual([note && parts(note), note?.issuing_date], ['1080 + 0 + 0, 840', '2026-04-21']);
    const [first, last] = await billing.invoices();
    assert.equal(note?.number, `${first?.number}-CN001`);
    assert.deepEqual([last && bill(last), last?.credit_notes_amount_cents], ['2026-04-21 0', 240]);
    assert.deepEqual(
      last?.credits.map(({ item, amount_cents, before_taxes }) => [item.type, item.code, item.name, amount_cents, before_taxes]), // prettier-ignore
      [['credit_note', note?.number, first?.number, 240, false]],
    );
  });

  it('are printed when they are made, also those of an invoice that was voided', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.subscribe({ plan: { ...ADVANCE, amount_cents: 3000 } });
    const [invoice] = await billing.invoices();
    await billing.post(`/invoices/${invoice!.lago_id}/void`, { generate_credit_note: true, credit_amount: 1000 });
    await billing.clock.moveTo('2026-04-02T00:00:00Z');
    for (const { lago_id, number } of await notes(billing)) {
      const { credit_note } = await billing.post(`/credit_notes/${lago_id}/download`);
      assert.match(credit_note.file_url, new RegExp(`^http.*${number}\\.pdf`));
    }
    assert.equal((await notes(billing)).length, 2);
  });

  it('pay back what was paid beyond the days used, and take the rest off what is owed', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    for (const [external_id, paid] of [
      ['full', 3000],
      ['half', 1500],
    ] as const) {
      // prettier-ignore
      await billing.subscribe({ plan: external_id === 'full' ? { code: 'full', ...ADVANCE } : 'full', customer: { external_id }, external_id }); // prettier-ignore
      const [invoice] = await billing.invoices(`&external_customer_id=${external_id}`);
      await pay(billing, invoice!.lago_id, paid);
    }
    await billing.clock.moveTo('2026-04-10T12:00:00Z');
    await billing.terminate('full', '?on_termination_credit_note=refund');
    await billing.terminate('half', '?on_termination_credit_note=offset');
    // 20 of 30 days are left, 10 have been used: of 15.00 paid, 5.00 are too much.
    assert.deepEqual((await notes(billing)).map(parts), ['0 + 2000 + 0, 0', '0 + 500 + 1500, 0']);
    const [invoice] = await billing.invoices('&external_customer_id=half');
    assert.deepEqual([invoice?.payment_status, invoice?.total_due_amount_cents], ['succeeded', 0]);
  });

  it('do what was stored, and what is asked goes before it', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    for (const external_id of ['skipped', 'asked']) {
      await billing.subscribe({ plan: external_id === 'skipped' ? { ...ADVANCE } : 'pro', customer: { external_id }, external_id }); // prettier-ignore
      await billing.put(`/subscriptions/${external_id}`, { subscription: { on_termination_credit_note: 'skip' } });
    }
    await billing.clock.moveTo('2026-04-10T12:00:00Z');
    await billing.terminate('skipped');
    await billing.terminate('asked', '?on_termination_credit_note=credit');
    assert.deepEqual((await notes(billing)).map(parts), ['2000 + 0 + 0, 2000']);
  });

  it('end with their customer', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.subscribe({ plan: ADVANCE });
    await billing.clock.moveTo('2026-04-10T12:00:00Z');
    await billing.delete('/customers/cus');
    assert.deepEqual((await notes(billing)).map(parts), ['2000 + 0 + 0, 2000']);
  });

  it('are made once, when a subscription ends before its first bill', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.plan(ADVANCE);
    await billing.customer();
    const subscription = { external_customer_id: 'cus', external_id: 'sub', plan_code: 'pro' };
    // Nobody waits for what the first request has set going.
    await billing.call('POST', '/subscriptions', { subscription });
    await billing.call('DELETE', '/subscriptions/sub');
    await billing.clock.settle();
    assert.deepEqual((await notes(billing)).map(parts), ['2900 + 0 + 0, 2900']);
  });

  describe('of a draft', () => {
    async function endWhileDraft(): Promise<Sandbox> {
      const billing = await sandbox({ at: '2022-12-15T10:00:00Z' });
      await billing.tax('vat', '20', { applied_to_organization: true });
      const calls = await billing.metric('calls');
      const plan = { ...ADVANCE, amount_cents: 1000, charges: [standard(calls, '3')] };
      await billing.subscribe({ plan, customer: { billing_configuration: { invoice_grace_period: 20 } } });
      await billing.use('calls', {}, {});
      await billing.clock.moveTo('2022-12-20T10:00:00Z');
      await billing.terminate();
      assert.deepEqual(await notes(billing), [], 'nobody sees it yet');
      assert.deepEqual((await billing.invoices()).map((one) => [one.status, one.total_amount_cents]), [['draft', 658], ['draft', 720]]); // prettier-ignore
      return billing;
    }

    const finalize = async (billing: Sandbox, id: string): Promise<void> => {
      await billing.put(`/invoices/${id}/finalize`, {});
    };

    it('are final with their invoice, and used on the next', async () => {
      const billing = await endWhileDraft();
      const [first, last] = await billing.invoices();
      await finalize(billing, first!.lago_id);
      const [note] = await notes(billing);
      assert.deepEqual([note && parts(note), note?.reason], ['426 + 0 + 0, 426', 'order_cancellation']);
      assert.equal(note?.number, `${(await billing.invoices())[0]?.number}-CN001`);
      await finalize(billing, last!.lago_id);
      assert.equal((await billing.lastInvoice()).total_amount_cents, 294);
    });

    it('wait for their invoice', async () => {
      const billing = await endWhileDraft();
      const [first, last] = await billing.invoices();
      await finalize(billing, last!.lago_id);
      await finalize(billing, first!.lago_id);
      assert.deepEqual((await billing.invoices()).map((one) => one.total_amount_cents).sort(), [658, 720]);
      assert.deepEqual((await notes(billing)).map(parts), ['426 + 0 + 0, 426']);
    });

    it('follow its fees when they are computed anew', async () => {
      const billing = await endWhileDraft();
      const [first] = await billing.invoices();
      await billing.put('/plans/pro', { plan: { amount_cents: 2000 } });
      await billing.put(`/invoices/${first!.lago_id}/refresh`, {});
      await finalize(billing, first!.lago_id);
      // Twice as much: 709.69708 and 20 %.
      assert.deepEqual((await notes(billing)).map(parts), ['852 + 0 + 0, 852']);
    });
  });
});
