import assert from 'node:assert/strict';
import type { CustomerRow } from '../../db/customers.ts';
import type { InvoiceRow } from '../../db/invoices.ts';
import { type Answer, type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

describe('credit notes', () => {
  let api: TestApi;
  let acme: ApiClient;
  let build: Builders;
  let customer: CustomerRow;
  let invoice: InvoiceRow;
  let fee_id: string;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-03-10T10:00:00.000Z' });
    build = new Builders(api.db, acme.organization.id, '2026-02-01T00:00:00.000Z');
    customer = await build.customer('cus', { name: 'Ada', timezone: 'Pacific/Auckland' });
    invoice = await newInvoice('first');
    fee_id = await feeOf(invoice);
  });

  /** 100.00 and 20 %: 120.00. */
  const newInvoice = (occasion: string, fields: Partial<InvoiceRow> = {}): Promise<InvoiceRow> =>
    build.invoice(
      customer,
      { occasion, number: `ACM-${occasion}`, ...fields },
      { fees: [{ amount_cents: 10_000, taxes: [{ amount_cents: 2000 }] }], taxes: [{ amount_cents: 2000 }] },
    );
  const feeOf = async ({ id }: InvoiceRow): Promise<string> =>
    (await acme.get(`/invoices/${id}`)).body.invoice.fees[0].lago_id;
  const create = (fields: object = {}): Promise<Answer> =>
    acme.post('/credit_notes', {
      credit_note: {
        invoice_id: invoice.id,
        credit_amount_cents: 6000,
        items: [{ fee_id, amount_cents: 5000 }],
        ...fields,
      },
    });
  const made = async (fields: object = {}) => {
    const { status, body } = await create(fields);
    assert.equal(status, 200, JSON.stringify(body));
    return body.credit_note;
  };
  const pay = (amount_cents: number) =>
    acme.post('/payments', { payment: { invoice_id: invoice.id, amount_cents, reference: 'r' } });

  it('are numbered by their invoice, and dated where the customer is', async () => {
    const note = await made({ reason: 'order_change', description: 'Returned', metadata: { ticket: 'T-1' } });
    assert.deepEqual(
      [note.number, note.sequential_id, note.invoice_number, note.issuing_date, note.reason, note.description, note.metadata],
      ['ACM-first-CN001', 1, 'ACM-first', '2026-03-10', 'order_change', 'Returned', { ticket: 'T-1' }],
    ); // prettier-ignore
    assert.deepEqual(
      [note.sub_total_excluding_taxes_amount_cents, note.taxes_amount_cents, note.total_amount_cents, note.balance_amount_cents, note.credit_status, note.refund_status, note.taxes_rate],
      [5000, 1000, 6000, 6000, 'available', null, 20],
    ); // prettier-ignore
    assert.deepEqual([note.items[0].amount_cents, note.items[0].precise_amount_cents, note.items[0].fee.lago_id], [5000, '5000.0', fee_id]); // prettier-ignore
    assert.deepEqual([note.applied_taxes[0].base_amount_cents, note.applied_taxes[0].amount_cents], [5000, 1000]);
    assert.equal(note.customer.name, 'Ada');

    const second = await made({ items: [{ fee_id, amount_cents: 2500.5 }], credit_amount_cents: 3001 });
    assert.deepEqual([second.number, second.reason, second.items[0].amount_cents], ['ACM-first-CN002', 'other', 2501]);
    assert.equal((await acme.get(`/credit_notes/${second.lago_id}`)).body.credit_note.number, 'ACM-first-CN002');
    assert.deepEqual((await acme.get('/credit_notes')).body.credit_notes.map(({ number }: { number: string }) => number), ['ACM-first-CN002', 'ACM-first-CN001']); // prettier-ignore
  });

  it('are made for an invoice one after the other, also at once', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => create({ items: [{ fee_id, amount_cents: 4000 }], credit_amount_cents: 4800 }))); // prettier-ignore
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 422, 422]);
  });

  it('pay back what was paid, and say by hand how that went', async () => {
    assert.equal((await create({ credit_amount_cents: 0, refund_amount_cents: 6000 })).status, 422);
    await pay(6000);
    const note = await made({ items: [{ fee_id, amount_cents: 10_000 }], credit_amount_cents: 6000, refund_amount_cents: 6000 }); // prettier-ignore
    assert.deepEqual([note.refund_status, note.balance_amount_cents], ['pending', 6000]);
    const say = (refund_status: string) =>
      acme.put(`/credit_notes/${note.lago_id}`, { credit_note: { refund_status } });
    assert.deepEqual((await say('lost')).body.error_details, { refund_status: ['value_is_invalid'] });
    assert.equal((await say('failed')).body.credit_note.refund_status, 'failed');
    assert.equal((await say('succeeded')).body.credit_note.refund_status, 'succeeded');
    assert.equal((await say('failed')).body.credit_note.refund_status, 'succeeded', 'what has succeeded stays so');
  });

  it('can be taken off what is still owed, and settle the invoice', async () => {
    await pay(6000);
    const note = await made({ credit_amount_cents: 0, offset_amount_cents: 6000 });
    assert.deepEqual([note.offset_amount_cents, note.balance_amount_cents, note.credit_status], [6000, 0, 'available']);
    const { invoice: settled } = (await acme.get(`/invoices/${invoice.id}`)).body;
    assert.deepEqual(
      [settled.payment_status, settled.total_due_amount_cents, settled.total_offsetted_credit_note_amount_cents],
      ['succeeded', 0, 6000],
    );
  });

  it('are voided as far as they have not been used', async () => {
    const note = await made();
    const voided = await acme.put(`/credit_notes/${note.lago_id}/void`);
    assert.deepEqual([voided.body.credit_note.credit_status, voided.body.credit_note.balance_amount_cents], ['voided', 0]); // prettier-ignore
    const again = await acme.put(`/credit_notes/${note.lago_id}/void`);
    assert.deepEqual([again.status, again.body.code], [405, 'no_voidable_amount']);
    const unknown = await acme.put('/credit_notes/01900000-0000-7000-8000-000000000000/void');
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'credit_note_not_found']);
  });

  it('of a draft are not seen before it is final', async () => {
    const draft = await newInvoice('draft', { status: 'draft', number: 'ACM-DRAFT', finalized_at: null });
    const note = await made({ invoice_id: draft.id, items: [{ fee_id: await feeOf(draft), amount_cents: 5000 }] });
    assert.equal(note.number, 'ACM-DRAFT-CN001');
    assert.equal((await acme.get(`/credit_notes/${note.lago_id}`)).status, 404);
    assert.equal((await acme.get('/credit_notes')).body.meta.total_count, 0);
  });

  it('are told of', async () => {
    await acme.post('/webhook_endpoints', { webhook_endpoint: { webhook_url: 'https://acme.test/' } });
    const note = await made();
    const [webhook] = await build.write((trx) => trx('webhooks').orderBy('id') as unknown as Promise<{ payload: string }[]>); // prettier-ignore
    const { webhook_type, object_type, credit_note } = JSON.parse(webhook!.payload);
    assert.deepEqual([webhook_type, object_type, credit_note.lago_id], ['credit_note.created', 'credit_note', note.lago_id]); // prettier-ignore
    assert.deepEqual([credit_note.customer.name, credit_note.items.length, credit_note.applied_taxes.length], ['Ada', 1, 1]); // prettier-ignore
  });

  const cases: [string, object, number, unknown][] = [
    ['an unknown invoice', { invoice_id: '01900000-0000-7000-8000-000000000000' }, 404, 'invoice_not_found'],
    ['no invoice', { invoice_id: null }, 404, 'invoice_not_found'],
    ['no items', { items: undefined }, 422, { items: ['must_be_an_array'] }],
    ['an unknown fee', { items: [{ fee_id: 'x', amount_cents: 1 }] }, 404, 'fee_not_found'],
    ['an item that is nothing', { items: [null] }, 404, 'fee_not_found'],
    ['an unknown reason', { reason: 'whim' }, 422, { reason: ['value_is_invalid'] }],
    ['less than nothing', { credit_amount_cents: -1 }, 422, { credit_amount_cents: ['invalid_value'] }],
    ['what the items are not', { credit_amount_cents: 5000 }, 422, { base: ['does_not_match_item_amounts'] }],
    [
      'two mistakes',
      { credit_amount_cents: 0, refund_amount_cents: 5000 },
      422,
      {
        refund_amount_cents: ['cannot_refund_unpaid_invoice', 'higher_than_remaining_invoice_amount'],
        base: ['does_not_match_item_amounts'],
      },
    ],
  ];
  for (const [name, fields, status, expected] of cases)
    it(`are refused with ${name}`, async () => {
      const answer = await create(fields);
      const { code, error_details } = answer.body;
      assert.deepEqual([answer.status, typeof expected === 'string' ? code : error_details], [status, expected]);
      assert.equal((await acme.get('/credit_notes')).body.meta.total_count, 0, 'nothing is stored');
    });

  it('of an item with more than its fee name it, after an earlier one too', async () => {
    const item = async (amount_cents: unknown) => (await create({ items: [{ fee_id, amount_cents }] })).body.error_details;
    assert.deepEqual(await item(10_001), { amount_cents: ['higher_than_remaining_fee_amount'] });
    assert.deepEqual(await item(-1), { amount_cents: ['invalid_value'] });
    assert.deepEqual(await item('much'), { amount_cents: ['invalid_value'] });
    await made();
    assert.deepEqual(await item(5001), { amount_cents: ['higher_than_remaining_fee_amount'] });
  }); // prettier-ignore

  it('are estimated without being made', async () => {
    await pay(3000);
    const credit_note = { invoice_id: invoice.id, items: [{ fee_id, amount_cents: 5000.9 }] };
    const { estimated_credit_note: estimate } = (await acme.post('/credit_notes/estimate', { credit_note })).body;
    const { lago_invoice_id, applied_taxes, items, ...amounts } = estimate;
    assert.equal(lago_invoice_id, invoice.id);
    assert.deepEqual(items, [{ lago_fee_id: fee_id, amount_cents: 5000 }]);
    assert.deepEqual([applied_taxes[0].tax_code, applied_taxes[0].amount_cents], ['vat', 1000]);
    assert.deepEqual(amounts, {
      invoice_number: 'ACM-first',
      currency: 'EUR',
      taxes_amount_cents: 1000,
      precise_taxes_amount_cents: 1000,
      taxes_rate: 20,
      sub_total_excluding_taxes_amount_cents: 5000,
      max_creditable_amount_cents: 6000,
      max_refundable_amount_cents: 3000,
      max_offsettable_amount_cents: 6000,
      coupons_adjustment_amount_cents: 0,
      precise_coupons_adjustment_amount_cents: 0,
    });
    assert.equal((await acme.get('/credit_notes')).body.meta.total_count, 0);
  });

  it('are found by what they say', async () => {
    await made({ reason: 'order_change' });
    await pay(3000);
    await made({ items: [{ fee_id, amount_cents: 2500 }], credit_amount_cents: 0, refund_amount_cents: 3000 });
    const finds: [string, number][] = [
      ['reason[]=order_change', 1],
      ['reason=order_change', 1],
      ['reason[]=whim', 2],
      ['reason[]=whim&reason[]=order_change', 1],
      ['credit_status[]=available', 2],
      ['refund_status[]=pending', 1],
      ['types[]=refund', 1],
      ['types[]=refund&types[]=credit', 2],
      ['invoice_number=ACM-first', 2],
      ['invoice_number=ACM-other', 0],
      ['amount_from=3001', 1],
      ['amount_to=3000', 1],
      ['issuing_date_from=2026-03-11', 0],
      ['issuing_date_to=2026-03-11', 2],
      ['issuing_date_from=soon', 2],
      ['search_term=cn002', 1],
      ['search_term=ada', 2],
      ['search_term=nobody', 0],
      ['currency=usd', 0],
      ['external_customer_id=cus', 2],
      ['external_customer_id=nobody', 0],
    ];
    for (const [query, count] of finds)
      assert.equal((await acme.get(`/credit_notes?${query}`)).body.meta.total_count, count, query);
    assert.equal((await acme.get('/customers/cus/credit_notes?search_term=ada')).body.meta.total_count, 0);
    assert.equal((await acme.get('/customers/nobody/credit_notes')).body.code, 'customer_not_found');
  });

  it('have metadata of their own', async () => {
    const note = await made({ metadata: { a: '1' } });
    const path = `/credit_notes/${note.lago_id}/metadata`;
    assert.deepEqual((await acme.call('PATCH', path, { metadata: { b: '2' } })).body.metadata, { a: '1', b: '2' });
    assert.deepEqual((await acme.post(path, { metadata: { c: '3', d: null } })).body.metadata, { c: '3', d: null });
    assert.deepEqual((await acme.delete(`${path}/d`)).body.metadata, { c: '3' });
    assert.equal((await acme.delete(`${path}/d`)).body.code, 'metadata_not_found');
    assert.equal((await acme.delete(path)).body.metadata, null);
    const full = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key ${index}`, 'x']));
    assert.equal((await acme.post(path, { metadata: full })).status, 200);
    const more = await acme.call('PATCH', path, { metadata: { more: 'x' } });
    assert.deepEqual([more.status, more.body.error_details], [422, { metadata: ['invalid_count'] }]);
    assert.equal((await acme.post(path, { metadata: { ['k'.repeat(41)]: 'x' } })).status, 422);
  });

  it('are printed by the workflow of their invoice', async () => {
    const note = await made();
    const { status, body } = await acme.post(`/credit_notes/${note.lago_id}/download`);
    assert.deepEqual([status, body], [200, '']);
  });

  describe('for an invoice that is voided', () => {
    const voidIt = (fields: object) => acme.post(`/invoices/${invoice.id}/void`, { generate_credit_note: true, ...fields }); // prettier-ignore
    const notes = async () =>
      (await acme.get('/credit_notes')).body.credit_notes.map(
        (note: Record<string, unknown>) => [note['credit_amount_cents'], note['refund_amount_cents'], note['balance_amount_cents'], note['credit_status']], // prettier-ignore
      );

    it('give what is wanted, and take the rest off the books', async () => {
      await pay(6000);
      const { status, body } = await voidIt({ credit_amount: 3000, refund_amount: 6000 });
      assert.deepEqual([status, body.invoice?.status], [200, 'voided'], JSON.stringify(body));
      assert.deepEqual(await notes(), [[3000, 0, 0, 'voided'], [3000, 6000, 3000, 'available']]); // prettier-ignore
    });

    it('give all of it back in one', async () => {
      await voidIt({ credit_amount: 12_000 });
      assert.deepEqual(await notes(), [[12_000, 0, 12_000, 'available']]);
    });

    it('give no more than there is', async () => {
      const expected = { credit_refund_amount: ['total_amount_exceeds_invoice_amount'] };
      assert.deepEqual((await voidIt({ credit_amount: 12_001 })).body.error_details, expected);
      assert.deepEqual((await voidIt({ refund_amount: 1 })).body.error_details, expected);
      await voidIt({});
      const again = await voidIt({});
      assert.deepEqual([again.status, again.body.code], [405, 'not_voidable']);
      assert.deepEqual(await notes(), [[12_000, 0, 0, 'voided']]);
    });
  });
});
