import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

const NOW = '2026-01-31T10:00:00.000Z';

describe('customers', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ name: 'Hooli', clock: NOW });
  });

  const create = async (fields: object = {}) =>
    (await acme.post('/customers', { customer: { external_id: 'cus', ...fields } })).body.customer;

  it('are created by their external id alone', async () => {
    const { lago_id, slug, ...customer } = await create();
    assert.match(lago_id, /^[0-9a-f-]{36}$/);
    assert.match(slug, /^HOO-[0-9A-F]{4}-001$/);
    const nowhere = { address_line1: null, address_line2: null, city: null, state: null, zipcode: null, country: null };
    assert.deepEqual(customer, {
      sequential_id: 1,
      external_id: 'cus',
      account_type: 'customer',
      billing_entity_code: 'default',
      customer_type: null,
      name: null,
      firstname: null,
      lastname: null,
      legal_name: null,
      legal_number: null,
      tax_identification_number: null,
      email: null,
      phone: null,
      url: null,
      logo_url: null,
      ...nowhere,
      shipping_address: nowhere,
      timezone: null,
      applicable_timezone: 'UTC',
      currency: null,
      net_payment_term: null,
      finalize_zero_amount_invoice: 'inherit',
      billing_configuration: {
        invoice_grace_period: null,
        subscription_invoice_issuing_date_anchor: null,
        subscription_invoice_issuing_date_adjustment: null,
        document_locale: null,
        payment_provider: null,
        payment_provider_code: null,
      },
      metadata: [],
      taxes: [],
      integration_customers: [],
      created_at: '2026-01-31T10:00:00Z',
      updated_at: '2026-01-31T10:00:00Z',
    });
  });

  it('are updated by the same call: what is not sent stays, null clears', async () => {
    await acme.post('/taxes', { tax: { name: 'VAT', code: 'vat', rate: '20' } });
    const first = await create({
      name: 'Gavin',
      country: 'fr',
      timezone: 'Europe/Paris',
      currency: 'EUR',
      email: 'a@hooli.test, b@hooli.test',
      net_payment_term: 30,
      finalize_zero_amount_invoice: 'skip',
      billing_configuration: { invoice_grace_period: 3, document_locale: 'fr' },
      shipping_address: { city: 'Lyon', country: 'de' },
      tax_codes: ['vat'],
      customer_type: 'company',
    });
    assert.equal(first.country, 'FR');
    assert.equal(first.applicable_timezone, 'Europe/Paris');
    assert.equal(first.shipping_address.country, 'DE');
    assert.equal(first.taxes[0].code, 'vat');

    const unchanged = await create({ name: 'Belson' });
    assert.deepEqual({ ...unchanged, name: 'Gavin' }, first);

    const cleared = await create({
      timezone: null,
      country: null,
      billing_configuration: { document_locale: null },
      finalize_zero_amount_invoice: null,
      tax_codes: [],
    });
    assert.equal(cleared.lago_id, first.lago_id);
    assert.equal(cleared.timezone, null);
    assert.equal(cleared.country, null);
    assert.equal(cleared.finalize_zero_amount_invoice, 'inherit');
    assert.deepEqual(cleared.taxes, []);
    assert.deepEqual(cleared.billing_configuration, { ...first.billing_configuration, document_locale: null });
  });

  it('are made once when asked for at the same time, and numbered without holes', async () => {
    const twice = await Promise.all(Array.from({ length: 6 }, () => create({ name: 'Gavin' })));
    assert.equal(new Set(twice.map(({ lago_id }) => lago_id)).size, 1);
    const others = await Promise.all(['a', 'b', 'c', 'd'].map((external_id) => create({ external_id })));
    assert.deepEqual(others.map(({ sequential_id }) => sequential_id).sort(), [2, 3, 4, 5]);
  });

  it('keep up to five pieces of metadata, given as the whole list', async () => {
    const first = await create({
      metadata: [
        { key: 'a', value: '1', display_in_invoice: true },
        { key: 'b', value: '2' },
      ],
    });
    const [a, b] = first.metadata;
    assert.deepEqual([a.key, a.value, a.display_in_invoice, b.display_in_invoice], ['a', '1', true, false]);
    const second = await create({
      metadata: [
        { id: b.lago_id, key: 'a', value: '3' },
        { key: 'c', value: '4' },
      ],
    });
    assert.deepEqual(
      second.metadata.map(({ key, value }: { key: string; value: string }) => [key, value]),
      [
        ['a', '3'],
        ['c', '4'],
      ],
    );
    assert.equal(second.metadata[0].lago_id, b.lago_id);
    assert.equal((await create()).metadata.length, 2);
    assert.equal((await create({ metadata: [] })).metadata.length, 0);
  });

  const pairs = (count: number) => Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: 'v' }));
  const refusals: [what: string, fields: object, details: object][] = [
    ['no external id', { external_id: null }, { external_id: ['value_is_mandatory'] }],
    ['a blank external id', { external_id: ' ' }, { external_id: ['value_is_mandatory'] }],
    ['an external id that is no text', { external_id: 5 }, { external_id: ['value_is_invalid'] }],
    ['an unknown country', { country: 'XX' }, { country: ['not_a_valid_country_code'] }],
    ['an unknown shipping country', { shipping_address: { country: 'XX' } }, { country: ['not_a_valid_country_code'] }],
    ['an unknown timezone', { timezone: 'Mars/Base' }, { timezone: ['invalid_timezone'] }],
    ['an unknown currency', { currency: 'EURO' }, { currency: ['value_is_invalid'] }],
    ['a broken address', { email: 'nobody' }, { email: ['invalid_email_format'] }],
    ['one broken address of two', { email: 'a@b.test,c' }, { email: ['invalid_email_format'] }],
    [
      'an unknown locale',
      { billing_configuration: { document_locale: 'xx' } },
      { document_locale: ['not_a_valid_language_code'] },
    ],
    [
      'a negative grace period',
      { billing_configuration: { invoice_grace_period: -1 } },
      { invoice_grace_period: ['value_is_out_of_range'] },
    ],
    ['a negative payment term', { net_payment_term: -1 }, { net_payment_term: ['value_is_out_of_range'] }],
    ['half a day of payment term', { net_payment_term: 1.5 }, { net_payment_term: ['value_is_invalid'] }],
    ['an unknown type', { customer_type: 'robot' }, { customer_type: ['value_is_invalid'] }],
    ['an account that is billed by itself', { account_type: 'partner' }, { account_type: ['value_is_invalid'] }],
    ['too much metadata', { metadata: pairs(6) }, { metadata: ['invalid_count'] }],
    ['a long key', { metadata: [{ key: 'k'.repeat(21), value: 'v' }] }, { key: ['value_is_too_long'] }],
    ['a long value', { metadata: [{ key: 'k', value: 'v'.repeat(101) }] }, { value: ['value_is_too_long'] }],
    ['an empty value', { metadata: [{ key: 'k', value: '' }] }, { value: ['value_is_mandatory'] }],
    ['the same key twice', { metadata: [...pairs(1), ...pairs(1)] }, { key: ['value_already_exist'] }],
    [
      'several things at once',
      { country: 'XX', timezone: 'x', currency: 1 },
      { country: ['not_a_valid_country_code'], timezone: ['invalid_timezone'], currency: ['value_is_invalid'] },
    ],
  ];
  for (const [what, fields, details] of refusals)
    it(`are refused with ${what}, and nothing is stored`, async () => {
      const { status, body } = await acme.post('/customers', { customer: { external_id: 'cus', ...fields } });
      assert.equal(status, 422);
      assert.deepEqual(body.error_details, details);
      assert.equal((await acme.get('/customers')).body.meta.total_count, 0);
    });

  it('are not made with an unknown tax', async () => {
    const { status, body } = await acme.post('/customers', { customer: { external_id: 'cus', tax_codes: ['nope'] } });
    assert.deepEqual([status, body.code], [404, 'tax_not_found']);
    assert.equal((await acme.get('/customers/cus')).status, 404);
  });

  it('have external ids of any characters', async () => {
    for (const external_id of ['a/b', 'a.b', 'ü:1', 'x%2Fy', 'a b+c']) {
      await create({ external_id });
      const { status, body } = await acme.get(`/customers/${encodeURIComponent(external_id)}`);
      assert.equal(status, 200, external_id);
      assert.equal(body.customer.external_id, external_id);
    }
  });

  it('are deleted at once: the id is free, the number is not', async () => {
    const first = await create();
    const deleted = await acme.delete('/customers/cus');
    assert.equal(deleted.body.customer.lago_id, first.lago_id);
    assert.equal((await acme.get('/customers/cus')).body.code, 'customer_not_found');
    assert.equal((await acme.delete('/customers/cus')).body.code, 'customer_not_found');
    const second = await create();
    assert.notEqual(second.lago_id, first.lago_id);
    assert.equal(second.sequential_id, 2);
  });

  it('are listed by what is asked for, newest first', async () => {
    await create({
      external_id: 'a',
      name: 'Alpha_1',
      country: 'FR',
      currency: 'EUR',
      metadata: [{ key: 'tier', value: 'gold' }],
    });
    await create({
      external_id: 'b',
      name: 'Beta',
      country: 'DE',
      customer_type: 'company',
      tax_identification_number: 'DE1',
    });
    await create({ external_id: 'c', email: 'alpha@c.test', currency: 'USD' });
    const list = async (query: string) =>
      (await acme.get(`/customers?${query}`)).body.customers
        .map(({ external_id }: { external_id: string }) => external_id)
        .join('');
    const cases: [query: string, expected: string][] = [
      ['', 'cba'],
      ['search_term=ALPHA', 'ca'],
      ['search_term=_1', 'a'],
      ['external_id=b&search_term=alpha', 'b'],
      ['countries[]=FR&countries[]=de', 'ba'],
      ['currencies[]=EUR', 'a'],
      ['customer_type=company', 'b'],
      ['has_customer_type=false', 'ca'],
      ['has_tax_identification_number=true', 'b'],
      ['metadata[tier]=gold', 'a'],
      ['metadata[tier]=silver', ''],
      ['metadata[tier]=', 'cb'],
      ['account_type[]=partner', ''],
      ['page=2&per_page=2', 'a'],
      ['page=0&per_page=x', 'cba'],
    ];
    for (const [query, expected] of cases) assert.equal(await list(query), expected, query);
    assert.deepEqual((await acme.get('/customers?page=9&per_page=2')).body.meta, {
      current_page: 9,
      next_page: null,
      prev_page: 8,
      total_pages: 2,
      total_count: 3,
    });
    for (const query of ['customer_type=robot', 'countries[]=XX', 'has_customer_type=maybe', 'currencies[]=x'])
      assert.equal((await acme.get(`/customers?${query}`)).status, 422, query);
  });
});
