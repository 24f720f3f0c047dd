import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

describe('billing entities', () => {
  let api: TestApi;
  let acme: ApiClient;
  let path: string;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
    const { body } = await acme.get('/billing_entities');
    path = `/billing_entities/${body.billing_entities[0].code}`;
  });

  const taxesOf = async (external_id: string): Promise<string[]> =>
    (await acme.get(`/customers/${external_id}`)).body.customer.taxes.map((tax: { code: string }) => tax.code).sort();

  it('are one, the organization itself', async () => {
    const { body } = await acme.get(path);
    assert.equal(body.billing_entity.is_default, true);
    const changed = await acme.put(path, {
      billing_entity: {
        country: 'fr',
        document_numbering: 'per_billing_entity',
        net_payment_term: 14,
        billing_configuration: { invoice_footer: 'Thanks' },
      },
    });
    assert.equal(changed.status, 200);
    assert.equal(changed.body.billing_entity.country, 'FR');
    assert.equal(changed.body.billing_entity.document_numbering, 'per_billing_entity');
    assert.equal(changed.body.billing_entity.invoice_footer, 'Thanks');
    const { organization } = (await acme.get('/organizations')).body;
    assert.equal(organization.document_numbering, 'per_organization');
    assert.equal(organization.net_payment_term, 14);
    assert.equal((await acme.get('/billing_entities/other')).body.code, 'billing_entity_not_found');
  });

  it('have the taxes that everybody pays', async () => {
    for (const code of ['a', 'b'])
      await acme.post('/taxes', { tax: { name: code, code, rate: '1', applied_to_organization: code === 'a' } });
    const { body } = await acme.put(path, { billing_entity: { tax_codes: ['b'] } });
    assert.deepEqual(
      body.billing_entity.taxes.map((tax: { code: string }) => tax.code),
      ['b'],
    );
    assert.equal((await acme.get('/taxes/a')).body.tax.applied_to_organization, false);
    const unknown = await acme.put(path, { billing_entity: { tax_codes: ['c'], net_payment_term: 3 } });
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'tax_not_found']);
    assert.equal((await acme.get(path)).body.billing_entity.net_payment_term, 0, 'nothing is half done');
  });

  const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

  it('have a logo, which whoever has its link may see until it is replaced', async () => {
    const put = async (logo: string | null) => (await acme.put(path, { billing_entity: { logo } })).body.billing_entity;
    assert.equal((await acme.get(path)).body.billing_entity.logo_url, null);
    const { logo_url: first } = await put(`data:image/png;base64,${PNG}`);
    const image = await fetch(api.url + new URL(first).pathname + new URL(first).search);
    assert.deepEqual([image.status, image.headers.get('content-type')], [200, 'image/png']);
    assert.equal(Buffer.from(await image.arrayBuffer()).toString('base64'), PNG);
    assert.equal(
      (await acme.put(path, { billing_entity: { net_payment_term: 3 } })).body.billing_entity.logo_url,
      first,
    );

    const { logo_url: second } = await put(PNG);
    assert.notEqual(second, first);
    for (const url of [first, second.replace(/signature=./, 'signature=')])
      assert.equal((await fetch(api.url + new URL(url).pathname + new URL(url).search)).status, 404);
    assert.equal((await put(null)).logo_url, null);
  });

  for (const { what, logo, error } of [
    { what: 'is none', logo: 'hello, world', error: 'invalid_content_type' },
    { what: 'is empty', logo: 'data:image/png;base64,', error: 'invalid_content_type' },
    { what: 'is elsewhere', logo: 'https://acme.example/logo.png', error: 'invalid_content_type' },
    { what: 'is a drawing', logo: `data:image/svg+xml;base64,${PNG}`, error: 'invalid_content_type' },
    { what: 'only says that it is one', logo: 'data:image/png;base64,PHN2Zy8+', error: 'invalid_content_type' },
    {
      what: 'is large',
      logo: Buffer.concat([Buffer.from(PNG, 'base64'), Buffer.alloc(800 * 1024)]).toString('base64'),
      error: 'file_too_large',
    },
    {
      what: 'would unpack to much',
      logo: Buffer.from(PNG, 'base64').fill(0x11, 16, 24).toString('base64'),
      error: 'file_too_large',
    },
  ])
    // prettier-ignore
    it(`refuse a logo that ${what}`, async () => {
      const { status, body } = await acme.put(path, { billing_entity: { logo, net_payment_term: 9 } });
      assert.deepEqual([status, body.error_details], [422, { logo: [error] }]);
      assert.equal((await acme.get(path)).body.billing_entity.net_payment_term, 0);
    });

  it('outside the European Union cannot have its taxes managed', async () => {
    const { status, body } = await acme.put(path, { billing_entity: { country: 'US', eu_tax_management: true } });
    assert.deepEqual([status, body.error_details], [422, { eu_tax_management: ['billing_entity_must_be_in_eu'] }]);
    assert.equal((await acme.get('/taxes')).body.meta.total_count, 0);
  });

  describe('with European taxes managed', () => {
    beforeEach(async () => {
      await acme.post('/customers', { customer: { external_id: 'before', country: 'DE' } });
      const { status } = await acme.put(path, { billing_entity: { country: 'FR', eu_tax_management: true } });
      assert.equal(status, 200);
    });

    it('have a tax for each member state', async () => {
      assert.equal((await acme.get('/taxes')).body.meta.total_count, 47);
      const { tax } = (await acme.get('/taxes/lago_eu_de_standard')).body;
      assert.deepEqual([tax.name, tax.rate, tax.applied_to_organization], ['DE Standard', 19, false]);
      await acme.put('/taxes/lago_eu_de_standard', { tax: { rate: '1' } });
      await acme.put(path, { billing_entity: { eu_tax_management: true } });
      assert.equal((await acme.get('/taxes/lago_eu_de_standard')).body.tax.rate, 19, 'brought up to date');
    });

    it('give a new customer the tax of its address', async () => {
      await acme.post('/customers', { customer: { external_id: 'es', country: 'ES', zipcode: '38001' } });
      assert.deepEqual(await taxesOf('es'), ['lago_eu_es_exception_canary_islands']);
      await acme.post('/customers', { customer: { external_id: 'us', country: 'US' } });
      assert.deepEqual(await taxesOf('us'), ['lago_eu_tax_exempt']);
    });

    it('leave customers alone until they are edited', async () => {
      assert.deepEqual(await taxesOf('before'), []);
      await acme.post('/customers', { customer: { external_id: 'before', name: 'Edited' } });
      assert.deepEqual(await taxesOf('before'), ['lago_eu_de_standard']);
    });

    it('add the tax to those that the request names, and drop others when the address changes', async () => {
      for (const code of ['own', 'other']) await acme.post('/taxes', { tax: { name: code, code, rate: '1' } });
      await acme.post('/customers', { customer: { external_id: 'it', country: 'IT', tax_codes: ['own', 'other'] } });
      assert.deepEqual(await taxesOf('it'), ['lago_eu_it_standard', 'other', 'own']);
      await acme.post('/customers', { customer: { external_id: 'it', name: 'Same place' } });
      assert.deepEqual(await taxesOf('it'), ['lago_eu_it_standard', 'other', 'own']);
      await acme.post('/customers', { customer: { external_id: 'it', country: 'BE', tax_codes: ['own'] } });
      assert.deepEqual(await taxesOf('it'), ['lago_eu_be_standard', 'own']);
      await acme.post('/customers', { customer: { external_id: 'it', country: 'LU' } });
      assert.deepEqual(await taxesOf('it'), ['lago_eu_lu_standard']);
    });

    it('let a number be checked first: until then only the named taxes are there', async () => {
      await acme.post('/taxes', { tax: { name: 'own', code: 'own', rate: '1' } });
      const customer = { external_id: 'de', country: 'DE', tax_identification_number: 'DE123', tax_codes: ['own'] };
      await acme.post('/customers', { customer });
      assert.deepEqual(await taxesOf('de'), ['own']);
    });
  });
});
