import assert from 'node:assert/strict';
import type { CustomerRow } from '../../db/customers.ts';
import { newId } from '../../db/ids.ts';
import type { PlanRow } from '../../db/plans.ts';
import type { SubscriptionRow } from '../../db/subscriptions.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-10T15:30:00.000Z';

describe('invoices', () => {
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
    build = new Builders(api.db, acme.organization.id, '2026-02-01T00:00:00.000Z');
    customer = await build.customer('cus', { name: 'Customer' });
    plan = await build.plan('pro');
    subscription = await build.subscription(customer, plan, { subscription_at: '2026-01-05T00:00:00.000Z' });
  });

  const period = () => ({ subscription_id: subscription.id, plan_id: plan.id });
  const ids = (body: { invoices: { lago_id: string }[] }) => body.invoices.map(({ lago_id }) => lago_id);

  describe('read', () => {
    it('show everything they consist of', async () => {
      const invoice = await build.invoice(
        customer,
        {
          number: 'ACM-0001-001',
          sequential_id: 1,
          net_payment_term: 30,
          taxes_rate: '20',
          total_paid_amount_cents: 600,
        },
        {
          fees: [{ subscription_id: subscription.id, taxes: [{ amount_cents: 600 }] }],
          taxes: [{ amount_cents: 600 }],
          periods: [period()],
        },
      );
      const { status, body } = await acme.get(`/invoices/${invoice.id}`);
      assert.equal(status, 200);
      const { customer: buyer, subscriptions, billing_periods, fees, applied_taxes, ...rest } = body.invoice;
      assert.deepEqual(rest, {
        lago_id: invoice.id,
        billing_entity_code: 'default',
        sequential_id: 1,
        number: 'ACM-0001-001',
        issuing_date: '2026-02-01',
        payment_due_date: '2026-03-03',
        net_payment_term: 30,
        invoice_type: 'subscription',
        status: 'finalized',
        payment_status: 'pending',
        payment_dispute_lost_at: null,
        payment_overdue: false,
        currency: 'EUR',
        fees_amount_cents: 3000,
        progressive_billing_credit_amount_cents: 0,
        coupons_amount_cents: 0,
        sub_total_excluding_taxes_amount_cents: 3000,
        taxes_amount_cents: 600,
        sub_total_including_taxes_amount_cents: 3600,
        credit_notes_amount_cents: 0,
        prepaid_credit_amount_cents: 0,
        prepaid_granted_credit_amount_cents: null,
        prepaid_purchased_credit_amount_cents: null,
        total_amount_cents: 3600,
        total_paid_amount_cents: 600,
        total_offsetted_credit_note_amount_cents: 0,
        total_due_amount_cents: 3000,
        self_billed: false,
        version_number: 4,
        file_url: null,
        web_url: null,
        created_at: '2026-02-01T00:00:04Z',
        updated_at: '2026-02-01T00:00:04Z',
        voided_at: null,
        voided_invoice_id: null,
        metadata: [],
        credits: [],
        error_details: [],
      });
      assert.equal(buyer.external_id, 'cus');
      assert.equal(subscriptions[0].external_id, 'sub');
      assert.equal(fees[0].applied_taxes[0].amount_cents, 600);
      assert.equal(applied_taxes[0].fees_amount_cents, 3000);
      assert.deepEqual(billing_periods, [
        {
          lago_subscription_id: subscription.id,
          external_subscription_id: 'sub',
          lago_plan_id: plan.id,
          subscription_from_datetime: '2026-01-01T00:00:00Z',
          subscription_to_datetime: '2026-01-31T23:59:59Z',
          charges_from_datetime: '2026-01-01T00:00:00Z',
          charges_to_datetime: '2026-01-31T23:59:59Z',
          invoicing_reason: 'subscription_periodic',
        },
      ]);
    });

    it('show spans that are empty or that a termination cut short', async () => {
      const other = await build.subscription(customer, plan, { external_id: 'other' });
      const invoice = await build.invoice(
        customer,
        {},
        {
          periods: [
            {
              ...period(),
              invoicing_reason: 'subscription_terminating',
              subscription_to: '2026-01-09T12:34:56.001Z',
              charges_to: '2026-01-09T12:34:56.001Z',
            },
            {
              subscription_id: other.id,
              plan_id: plan.id,
              invoicing_reason: 'subscription_starting',
              charges_from: '2026-01-03T01:00:00.000Z',
              charges_to: '2026-01-03T01:00:00.000Z',
            },
          ],
        },
      );
      const { billing_periods, subscriptions } = (await acme.get(`/invoices/${invoice.id}`)).body.invoice;
      assert.equal(subscriptions.length, 2);
      const byName = Object.fromEntries(
        billing_periods.map((one: Record<string, string>) => [one['external_subscription_id'], one]),
      );
      assert.equal(byName.sub.subscription_to_datetime, '2026-01-09T12:34:56Z');
      assert.equal(byName.other.charges_from_datetime, '2026-01-03T01:00:00Z');
      assert.equal(byName.other.charges_to_datetime, '2026-01-03T01:00:00Z');
    });

    it('owe nothing once voided', async () => {
      const invoice = await build.invoice(customer, { status: 'voided', voided_at: NOW }, { fees: [{}] });
      const shown = (await acme.get(`/invoices/${invoice.id}`)).body.invoice;
      assert.equal(shown.total_amount_cents, 3000);
      assert.equal(shown.total_due_amount_cents, 0);
      assert.equal(shown.voided_at, '2026-03-10T15:30:00Z');
    });

    it('that are closed, foreign or unknown are not found', async () => {
      const closed = await build.invoice(customer, { status: 'closed' });
      const open = await build.invoice(customer);
      const other = await api.newOrganization({ clock: NOW });
      for (const [client, id] of [
        [acme, closed.id],
        [other, open.id],
        [acme, newId()],
        [acme, 'nonsense'],
      ] as const)
        // prettier-ignore
        for (const [method, path, body] of [
          ['GET', ''],
          ['PUT', '', { invoice: { metadata: [] } }],
          ['POST', '/download'],
        ] as const) {
          const answer = await client.call(method, `/invoices/${id}${path}`, body);
          assert.equal(answer.status, 404, `${method} ${id}${path}`);
          assert.equal(answer.body.code, 'invoice_not_found');
        }
      assert.deepEqual(ids((await acme.get('/invoices')).body), [open.id]);
    });

    it('are read with the same number of statements, however many there are', async () => {
      const count = async (): Promise<number> => {
        let statements = 0;
        const listen = (): void => void statements++;
        api.db.on('query', listen);
        await acme.get('/invoices');
        api.db.off('query', listen);
        return statements;
      };
      await build.invoice(customer, {}, { fees: [{}], taxes: [{ amount_cents: 1 }] });
      await count(); // The first request looks its key up.
      const one = await count();
      for (let made = 0; made < 5; made++) {
        const buyer = await build.customer(`cus_${made}`);
        await build.invoice(buyer, {}, { fees: [{}], taxes: [{ amount_cents: 1 }] });
      }
      assert.equal(await count(), one);
    });
  });

  describe('listed', () => {
    it('have the latest issuing date first, then the latest made, in pages and without their details', async () => {
      const later = await build.invoice(customer, { issuing_date: '2026-02-20' });
      const first = await build.invoice(customer, { issuing_date: '2026-02-10' });
      const second = await build.invoice(customer, { issuing_date: '2026-02-10' });
      const page = (await acme.get('/invoices?per_page=2')).body;
      assert.deepEqual(ids(page), [later.id, second.id]);
      assert.deepEqual(page.meta, { current_page: 1, next_page: 2, prev_page: null, total_pages: 2, total_count: 3 });
      assert.deepEqual(ids((await acme.get('/invoices?per_page=2&page=2')).body), [first.id]);
      const beyond = (await acme.get('/invoices?per_page=2&page=5')).body;
      assert.deepEqual(beyond.meta, { current_page: 5, next_page: null, prev_page: 4, total_pages: 2, total_count: 3 });
      assert.equal('fees' in page.invoices[0], false);
      assert.equal(page.invoices[0].customer.external_id, 'cus');
      assert.deepEqual(page.invoices[0].applied_taxes, []);
    });

    it('are nothing at all for an organization that has none', async () => {
      const { body } = await (await api.newOrganization()).get('/invoices');
      assert.deepEqual(body, {
        invoices: [],
        meta: { current_page: 0, next_page: null, prev_page: null, total_pages: 0, total_count: 0 },
      });
    });

    it('are filtered', async () => {
      const other = await build.customer('other_1', { firstname: 'Ada', email: 'ada@example.com' });
      const fees = (amount_cents: number) => ({ fees: [{ amount_cents }] });
      const draft = (await build.invoice(customer, { status: 'draft', number: 'ACM-DRAFT' }, fees(100))).id;
      const paid = (await build.invoice(other, { number: 'ACM-002-001', payment_status: 'succeeded' }, fees(200))).id;
      const partly = (await build.invoice(customer, { number: 'ACM-001-001', total_paid_amount_cents: 100 }, fees(300)))
        .id;
      const late = (
        await build.invoice(
          customer,
          { number: 'ACM-001-002', payment_overdue: true, issuing_date: '2026-03-01' },
          fees(400),
        )
      ).id;
      const lost = (
        await build.invoice(
          other,
          { number: 'ACM-002-002', status: 'voided', currency: 'USD', payment_status: 'failed', payment_dispute_lost_at: NOW, issuing_date: '2026-02-28' },
          fees(500),
        )
      ).id; // prettier-ignore
      await acme.put(`/invoices/${late}`, { invoice: { metadata: [{ key: 'po', value: '42' }] } });
      const all = [late, lost, partly, paid, draft];
      const cases: [query: string, expected: string[]][] = [
        ['', all],
        ['external_customer_id=other_1', [lost, paid]],
        ['external_customer_id=nobody', []],
        ['status=draft', [draft]],
        ['statuses[]=draft&statuses[]=voided', [lost, draft]],
        ['payment_status=succeeded', [paid]],
        ['payment_statuses[]=succeeded&payment_statuses[]=failed', [lost, paid]],
        ['payment_overdue=true', [late]],
        ['payment_overdue=false&status=finalized', [partly, paid]],
        ['payment_dispute_lost=true', [lost]],
        ['payment_dispute_lost=false', [late, partly, paid, draft]],
        ['partially_paid=true', [partly]],
        ['partially_paid=false', [late, lost, paid, draft]],
        ['self_billed=true', []],
        ['self_billed=false', all],
        ['currency=USD', [lost]],
        ['invoice_type=subscription', all],
        ['invoice_type=one_off', []],
        ['issuing_date_from=2026-02-28', [late, lost]],
        ['issuing_date_to=2026-02-28&issuing_date_from=2026-02-28', [lost]],
        ['issuing_date_from=nonsense', all],
        ['amount_from=200&amount_to=300', [partly, paid]],
        ['search_term=002-00', [lost, paid]],
        ['search_term=ADA', [lost, paid]],
        ['search_term=example.com', [lost, paid]],
        [`search_term=${late}`, [late]],
        ['search_term=other_1&external_customer_id=other_1', []],
        ['search_term=_', [lost, paid]],
        ['search_term=%25', []],
        ['metadata[po]=42', [late]],
        ['metadata[po]=43', []],
        ['metadata[po]=', [lost, partly, paid, draft]],
        ['metadata[po]=42&metadata[other]=', [late]],
        ['unknown=1', all],
      ];
      for (const [query, expected] of cases)
        assert.deepEqual(ids((await acme.get(`/invoices?${query}`)).body), expected, query);
      assert.deepEqual(ids((await acme.get('/customers/other_1/invoices')).body), [lost, paid]);
      assert.deepEqual(ids((await acme.get('/customers/other_1/invoices?status=voided')).body), [lost]);
      assert.equal((await acme.get('/customers/nobody/invoices')).body.code, 'customer_not_found');
    });

    const badFilters: [query: string, details: object][] = [
      ['status=closed', { status: ['value_is_invalid'] }],
      ['status=unknown', { status: ['value_is_invalid'] }],
      ['payment_status=paid', { payment_status: ['value_is_invalid'] }],
      ['payment_overdue=maybe', { payment_overdue: ['value_is_invalid'] }],
      ['payment_dispute_lost=1', { payment_dispute_lost: ['value_is_invalid'] }],
      ['partially_paid=x', { partially_paid: ['value_is_invalid'] }],
      ['invoice_type=x', { invoice_type: ['value_is_invalid'] }],
      ['amount_from=much', { amount_from: ['value_is_invalid'] }],
      ['amount_to=99999999999999999999', { amount_to: ['value_is_invalid'] }],
      ['search_term=%00', { search_term: ['value_is_invalid'] }],
    ];
    for (const [query, details] of badFilters)
      it(`refuse the filter ${query}`, async () => {
        for (const path of ['/invoices', '/customers/cus/invoices']) {
          const { status, body } = await acme.get(`${path}?${query}`);
          assert.equal(status, 422);
          assert.deepEqual(body.error_details, details);
        }
      });
  });

  describe('edited', () => {
    const edit = (id: string, invoice: unknown) => acme.put(`/invoices/${id}`, { invoice });

    it('take how their payment went on to their fees, and tell of it once', async () => {
      await build.write((trx) =>
        trx('webhook_endpoints').insert({
          id: newId(),
          organization_id: acme.organization.id,
          webhook_url: 'https://acme.test/hooks',
          created_at: NOW,
          updated_at: NOW,
        }),
      );
      const invoice = await build.invoice(customer, { payment_overdue: true }, { fees: [{}] });
      const { body } = await edit(invoice.id, { payment_status: 'succeeded' });
      assert.equal(body.invoice.payment_status, 'succeeded');
      assert.equal(body.invoice.payment_overdue, false);
      assert.equal(body.invoice.total_paid_amount_cents, 0);
      assert.equal(body.invoice.updated_at, '2026-03-10T15:30:00Z');
      assert.equal(body.invoice.fees[0].payment_status, 'succeeded');
      assert.equal(body.invoice.fees[0].succeeded_at, '2026-03-10T15:30:00Z');
      await edit(invoice.id, { payment_status: 'succeeded' });
      const webhooks = await build.write((trx) => trx('webhooks').select());
      assert.deepEqual(
        webhooks.map(({ webhook_type }) => webhook_type as string),
        ['invoice.payment_status_updated'],
      );
      assert.equal(JSON.parse(webhooks[0].payload as string).invoice.lago_id, invoice.id);
    });

    it('keep notes: the list is the whole of it, and known ones stay who they are', async () => {
      const invoice = await build.invoice(customer);
      const first = (await edit(invoice.id, { metadata: [{ key: 'a', value: '1' }, { key: 'b', value: '2' }] })).body; // prettier-ignore
      const [a, b] = first.invoice.metadata;
      assert.deepEqual([a.key, a.value, a.created_at], ['a', '1', '2026-03-10T15:30:00Z']);
      const swapped = await edit(invoice.id, {
        metadata: [
          { id: a.lago_id, key: 'b', value: '3' },
          { id: b.lago_id, key: 'a', value: '2' },
          { id: newId(), key: 'c', value: '4' },
        ],
      });
      const known = Object.fromEntries(
        swapped.body.invoice.metadata.map((one: Record<string, string>) => [one['key'], one]),
      );
      assert.equal(known.b.lago_id, a.lago_id);
      assert.equal(known.b.value, '3');
      assert.equal(known.a.lago_id, b.lago_id);
      assert.equal(known.c.value, '4');
      assert.equal((await edit(invoice.id, { payment_status: 'failed' })).body.invoice.metadata.length, 3);
      assert.deepEqual((await edit(invoice.id, { metadata: [] })).body.invoice.metadata, []);
    });

    const note = (key: unknown, value: unknown = 'v') => ({ metadata: [{ key, value }] });
    const refusals: [what: string, invoice: unknown, details: object][] = [
      ['an unknown payment status', { payment_status: 'paid' }, { payment_status: ['value_is_invalid'] }],
      ['six notes', { metadata: Array.from({ length: 6 }, (_, key) => ({ key: String(key), value: '' })) }, { metadata: ['invalid_count'] }],
      ['a long key', note('k'.repeat(21)), { key: ['value_is_too_long'] }],
      ['a long value', note('k', 'v'.repeat(141)), { value: ['value_is_too_long'] }],
      ['no key', note(undefined), { key: ['value_is_mandatory'] }],
      ['no value', note('k', null), { value: ['value_is_mandatory'] }],
      ['the same key twice', { metadata: [{ key: 'k', value: '1' }, { key: 'k', value: '2' }] }, { key: ['value_already_exist'] }],
      ['a number for a key', note(1), { key: ['value_is_invalid'] }],
      ['notes that are no list', { metadata: { k: 'v' } }, { metadata: ['value_is_invalid'] }],
      ['a note that is none', { metadata: ['k'] }, { metadata: ['value_is_invalid'] }],
    ]; // prettier-ignore
    for (const [what, invoice, details] of refusals)
      it(`are refused with ${what}`, async () => {
        const { id } = await build.invoice(customer);
        const { status, body } = await edit(id, invoice);
        assert.equal(status, 422);
        assert.deepEqual(body.error_details, details);
      });

    const states: [status: 'draft' | 'voided', invoice: object, code: string][] = [
      ['draft', { payment_status: 'succeeded' }, 'payment_status_update_on_draft_invoice'],
      ['draft', { metadata: [] }, 'metadata_on_draft_invoice'],
      ['draft', { metadata: [], payment_status: 'nonsense' }, 'metadata_on_draft_invoice'],
      ['voided', { metadata: [] }, 'update_on_voided_invoice'],
      ['voided', { payment_status: 'failed' }, 'update_on_voided_invoice'],
    ];
    for (const [status, invoice, code] of states)
      it(`are refused as a ${status} one with ${Object.keys(invoice).join()}: ${code}`, async () => {
        const { id } = await build.invoice(customer, { status });
        const answer = await edit(id, invoice);
        assert.equal(answer.status, 405);
        assert.equal(answer.body.code, code);
      });

    it('need the root key', async () => {
      const { id } = await build.invoice(customer);
      assert.equal((await acme.put(`/invoices/${id}`, {})).status, 400);
    });
  });

  describe('downloaded', () => {
    const agenda = (id: string) =>
      build.write((trx) =>
        trx('agenda')
          .where({ workflow_id: `invoice/${id}` })
          .first('step', 'due_at'),
      );
    const rung = (id: string) =>
      build.write<string[]>((trx) =>
        trx('outbox')
          .where({ workflow_id: `invoice/${id}` })
          .pluck('workflow_id'),
      );

    for (const path of ['download', 'download_pdf'])
      it(`by ${path} have their PDF made when there is none`, async () => {
        const { id } = await build.invoice(customer);
        const { status, body } = await acme.post(`/invoices/${id}/${path}`);
        assert.equal(status, 200);
        assert.equal(body, '');
        assert.deepEqual(await agenda(id), { step: 'render_document', due_at: null });
        assert.equal((await rung(id)).length, 1);
      });

    it('are found behind their link, by whoever has it', async () => {
      const invoice = await build.invoice(customer, { number: 'ACM-1 é/1' });
      await build.document(invoice, '%PDF-1.7 text');
      const { status, body } = await acme.post(`/invoices/${invoice.id}/download`);
      assert.equal(status, 200);
      const link = new URL(body.invoice.file_url as string);
      assert.equal(link.origin, api.deps.settings.api_url);
      assert.equal((await acme.get(`/invoices/${invoice.id}`)).body.invoice.file_url, link.href);
      assert.equal((await acme.get('/invoices')).body.invoices[0].file_url, link.href);
      const file = await api.request('GET', link.pathname + link.search);
      assert.equal(file.status, 200);
      assert.equal(file.headers.get('content-type'), 'application/pdf');
      assert.match(file.headers.get('content-disposition') ?? '', /^inline; filename="ACM-1___1\.pdf"/);
      assert.equal(file.body, '%PDF-1.7 text');
      assert.deepEqual(await rung(invoice.id), []);
    });

    it('are behind no other link', async () => {
      const invoice = await build.invoice(customer, { number: 'ACM-001-001' });
      const id = await build.document(invoice, '%PDF-1.7 text');
      const link = new URL((await acme.post(`/invoices/${invoice.id}/download`)).body.invoice.file_url as string);
      const { organization } = Object.fromEntries(link.searchParams) as { organization: string };
      const signature = link.searchParams.get('signature') ?? '';
      const path = `/documents/${id}/ACM-001-001.pdf`;
      assert.equal(
        (await api.request('GET', `${path}?organization=${organization}&signature=${signature}`)).status,
        200,
      );
      const other = (await api.newOrganization()).organization.id;
      for (const forged of [
        path,
        `${path}?organization=${organization}`,
        `${path}?organization=${organization}&signature=`,
        `${path}?organization=${organization}&signature=${'0'.repeat(64)}`,
        `${path}?organization=${organization}&signature=${signature.slice(0, -1)}`,
        `${path}?organization=${organization}&signature=${signature}&signature=${signature}`,
        `${path}?organization=${other}&signature=${signature}`,
        `${path}?organization=nonsense&signature=${signature}`,
        `/documents/${newId()}/ACM-001-001.pdf?organization=${organization}&signature=${signature}`,
        `/documents/nonsense/ACM-001-001.pdf?organization=${organization}&signature=${signature}`,
        `/documents/${id}/other.pdf?organization=${organization}&signature=${signature}`,
      ])
        assert.equal((await api.request('GET', forged)).status, 404, forged);
    });

    it('are only finalized ones', async () => {
      for (const status of ['draft', 'voided', 'failed', 'pending'] as const) {
        const { id } = await build.invoice(customer, { status, number: status });
        const { status: answered, body } = await acme.post(`/invoices/${id}/download`);
        assert.equal(answered, 404, status);
        assert.equal(body.code, 'invoice_not_found');
      }
    });
  });
});
