import assert from 'node:assert/strict';
import { pino } from 'pino';
import { type Browser, createBrowser } from '../../activities/documents/browser.ts';
import { issueCreditNote } from '../../activities/credit-notes/issue-credit-note.ts';
import { createDocumentActivities } from '../../activities/documents/index.ts';
import type { Deps } from '../../activities/shared/deps.ts';
import { computeItems } from '../../billing/credit-notes/compute-items.ts';
import { NO_PARTS } from '../../billing/credit-notes/credit-note.ts';
import { Decimal } from '../../billing/money/decimal.ts';
import { parseLogo } from '../../billing/organizations/logo.ts';
import { replaceLogo } from '../../db/logos.ts';
import { createEventWriter, type NewEvent } from '../../db/events.ts';
import { insert, inOrganization, rows } from '../../db/transaction.ts';
import { newId } from '../../db/ids.ts';
import { type InvoiceRow, updateInvoice } from '../../db/invoices.ts';
import { readCreditableInvoice } from '../../db/creditable-invoice.ts';
import { replaceUsageThresholds } from '../../db/usage-thresholds.ts';
import { type OrganizationRow, createOrganization, updateOrganization } from '../../db/organizations.ts';
import { createWebhookEndpoint, type WebhookRow } from '../../db/webhooks.ts';
import { findChromium } from '../../workers/embedded/chromium.ts';
import { Builders } from '../support/builders.ts';
import { type TestDatabase, TEST_SECRET, createTestDatabase } from '../support/database.ts';
import { readPdf } from './pdf-reader.ts';

const at = '2026-02-01T09:00:00.000Z';
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const log = pino({ level: 'silent' });

const settings: Deps['settings'] = {
  api_url: 'https://billing.example',
  secret: TEST_SECRET,
  vies_url: 'http://127.0.0.1:9',
  termination_alert_days: [],
  webhooks: { attempts_max: 3, timeout_seconds: 5, allow_private_targets: true, private_key: '' },
};

describe('rendering an invoice', function () {
  this.timeout(60_000);
  let database: TestDatabase;
  let browser: Browser;
  let organization: OrganizationRow;
  let build: Builders;
  let renderInvoice: ReturnType<typeof createDocumentActivities>['renderInvoice'];
  let printed: number;

  before(async () => {
    database = await createTestDatabase();
    browser = createBrowser({ log, findChromium: (search) => findChromium({ log, env: process.env, ...search }) });
    const print = (html: string): Promise<Uint8Array> => {
      printed += 1;
      return browser.print(html);
    };
    const deps = { db: database.db, log, settings, wallClock: () => at, browser: { print } };
    ({ renderInvoice } = createDocumentActivities(deps));
  });
  after(async () => {
    await browser.close();
    await database.drop();
  });
  beforeEach(async () => {
    printed = 0;
    const made = { name: 'Acme', sandbox: false, at, secret: TEST_SECRET };
    ({ organization } = await createOrganization(database.db, made));
    build = new Builders(database.db, organization.id, at);
    await build.write(async (trx) => {
      await updateOrganization(
        trx,
        { legal_name: 'Acme SAS', country: 'FR', invoice_footer: 'IBAN FR76 3000', document_locale: 'fr' },
        at,
      );
      const endpoint = {
        webhook_url: 'https://receiver.example',
        signature_algo: 'hmac',
        name: null,
        event_types: null,
      } as const;
      await createWebhookEndpoint(trx, endpoint, at);
    });
  });

  async function billed(fields: Partial<InvoiceRow> = {}): Promise<InvoiceRow> {
    const customer = await build.customer('cus', { legal_name: 'Nordlicht GmbH', timezone: 'Europe/Berlin' });
    await build.write((trx) =>
      insert(trx, 'customer_metadata', [
        { id: newId(), customer_id: customer.id, key: 'PO', value: '4711', display_in_invoice: true, created_at: at },
        {
          id: newId(),
          customer_id: customer.id,
          key: 'Rating',
          value: 'secret',
          display_in_invoice: false,
          created_at: at,
        },
      ]),
    );
    const plan = await build.plan('pro', { invoice_display_name: 'Pro mensuel' });
    const subscription = await build.subscription(customer, plan);
    const of = {
      subscription_id: subscription.id,
      from_at: '2025-12-31T23:00:00.000Z',
      to_at: '2026-01-31T23:00:00.000Z',
    };
    return build.invoice(
      customer,
      { timezone: 'Europe/Berlin', net_payment_term: 14, ...fields },
      {
        periods: [{ subscription_id: subscription.id, plan_id: plan.id }],
        fees: [
          { ...of, taxes_rate: '20', amount_details: { plan_amount_cents: 3000 } },
          {
            ...of,
            fee_type: 'charge',
            item_type: 'BillableMetric',
            item_name: 'Appels',
            grouped_by: { region: 'eu', cloud: 'aws', team: null },
            units: '3.5',
            precise_unit_amount: '2',
            amount_cents: 700,
            taxes_rate: '20',
          },
        ],
        taxes: [{ amount_cents: 740 }],
      },
    );
  }

  const render = ({ id }: Pick<InvoiceRow, 'id'>) =>
    renderInvoice({ organization_id: organization.id, invoice_id: id, at });
  const documents = () =>
    build.write((trx) =>
      rows<{ filename: string; content_type: string; content: Buffer; created_at: string }>(trx, 'documents'),
    );
  const announced = () => build.write((trx) => rows<WebhookRow>(trx, 'webhooks'));

  it('keeps a PDF of what was billed, in the language of the organization when the customer has none', async () => {
    const invoice = await billed();
    assert.equal((await render(invoice)).kind, 'mark_overdue');
    const [document] = await documents();
    assert.ok(document);
    assert.deepEqual(
      [document.filename, document.content_type, document.created_at],
      [`${invoice.number}.pdf`, 'application/pdf', at],
    );
    const { pages, title, language } = await readPdf(document.content);
    assert.deepEqual([title, language], [`Facture ${invoice.number}`, 'fr']);
    for (const text of [
      'Acme SAS',
      'Nordlicht GmbH',
      'PO 4711',
      '14 jours',
      'Pro mensuel 1–31 janv. 2026',
      'Abonnement • Plan pro 1 30,00 € 20 % 30,00 €',
      'Appels • aws • eu 3,5 2,00 € 20 % 7,00 €',
      'VAT (20 % sur 37,00 €) 7,40 €',
      'Total 44,40 €',
      'IBAN FR76 3000',
    ])
      assert.ok(pages[0]!.includes(text), `"${text}" in: ${pages[0]}`);
    assert.ok(!pages[0]!.includes('secret'), 'only metadata that is meant for it is on an invoice');
  });

  it('announces the document with its link', async () => {
    const invoice = await billed();
    await render(invoice);
    const messages = await announced();
    assert.deepEqual(
      messages.map(({ webhook_type }) => webhook_type),
      ['invoice.generated'],
    );
    const { invoice: told } = JSON.parse(messages[0]!.payload) as { invoice: { lago_id: string; file_url: string } };
    assert.equal(told.lago_id, invoice.id);
    assert.match(told.file_url, /^https:\/\/billing\.example\/documents\/.+\.pdf\?/);
  });

  it('makes and announces it once, one after the other and at once', async () => {
    const invoice = await billed();
    await Promise.all([render(invoice), render(invoice), render(invoice)]);
    const before = printed;
    await render(invoice);
    assert.equal(printed, before, 'what is there is not printed again');
    assert.equal((await documents()).length, 1);
    assert.equal((await announced()).length, 1);
  });

  for (const status of ['draft', 'pending', 'failed', 'voided', 'closed'] as const)
    it(`makes nothing of an invoice that is ${status}`, async () => {
      await render(await billed({ status }));
      assert.deepEqual([await documents(), await announced(), printed], [[], [], 0]);
    });

  async function credited(invoice: InvoiceRow, cents: number) {
    return build.write(async (trx) => {
      const facts = await readCreditableInvoice(trx, invoice);
      const computed = computeItems([{ fee: facts.fees[0]!, amount: new Decimal(cents) }], facts);
      const wanted = { ...NO_PARTS, credit_amount_cents: cents };
      return issueCreditNote(trx, invoice, facts, { computed, wanted, reason: 'other' }, at);
    });
  }

  it('prints its credit notes as well, also when it was voided meanwhile', async () => {
    const invoice = await billed();
    await render(invoice);
    const note = (await credited(invoice, 1000))!;
    await build.write((trx) => updateInvoice(trx, invoice.id, { status: 'voided', updated_at: at }));
    assert.equal((await render(invoice)).kind, 'over');
    const [, document] = await documents();
    assert.ok(document);
    assert.equal(document.filename, `${invoice.number}-CN001.pdf`);
    const { pages, title } = await readPdf(document.content);
    assert.equal(title, `Avoir ${note.number}`);
    for (const text of [
      `Concerne la facture ${invoice.number}`,
      'Pro mensuel 1–31 janv. 2026',
      'Abonnement • Plan pro 20 % 10,00 €',
      'Porté au crédit du client 10,00 €',
    ])
      assert.ok(pages[0]!.includes(text), `"${text}" in: ${pages[0]}`);
    const messages = (await announced()).filter(({ webhook_type }) => webhook_type === 'credit_note.generated');
    const [told] = messages.map(
      ({ payload }) => (JSON.parse(payload) as { credit_note: { lago_id: string; file_url: string } }).credit_note,
    );
    assert.deepEqual([messages.length, told?.lago_id], [1, note.id]);
    assert.match(told!.file_url, /^https:\/\/billing\.example\/documents\/.+-CN001\.pdf\?/);
  });

  it('prints the logo of the organization', async () => {
    const invoice = await billed();
    await build.write((trx) => replaceLogo(trx, parseLogo(PNG), at));
    await render(invoice);
    const [document] = await documents();
    assert.ok(document!.content.includes('/Subtype /Image'));
  });

  it('tells how long what a prorated charge counted was there', async () => {
    const metric = await build.metric('seats', { aggregation_type: 'sum_agg', field_name: 'n' });
    await build.write((trx) => rows(trx, 'billable_metrics').update({ recurring: true }));
    const plan = await build.plan('seated', {}, [{ billable_metric_id: metric.id, prorated: true }]);
    const customer = await build.customer();
    const subscription = await build.subscription(customer, plan, {
      external_id: 'seated',
      subscription_at: '2025-12-01T00:00:00.000Z',
    });
    const sent = ([timestamp, n]: readonly [string, number]): NewEvent => ({
      id: newId(),
      external_subscription_id: 'seated',
      transaction_id: timestamp,
      code: 'seats',
      timestamp: `${timestamp}T12:00:00.000000Z`,
      properties: { n },
      precise_total_amount_cents: null,
      created_at: at,
      metadata: { user_agent: null, ip_address: '127.0.0.1' },
    });
    const seats = [['2025-12-24', 3], ['2026-01-22', 2]] as const; // prettier-ignore
    await createEventWriter(database.db).write(organization.id, seats.map(sent));
    const span = { from: '2026-01-01T00:00:00.000Z', to: '2026-02-01T00:00:00.000Z' };
    const invoice = await build.invoice(
      customer,
      {},
      {
        periods: [
          {
            subscription_id: subscription.id,
            plan_id: plan.id,
            subscription_from: span.from,
            subscription_to: span.to,
            charges_from: span.from,
            charges_to: span.to,
          },
        ],
        fees: [
          {
            subscription_id: subscription.id,
            charge_id: plan.charge_ids[0]!,
            fee_type: 'charge',
            item_type: 'BillableMetric',
            item_name: 'Seats',
            units: '5',
            amount_cents: 182,
            from_at: span.from,
            to_at: span.to,
          },
        ],
      },
    );
    await render(invoice);
    const { pages } = await readPdf((await documents())[0]!.content);
    assert.match(pages[0]!, /Seats 5 .* Utilisé 31 jours sur 31 3 Utilisé 10 jours sur 31 2 /);
  });

  it('says which threshold an invoice was made for', async () => {
    const invoice = await billed({ invoice_type: 'progressive_billing' });
    await build.write(async (trx) => {
      const plan = await build.plan('early');
      await replaceUsageThresholds(trx, { plan_id: plan.id }, [{ amount_cents: 2000, threshold_display_name: null, recurring: false }], at); // prettier-ignore
      const [threshold] = await rows<{ id: string }>(trx, 'usage_thresholds');
      const reached = { id: newId(), usage_threshold_id: threshold!.id, invoice_id: invoice.id };
      await insert(trx, 'applied_usage_thresholds', { ...reached, lifetime_usage_amount_cents: 3700, created_at: at });
    });
    await render(invoice);
    const { pages } = await readPdf((await documents())[0]!.content);
    assert.match(pages[0]!, /la consommation a atteint 37,00 €, et avec cela le seuil de 20,00 €/);
  });

  it('makes nothing of an invoice of another organization, or of none', async () => {
    const invoice = await billed();
    const made = { name: 'Other', sandbox: false, at, secret: TEST_SECRET };
    const { organization: other } = await createOrganization(database.db, made);
    const call = { organization_id: other.id, invoice_id: invoice.id, at };
    assert.equal((await renderInvoice(call)).kind, 'over');
    assert.equal((await render({ id: newId() })).kind, 'over');
    await inOrganization(database.db, other.id, async (trx) => assert.deepEqual(await rows(trx, 'documents'), []));
  });
});
