import assert from 'node:assert/strict';
import type { Invoice } from '../../billing/invoices/invoice.ts';
import type { CustomerRow } from '../../db/customers.ts';
import { newId } from '../../db/ids.ts';
import type { InvoiceRow } from '../../db/invoices.ts';
import type { PlanRow } from '../../db/plans.ts';
import type { SubscriptionRow } from '../../db/subscriptions.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-10T15:30:00.000Z';

describe('what can be done with invoices', () => {
  let api: TestApi;
  let acme: ApiClient;
  let build: Builders;
  let customer: CustomerRow;
  let plan: PlanRow;
  let subscription: SubscriptionRow;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: NOW });
    await acme.put('/organizations', { organization: { document_number_prefix: 'ACM' } });
    build = new Builders(api.db, acme.organization.id, '2026-02-01T00:00:00.000Z');
    customer = await build.customer('cus', { name: 'Customer', invoice_grace_period: 60 });
    plan = await build.plan('pro');
    subscription = await build.subscription(customer, plan, { subscription_at: '2026-01-05T00:00:00.000Z' });
    await build.write((trx) =>
      trx('webhook_endpoints').insert({
        id: newId(),
        organization_id: acme.organization.id,
        webhook_url: 'https://acme.test/hooks',
        created_at: NOW,
        updated_at: NOW,
      }),
    );
  });

  /** Of January, as it was when the plan cost 10.00. */
  const draft = (fields: Partial<Invoice> = {}): Promise<InvoiceRow> =>
    build.invoice(
      customer,
      { status: 'draft', number: 'ACM-DRAFT', finalized_at: null, ...fields },
      {
        fees: [{ subscription_id: subscription.id, amount_cents: 1000 }],
        periods: [{ subscription_id: subscription.id, plan_id: plan.id }],
      },
    );
  const told = async (): Promise<{ type: string; object: Record<string, unknown> }[]> =>
    (await build.write((trx) => trx('webhooks').orderBy('id').select())).map(
      ({ webhook_type, object_type, payload }) => ({
        type: webhook_type as string,
        object: JSON.parse(payload as string)[object_type as string],
      }),
    );
  const toldTypes = async (): Promise<string[]> => (await told()).map(({ type }) => type);
  const next = async (id: string): Promise<string | undefined> => {
    const row = await build.write((trx) => trx('agenda').where({ workflow_id: `invoice/${id}` }).first('step', 'due_at')); // prettier-ignore
    return row && `${row.step} ${row.due_at}`;
  };
  const isRung = async (id: string): Promise<boolean> =>
    (await build.write((trx) =>
      trx('outbox')
        .where({ workflow_id: `invoice/${id}` })
        .first(),
    )) !== undefined;

  describe('refresh', () => {
    it('computes a draft anew, with the prices of today; it stays the same draft', async () => {
      const before = await draft({ issuing_date: '2026-04-02', expected_finalization_date: '2026-04-02' });
      const { status, body } = await acme.put(`/invoices/${before.id}/refresh`, {});
      assert.equal(status, 200);
      const { invoice } = body;
      assert.equal(invoice.total_amount_cents, 3000);
      assert.deepEqual(
        [invoice.lago_id, invoice.status, invoice.number, invoice.issuing_date, invoice.created_at],
        [before.id, 'draft', 'ACM-DRAFT', '2026-04-02', '2026-02-01T00:00:04Z'],
      );
      assert.deepEqual(await toldTypes(), []);
    });

    it('gives a draft the dates that its customer’s terms have had since', async () => {
      const before = await draft({ issuing_date: '2026-03-20', expected_finalization_date: '2026-03-20' });
      await acme.put(`/invoices/${before.id}/refresh`);
      const after = (await acme.get(`/invoices/${before.id}`)).body.invoice;
      assert.equal(after.issuing_date, '2026-04-02');
      assert.equal(await next(before.id), 'finalize 2026-04-02T00:00:00.000Z');
    });

    for (const status of ['finalized', 'voided', 'failed'] as const)
      it(`leaves one that is ${status} as it is`, async () => {
        const { id } = await draft({ status });
        const { status: answered, body } = await acme.put(`/invoices/${id}/refresh`);
        assert.equal(answered, 200);
        assert.equal(body.invoice.total_amount_cents, 1000);
        assert.equal(body.invoice.updated_at, body.invoice.created_at);
      });

    for (const invoice_type of ['one_off', 'credit', 'progressive_billing'] as const)
      it(`is not for invoices of the type ${invoice_type}`, async () => {
        const { id } = await build.invoice(customer, { invoice_type });
        assert.equal((await acme.put(`/invoices/${id}/refresh`)).status, 403);
      });
  });

  describe('finalize', () => {
    it('computes a draft anew, numbers it and dates it with today', async () => {
      const { id } = await draft({ net_payment_term: 30 });
      await acme.post('/customers', { customer: { external_id: 'cus', net_payment_term: 30 } });
      const { status, body } = await acme.put(`/invoices/${id}/finalize`, {});
      assert.equal(status, 200);
      const { invoice } = body;
      assert.deepEqual(
        [invoice.status, invoice.number, invoice.sequential_id, invoice.issuing_date, invoice.payment_due_date],
        ['finalized', 'ACM-001-001', 1, '2026-03-10', '2026-04-09'],
      );
      assert.equal(invoice.total_amount_cents, 3000);
      assert.deepEqual((await toldTypes()).slice(1), ['invoice.created']);
      assert.equal(await next(id), 'render_document 2026-03-10T15:30:00.000Z');
      assert.equal(await isRung(id), true);
    });

    it('happens once, however often it is asked for', async () => {
      const { id } = await draft();
      const answers = await Promise.all([1, 2, 3].map(() => acme.put(`/invoices/${id}/finalize`)));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 404, 404]);
      assert.deepEqual(await toldTypes(), ['invoice.created']);
      assert.equal((await acme.get(`/invoices/${id}`)).body.invoice.number, 'ACM-001-001');
    });

    it('numbers the invoices of a customer one after the other, without holes, when all come at once', async () => {
      const ids = await Promise.all(
        Array.from({ length: 12 }, async (_, index) => {
          const other = await build.subscription(customer, plan, { external_id: `sub-${index}` });
          const periods = [{ subscription_id: other.id, plan_id: plan.id }];
          return (await build.invoice(customer, { status: 'draft', finalized_at: null }, { periods })).id;
        }),
      );
      const edits = ids.map((_, index) =>
        acme.post('/customers', { customer: { external_id: 'cus', name: `Customer ${index}` } }),
      );
      const answers = await Promise.all([...ids.map((id) => acme.put(`/invoices/${id}/finalize`)), ...edits]);
      assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
      const numbers = (await acme.get('/invoices')).body.invoices.map(({ sequential_id }: Invoice) => sequential_id);
      assert.deepEqual(numbers.sort((a: number, b: number) => a - b), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]); // prettier-ignore
    });

    it('leaves an empty one out where that is wanted: nobody sees it any more', async () => {
      await acme.post('/customers', { customer: { external_id: 'cus', finalize_zero_amount_invoice: 'skip' } });
      await acme.put('/plans/pro', { plan: { amount_cents: 0 } });
      const { id } = await draft();
      const { status, body } = await acme.put(`/invoices/${id}/finalize`);
      assert.deepEqual([status, body], [200, '']);
      assert.equal((await acme.get(`/invoices/${id}`)).status, 404);
      assert(!(await toldTypes()).includes('invoice.created'));
    });

    for (const status of ['finalized', 'voided', 'failed', 'pending'] as const)
      it(`finds no draft in one that is ${status}`, async () => {
        const { id } = await draft({ status });
        const answer = await acme.put(`/invoices/${id}/finalize`);
        assert.deepEqual([answer.status, answer.body.code], [404, 'invoice_not_found']);
      });
  });

  describe('void', () => {
    it('annuls an invoice: it keeps its number and its payment, and nothing is due any more', async () => {
      const paid = { payment_status: 'succeeded', total_paid_amount_cents: 3000 } as const;
      const fields = { number: 'ACM-001-001', sequential_id: 1, ...paid, payment_overdue: true };
      const { id } = await build.invoice(customer, fields, { fees: [{}] });
      const { status, body } = await acme.post(`/invoices/${id}/void`, {});
      assert.equal(status, 200);
      const { invoice } = body;
      assert.deepEqual(
        [invoice.status, invoice.number, invoice.payment_status, invoice.voided_at, invoice.payment_overdue],
        ['voided', 'ACM-001-001', 'succeeded', '2026-03-10T15:30:00Z', false],
      );
      assert.deepEqual([invoice.total_due_amount_cents, invoice.total_amount_cents], [0, 3000]);
      const [message, ...others] = await told();
      assert.deepEqual([message?.type, message?.object['status'], others.length], ['invoice.voided', 'voided', 0]);
      assert.equal(await next(id), undefined);
    });

    it('happens once, however often it is asked for', async () => {
      const { id } = await build.invoice(customer);
      const answers = await Promise.all([1, 2, 3].map(() => acme.post(`/invoices/${id}/void`)));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 405, 405]);
      assert.equal(answers.find(({ status }) => status === 405)?.body.code, 'not_voidable');
      assert.deepEqual(await toldTypes(), ['invoice.voided']);
    });

    it('and a new payment status do not cross: what comes second sees the first', async () => {
      const { id } = await build.invoice(customer, {}, { fees: [{}] });
      const [voided, edited] = await Promise.all([
        acme.post(`/invoices/${id}/void`),
        acme.put(`/invoices/${id}`, { invoice: { payment_status: 'succeeded' } }),
      ]);
      const { status, payment_status } = (await acme.get(`/invoices/${id}`)).body.invoice;
      assert.equal(voided.status, 200);
      assert.deepEqual([status, payment_status], ['voided', edited.status === 200 ? 'succeeded' : 'pending']);
      if (edited.status !== 200) assert.equal(edited.body.code, 'update_on_voided_invoice');
    });

    for (const status of ['draft', 'voided', 'failed', 'pending'] as const)
      it(`is not for one that is ${status}`, async () => {
        const { id } = await build.invoice(customer, { status });
        const answer = await acme.post(`/invoices/${id}/void`);
        assert.deepEqual([answer.status, answer.body.code], [405, 'not_voidable']);
      });

    for (const [what, body] of [
      ['a negative amount', { generate_credit_note: true, credit_amount: -1 }],
      ['half a cent', { generate_credit_note: true, refund_amount: 0.5 }],
      ['an option that is no yes or no', { generate_credit_note: 'maybe' }],
    ] as const)
      it(`is refused with ${what}`, async () => {
        const { id } = await build.invoice(customer, {}, { fees: [{}] });
        assert.equal((await acme.post(`/invoices/${id}/void`, body)).status, 422);
        assert.equal((await acme.get(`/invoices/${id}`)).body.invoice.status, 'finalized');
      });
  });

  describe('lose_dispute', () => {
    for (const status of ['finalized', 'voided'] as const)
      it(`notes when the money for one that is ${status} was taken back, the first time`, async () => {
        const fields = { status, payment_status: 'succeeded', payment_overdue: true } as const;
        const { id } = await build.invoice(customer, fields, { fees: [{}] });
        const { body } = await acme.post(`/invoices/${id}/lose_dispute`);
        const { invoice } = body;
        assert.deepEqual(
          [invoice.status, invoice.payment_status, invoice.payment_overdue, invoice.payment_dispute_lost_at],
          [status, 'succeeded', false, '2026-03-10T15:30:00Z'],
        );
        assert.equal((await acme.post(`/invoices/${id}/lose_dispute`)).status, 200);
        const [message, ...others] = await told();
        assert.equal(message?.type, 'invoice.payment_dispute_lost');
        assert.deepEqual(Object.keys(message.object), ['invoice']);
        const sent = message.object['invoice'] as { lago_id: string; customer: { external_id: string } };
        assert.deepEqual([sent.lago_id, sent.customer.external_id], [id, 'cus']);
        assert.deepEqual(others, []);
      });

    for (const status of ['draft', 'failed', 'pending'] as const)
      it(`is not for one that is ${status}`, async () => {
        const { id } = await build.invoice(customer, { status });
        const answer = await acme.post(`/invoices/${id}/lose_dispute`);
        assert.deepEqual([answer.status, answer.body.code], [405, 'not_disputable']);
      });
  });

  describe('retry', () => {
    it('makes one that failed final', async () => {
      const { id } = await draft({ status: 'failed' });
      const { status, body } = await acme.post(`/invoices/${id}/retry`);
      assert.equal(status, 200);
      assert.deepEqual([body.invoice.status, body.invoice.issuing_date], ['finalized', '2026-03-10']);
    });

    for (const status of ['draft', 'finalized', 'voided', 'pending'] as const)
      it(`is not for one that is ${status}`, async () => {
        const { id } = await draft({ status });
        const answer = await acme.post(`/invoices/${id}/retry`);
        assert.deepEqual([answer.status, answer.body.code], [405, 'invalid_status']);
      });
  });

  describe('retry_payment', () => {
    it('tells that a customer without a payment provider cannot be charged', async () => {
      const { id } = await build.invoice(customer, { payment_status: 'failed' }, { fees: [{}] });
      const { status, body } = await acme.post(`/invoices/${id}/retry_payment`);
      assert.deepEqual([status, body], [200, '']);
      const [message] = await told();
      assert.equal(message?.type, 'invoice.payment_failure');
      assert.equal(message.object['lago_invoice_id'], id);
      assert.equal(message.object['external_customer_id'], 'cus');
      assert.deepEqual(message.object['error_details'], { code: 'customer_must_have_payment_provider' });
    });

    for (const [what, fields] of [
      ['a draft', { status: 'draft' }],
      ['a voided one', { status: 'voided' }],
      ['one that is paid', { payment_status: 'succeeded' }],
    ] as const)
      it(`is not for ${what}`, async () => {
        const { id } = await build.invoice(customer, fields);
        const answer = await acme.post(`/invoices/${id}/retry_payment`);
        assert.deepEqual([answer.status, answer.body.code], [405, 'invalid_status']);
      });
  });

  describe('delete', () => {
    it('takes a draft away: nobody sees it any more, and its period counts as billed', async () => {
      const { id } = await draft();
      const { status, body } = await acme.delete(`/invoices/${id}`);
      assert.equal(status, 200);
      assert.equal(body.invoice.status, 'deleted');
      assert.equal((await acme.get(`/invoices/${id}`)).status, 404);
      assert.equal((await acme.get('/invoices')).body.invoices.length, 0);
      assert.equal((await acme.get('/fees')).body.fees.length, 0);
      assert.equal((await acme.delete(`/invoices/${id}`)).status, 404);
      const [message, ...others] = await told();
      assert.deepEqual([message?.type, message?.object['status'], others.length], ['invoice.deleted', 'deleted', 0]);
    });

    for (const status of ['finalized', 'voided', 'failed'] as const)
      it(`is not for one that is ${status}`, async () => {
        const { id } = await build.invoice(customer, { status });
        const answer = await acme.delete(`/invoices/${id}`);
        assert.deepEqual([answer.status, answer.body.code], [405, 'not_deletable']);
      });
  });

  for (const [method, action] of [
    ['PUT', '/refresh'],
    ['PUT', '/finalize'],
    ['POST', '/void'],
    ['POST', '/lose_dispute'],
    ['POST', '/retry'],
    ['POST', '/retry_payment'],
    ['DELETE', ''],
  ] as const)
    it(`${method} …${action} finds no invoice of another organization, none that was left out, and none under a text that is no id`, async () => {
      const other = await api.newOrganization({ clock: NOW });
      const others = new Builders(api.db, other.organization.id, NOW);
      const foreign = await others.invoice(await others.customer('cus'), { status: 'draft' });
      const closed = await draft({ status: 'closed' });
      for (const id of [foreign.id, closed.id, newId(), 'nonsense']) {
        const { status, body } = await acme.call(method, `/invoices/${id}${action}`);
        assert.deepEqual([status, body.code], [404, 'invoice_not_found']);
      }
    });

  it('a payment that is noted ends the wait for it, and one that is taken back begins it anew', async () => {
    const fields = { payment_due_date: '2026-03-20' };
    const invoice = await build.invoice(customer, fields, { fees: [{}] });
    await build.document(invoice, '%PDF');
    await acme.put(`/invoices/${invoice.id}`, { invoice: { payment_status: 'failed' } });
    assert.equal(await next(invoice.id), 'mark_overdue 2026-03-21T00:00:00.000Z');
    await acme.put(`/invoices/${invoice.id}`, { invoice: { payment_status: 'succeeded' } });
    assert.equal(await next(invoice.id), undefined);
    await acme.put(`/invoices/${invoice.id}`, { invoice: { payment_status: 'pending' } });
    assert.equal(await next(invoice.id), 'mark_overdue 2026-03-21T00:00:00.000Z');
    assert.equal(await isRung(invoice.id), true);
  });
});
