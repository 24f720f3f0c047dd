import assert from 'node:assert/strict';
import type { CustomerRow } from '../../db/customers.ts';
import type { InvoiceRow } from '../../db/invoices.ts';
import { type Answer, type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

describe('payments that are entered by hand', () => {
  let api: TestApi;
  let acme: ApiClient;
  let build: Builders;
  let customer: CustomerRow;
  let invoice: InvoiceRow;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-03-10T10:00:00.000Z' });
    build = new Builders(api.db, acme.organization.id, '2026-02-01T00:00:00.000Z');
    customer = await build.customer('cus');
    invoice = await build.invoice(customer, { payment_overdue: true }, { fees: [{ amount_cents: 10_000 }] });
  });

  const pay = (fields: object = {}): Promise<Answer> =>
    acme.post('/payments', { payment: { invoice_id: invoice.id, amount_cents: 6000, reference: 'wire 1', ...fields } });
  const read = async () => (await acme.get(`/invoices/${invoice.id}`)).body.invoice;

  it('settle an invoice in parts', async () => {
    const first = await pay();
    assert.equal(first.status, 200, JSON.stringify(first.body));
    const { lago_id, ...payment } = first.body.payment;
    assert.deepEqual(
      [payment.type, payment.payment_status, payment.amount_cents, payment.invoice_ids, payment.created_at],
      ['manual', 'succeeded', 6000, [invoice.id], '2026-03-10T10:00:00Z'],
    );
    const half = await read();
    assert.deepEqual(
      [half.payment_status, half.total_paid_amount_cents, half.total_due_amount_cents, half.payment_overdue],
      ['pending', 6000, 4000, true],
    );

    assert.equal((await pay({ amount_cents: 4000, paid_at: '2026-03-01' })).status, 200);
    const paid = await read();
    assert.deepEqual(
      [paid.payment_status, paid.total_paid_amount_cents, paid.total_due_amount_cents, paid.payment_overdue],
      ['succeeded', 10_000, 0, false],
    );
    assert.deepEqual([paid.fees[0].payment_status, paid.fees[0].succeeded_at], ['succeeded', '2026-03-10T10:00:00Z']);

    const { payments, meta } = (await acme.get('/payments')).body;
    assert.deepEqual(payments.map((one: { created_at: string }) => one.created_at), ['2026-03-10T10:00:00Z', '2026-03-01T00:00:00Z']); // prettier-ignore
    assert.equal(meta.total_count, 2);
    assert.equal((await acme.get(`/payments/${lago_id}`)).body.payment.lago_id, lago_id);
    for (const [path, count] of [
      [`/payments?invoice_id=${invoice.id}`, 2],
      ['/payments?external_customer_id=cus', 2],
      ['/payments?external_customer_id=nobody', 0],
      ['/payments?invoice_id=nothing', 0],
      ['/customers/cus/payments', 2],
    ] as const)
      assert.equal((await acme.get(path)).body.meta.total_count, count, path);
  });

  it('tell of an invoice that is paid, and not of a part', async () => {
    await acme.post('/webhook_endpoints', { webhook_endpoint: { webhook_url: 'https://acme.test/' } });
    const told = () => build.write((trx) => trx('webhooks').orderBy('id').pluck('webhook_type') as Promise<string[]>);
    await pay();
    assert.deepEqual(await told(), []);
    await pay({ amount_cents: 4000 });
    assert.deepEqual(await told(), ['invoice.payment_status_updated']);
  });

  it('never pay more than is owed, also at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => pay({ amount_cents: 4000 })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 422, 422, 422]);
    assert.equal((await read()).total_paid_amount_cents, 8000);
  });

  const cases: [string, object, number, unknown][] = [
    ['no invoice', { invoice_id: null, amount_cents: -1 }, 422, { invoice_id: ['value_is_mandatory'] }],
    ['no amount', { amount_cents: null }, 422, { amount_cents: ['invalid_value'] }],
    ['an amount as text', { amount_cents: '100' }, 422, { amount_cents: ['invalid_value'] }],
    ['a part of a cent', { amount_cents: 1.5 }, 422, { amount_cents: ['invalid_value'] }],
    ['nothing', { amount_cents: 0 }, 422, { amount_cents: ['invalid_value'] }],
    ['an unknown invoice', { invoice_id: '01900000-0000-7000-8000-000000000000' }, 404, undefined],
    ['what is no id', { invoice_id: 'INV-1' }, 404, undefined],
    ['a day that is none', { paid_at: '2026-02-31', reference: '' }, 422, { paid_at: ['invalid_date'] }],
    ['no reference', { reference: ' ' }, 422, { reference: ['value_is_mandatory'] }],
    [
      'a long reference, and too much',
      { reference: 'x'.repeat(41), amount_cents: 10_001 },
      422,
      { reference: ['value_is_too_long'], amount_cents: ['value_is_out_of_range'] },
    ],
  ];
  for (const [name, fields, status, details] of cases)
    it(`are refused with ${name}`, async () => {
      const answer = await pay(fields);
      assert.deepEqual([answer.status, answer.body.error_details], [status, details]);
    });

  it('are for final invoices only', async () => {
    for (const status of ['draft', 'voided'] as const) {
      const other = await build.invoice(customer, { status, occasion: status }, { fees: [{}] });
      const { status: code, body } = await pay({ invoice_id: other.id });
      assert.deepEqual([code, body.code], [403, 'feature_unavailable']);
    }
    assert.equal((await acme.get('/payments/01900000-0000-7000-8000-000000000000')).body.code, 'payment_not_found');
  });
});
