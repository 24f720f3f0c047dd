import assert from 'node:assert/strict';
import { ADMIN_KEY, type ApiClient, type TestApi, startApi } from '../support/api.ts';

describe('organizations', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ name: 'Hooli', clock: '2026-01-31T10:00:00.000Z' });
  });

  it('have settings, with defaults', async () => {
    const { lago_id, document_number_prefix, ...organization } = (await acme.get('/organizations')).body.organization;
    assert.equal(lago_id, acme.organization.id);
    assert.equal(document_number_prefix, `HOO-${lago_id.slice(-4).toUpperCase()}`);
    assert.deepEqual(organization, {
      name: 'Hooli',
      default_currency: 'USD',
      webhook_url: '',
      webhook_urls: [],
      email: null,
      legal_name: null,
      legal_number: null,
      tax_identification_number: null,
      address_line1: null,
      address_line2: null,
      city: null,
      state: null,
      zipcode: null,
      country: null,
      timezone: 'UTC',
      net_payment_term: 0,
      email_settings: [],
      document_numbering: 'per_customer',
      finalize_zero_amount_invoice: true,
      billing_configuration: {
        invoice_footer: null,
        invoice_grace_period: 0,
        subscription_invoice_issuing_date_anchor: 'next_period_start',
        subscription_invoice_issuing_date_adjustment: 'align_with_finalization_date',
        document_locale: 'en',
      },
      taxes: [],
      created_at: '2026-01-31T10:00:00Z',
    });
  });

  it('change what is sent, and show the taxes of everyone', async () => {
    await acme.post('/taxes', { tax: { name: 'VAT', code: 'vat', rate: '20', applied_to_organization: true } });
    const changes = {
      name: 'Ignored',
      default_currency: 'EUR',
      country: 'fr',
      timezone: 'Europe/Paris',
      email: 'billing@hooli.test',
      net_payment_term: 30,
      document_numbering: 'per_organization',
      document_number_prefix: 'hoo',
      finalize_zero_amount_invoice: false,
      email_settings: ['invoice.finalized'],
      billing_configuration: {
        invoice_footer: 'Thanks',
        invoice_grace_period: 3,
        subscription_invoice_issuing_date_anchor: 'current_period_end',
        subscription_invoice_issuing_date_adjustment: 'keep_anchor',
        document_locale: 'fr',
      },
    };
    const { body } = await acme.put('/organizations', { organization: changes });
    const { taxes, ...shown } = body.organization;
    assert.equal(taxes[0].code, 'vat');
    for (const [field, value] of Object.entries({
      ...changes,
      name: 'Hooli',
      country: 'FR',
      document_number_prefix: 'HOO',
    }))
      assert.deepEqual(shown[field], value, field);
    const again = await acme.put('/organizations', {
      organization: { billing_configuration: { invoice_footer: null } },
    });
    assert.deepEqual(again.body.organization.billing_configuration, {
      ...changes.billing_configuration,
      invoice_footer: null,
    });
  });

  it('name the address of their first webhook endpoint', async () => {
    const put = async (webhook_url: string | null) =>
      (await acme.put('/organizations', { organization: { webhook_url } })).body.organization;
    assert.deepEqual((await put('https://a.test/hook')).webhook_urls, ['https://a.test/hook']);
    await acme.post('/webhook_endpoints', { webhook_endpoint: { webhook_url: 'https://b.test/' } });
    assert.equal((await put('https://c.test/')).webhook_url, 'https://c.test/');
    assert.deepEqual((await put(null)).webhook_urls, ['https://b.test/']);
  });

  const refusals: [fields: object, details: object][] = [
    [{ default_currency: 'XYZ' }, { default_currency: ['value_is_invalid'] }],
    [{ country: 'Narnia' }, { country: ['not_a_valid_country_code'] }],
    [{ timezone: 'Nowhere' }, { timezone: ['invalid_timezone'] }],
    [{ timezone: null }, { timezone: ['invalid_timezone'] }],
    [{ email: 'x' }, { email: ['invalid_email_format'] }],
    [{ net_payment_term: -1 }, { net_payment_term: ['value_is_out_of_range'] }],
    [{ document_numbering: 'random' }, { document_numbering: ['value_is_invalid'] }],
    [{ document_number_prefix: 'toolongaprefix' }, { document_number_prefix: ['value_is_too_long'] }],
    [{ document_number_prefix: '' }, { document_number_prefix: ['value_is_too_short'] }],
    [{ email_settings: ['pigeon'] }, { email_settings: ['unsupported_value'] }],
    [{ webhook_url: 'ftp://x' }, { webhook_url: ['url_is_invalid'] }],
    [{ billing_configuration: { document_locale: 'xx' } }, { document_locale: ['not_a_valid_language_code'] }],
    [{ billing_configuration: { invoice_footer: 'x'.repeat(601) } }, { invoice_footer: ['value_is_too_long'] }],
    [{ billing_configuration: { invoice_grace_period: -1 } }, { invoice_grace_period: ['value_is_out_of_range'] }],
  ];
  for (const [fields, details] of refusals)
    it(`refuse ${JSON.stringify(fields).slice(0, 80)}`, async () => {
      const { status, body } = await acme.put('/organizations', { organization: fields });
      assert.equal(status, 422);
      assert.deepEqual(body.error_details, details);
    });

  describe('made by the operator', () => {
    const create = (organization: unknown, key: string = ADMIN_KEY) =>
      api.request('POST', '/admin/organizations', { body: { organization }, headers: { 'x-admin-api-key': key } });

    it('come with an API key and their settings', async () => {
      const { status, body } = await create({
        name: 'New',
        default_currency: 'CHF',
        webhook_url: 'https://a.test/',
        billing_configuration: { document_locale: 'de' },
      });
      assert.equal(status, 200);
      const { lago_id, api_key, ...rest } = body.organization;
      assert.deepEqual(rest, { name: 'New', sandbox: false });
      const read = await api.request('GET', '/api/v1/organizations', {
        headers: { authorization: `Bearer ${api_key}` },
      });
      const { organization } = read.body;
      assert.equal(organization.lago_id, lago_id);
      assert.equal(organization.default_currency, 'CHF');
      assert.equal(organization.webhook_url, 'https://a.test/');
      assert.equal(organization.billing_configuration.document_locale, 'de');
    });

    it('may be sandboxes whose time stands still where it was set', async () => {
      const { body } = await create({ name: 'Box', sandbox: true, clock: '2023-02-08T00:00:00Z' });
      const box = api.client(acme.organization, body.organization.api_key);
      assert.equal((await box.get('/organizations')).body.organization.created_at, '2023-02-08T00:00:00Z');
      const { body: made } = await box.post('/customers', { customer: { external_id: 'c' } });
      assert.equal(made.customer.created_at, '2023-02-08T00:00:00Z');
    });

    it('are not made with a wrong key', async () => {
      for (const key of ['', 'wrong', `${ADMIN_KEY}x`]) {
        const { status, body } = await create({ name: 'New' }, key);
        assert.deepEqual([status, body], [401, { status: 401, error: 'Unauthorized' }]);
      }
    });

    it('are refused with bad input', async () => {
      assert.equal((await create({})).status, 400);
      const cases: [organization: object, details: object][] = [
        [{ sandbox: true }, { name: ['value_is_mandatory'] }],
        [{ name: 'x', clock: '2023-02-08T00:00:00Z' }, { clock: ['value_must_be_blank'] }],
        [{ name: 'x', sandbox: true, clock: 'soon' }, { clock: ['invalid_date'] }],
        [{ name: 'x', sandbox: 'yes' }, { sandbox: ['value_is_invalid'] }],
      ];
      for (const [organization, details] of cases)
        assert.deepEqual((await create(organization)).body.error_details, details);
    });
  });
});
