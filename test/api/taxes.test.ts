import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

describe('taxes', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
  });

  const vat = { name: 'VAT', code: 'vat', rate: '20', description: 'Value added' };

  it('are created, read, changed and deleted by code', async () => {
    const created = await acme.post('/taxes', { tax: vat });
    assert.equal(created.status, 200);
    const { lago_id, ...tax } = created.body.tax;
    assert.match(lago_id, /^[0-9a-f-]{36}$/);
    assert.deepEqual(tax, {
      name: 'VAT',
      code: 'vat',
      rate: 20,
      description: 'Value added',
      applied_to_organization: false,
      add_ons_count: 0,
      customers_count: 0,
      plans_count: 0,
      charges_count: 0,
      commitments_count: 0,
      created_at: '2026-01-31T10:00:00Z',
    });

    const changed = await acme.put('/taxes/vat', {
      tax: { rate: 7.7, description: null, applied_to_organization: true },
    });
    assert.equal(changed.body.tax.rate, 7.7);
    assert.equal(changed.body.tax.description, null);
    assert.equal(changed.body.tax.name, 'VAT');
    assert.deepEqual((await acme.get('/taxes/vat')).body, changed.body);

    assert.equal((await acme.delete('/taxes/vat')).status, 200);
    assert.equal((await acme.get('/taxes/vat')).body.code, 'tax_not_found');
    assert.equal((await acme.post('/taxes', { tax: vat })).status, 200, 'the code is free again');
  });

  it('are listed by name', async () => {
    for (const name of ['b', 'c', 'a']) await acme.post('/taxes', { tax: { name, code: name, rate: '1' } });
    const { body } = await acme.get('/taxes?per_page=2');
    assert.deepEqual(
      body.taxes.map((tax: { name: string }) => tax.name),
      ['a', 'b'],
    );
    assert.deepEqual(body.meta, { current_page: 1, next_page: 2, prev_page: null, total_pages: 2, total_count: 3 });
  });

  it('have codes of any characters', async () => {
    for (const code of ['a/b', 'a.b', 'ä ö', '%2F', 'a?b#c', '..', 'a\\b']) {
      await acme.post('/taxes', { tax: { ...vat, code } });
      const { status, body } = await acme.get(`/taxes/${encodeURIComponent(code).replaceAll('.', '%2E')}`);
      if (code !== '..') assert.equal(status, 200, code);
      if (status === 200) assert.equal(body.tax.code, code);
    }
  });

  const refusals: [what: string, tax: unknown, details: object][] = [
    ['nothing but a name', { name: 'VAT' }, { code: ['value_is_mandatory'], rate: ['value_is_mandatory'] }],
    [
      'blanks',
      { name: ' ', code: '', rate: null },
      { name: ['value_is_mandatory'], code: ['value_is_mandatory'], rate: ['value_is_mandatory'] },
    ],
    [
      'wrong types',
      { name: 1, code: [], rate: {} },
      { name: ['value_is_invalid'], code: ['value_is_invalid'], rate: ['value_is_invalid'] },
    ],
    ['a rate that is no number', { ...vat, rate: 'much' }, { rate: ['value_is_invalid'] }],
    ['a negative rate', { ...vat, rate: -1 }, { rate: ['value_is_out_of_range'] }],
    ['a NUL character', { ...vat, name: 'a\u0000b' }, { name: ['value_is_invalid'] }],
    [
      'a flag that is none',
      { ...vat, applied_to_organization: 'maybe' },
      { applied_to_organization: ['value_is_invalid'] },
    ],
    ['a list instead of an object', [1], { tax: ['value_is_invalid'] }],
  ];
  for (const [what, tax, details] of refusals)
    it(`are refused with ${what}`, async () => {
      const { status, body } = await acme.post('/taxes', { tax });
      assert.equal(status, 422);
      assert.deepEqual(body, {
        status: 422,
        error: 'Unprocessable Entity',
        code: 'validation_errors',
        error_details: details,
      });
    });

  it('keep their codes apart', async () => {
    await acme.post('/taxes', { tax: vat });
    await acme.post('/taxes', { tax: { ...vat, code: 'other' } });
    const taken = { code: ['value_already_exist'] };
    assert.deepEqual((await acme.post('/taxes', { tax: vat })).body.error_details, taken);
    assert.deepEqual((await acme.put('/taxes/other', { tax: { code: 'vat' } })).body.error_details, taken);
    assert.equal((await acme.put('/taxes/vat', { tax: { code: 'vat' } })).status, 200);
  });

  it('are created once when asked for twice at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => acme.post('/taxes', { tax: vat })));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 422, 422, 422, 422, 422, 422, 422]);
    for (const { status, body } of answers)
      if (status === 422) assert.deepEqual(body.error_details, { code: ['value_already_exist'] });
  });
});
