import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

describe('add-ons', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
    await acme.post('/taxes', { tax: { name: 'VAT', code: 'vat', rate: '20' } });
  });

  const setup = {
    name: 'Setup',
    code: 'setup',
    amount_cents: 10000,
    amount_currency: 'EUR',
    description: 'Once',
    tax_codes: ['vat'],
  };

  it('are created, read, changed and deleted by code', async () => {
    const created = await acme.post('/add_ons', { add_on: setup });
    assert.equal(created.status, 200);
    const { lago_id, taxes, ...shown } = created.body.add_on;
    assert.match(lago_id, /^[0-9a-f-]{36}$/);
    assert.equal(taxes[0].code, 'vat');
    assert.deepEqual(shown, {
      name: 'Setup',
      invoice_display_name: null,
      code: 'setup',
      amount_cents: 10000,
      amount_currency: 'EUR',
      description: 'Once',
      created_at: '2026-01-31T10:00:00Z',
    });

    const changed = await acme.put('/add_ons/setup', { add_on: { description: null, amount_cents: 5, tax_codes: [] } });
    assert.equal(changed.body.add_on.description, null);
    assert.equal(changed.body.add_on.amount_cents, 5);
    assert.equal(changed.body.add_on.name, 'Setup');
    assert.deepEqual(changed.body.add_on.taxes, []);
    assert.deepEqual((await acme.get('/add_ons/setup')).body, changed.body);

    assert.equal((await acme.delete('/add_ons/setup')).status, 200);
    assert.equal((await acme.get('/add_ons/setup')).body.code, 'add_on_not_found');
    assert.equal((await acme.delete('/add_ons/setup')).status, 404);
    assert.equal((await acme.post('/add_ons', { add_on: setup })).status, 200, 'the code is free again');
  });

  it('are listed, the newest first', async () => {
    for (const code of ['a', 'b']) await acme.post('/add_ons', { add_on: { ...setup, code } });
    const { body } = await acme.get('/add_ons');
    assert.deepEqual(body.add_ons.map((one: { code: string }) => one.code).sort(), ['a', 'b']);
    assert.equal(body.meta.total_count, 2);
  });

  const refused: [string, object, string, object][] = [
    ['no name', { ...setup, name: '' }, 'validation_errors', { name: ['value_is_mandatory'] }],
    ['no amount', { ...setup, amount_cents: 0 }, 'validation_errors', { amount_cents: ['value_is_out_of_range'] }],
    ['half a cent', { ...setup, amount_cents: 0.5 }, 'validation_errors', { amount_cents: ['value_is_invalid'] }],
    [
      'an unknown currency',
      { ...setup, amount_currency: 'QQQ' },
      'validation_errors',
      { amount_currency: ['value_is_invalid'] },
    ],
  ];
  for (const [what, add_on, code, details] of refused)
    it(`are refused with ${what}`, async () => {
      const { status, body } = await acme.post('/add_ons', { add_on });
      assert.deepEqual([status, body.code, body.error_details], [422, code, details]);
      assert.equal((await acme.get('/add_ons')).body.meta.total_count, 0);
    });

  it('are refused with a code that is taken, and with a tax that is unknown', async () => {
    await acme.post('/add_ons', { add_on: setup });
    const taken = await acme.post('/add_ons', { add_on: setup });
    assert.deepEqual([taken.status, taken.body.error_details], [422, { code: ['value_already_exist'] }]);
    const unknown = await acme.post('/add_ons', { add_on: { ...setup, code: 'other', tax_codes: ['nothing'] } });
    assert.deepEqual([unknown.status, unknown.body.code], [404, 'tax_not_found']);
  });

  it('of another organization are not there', async () => {
    await acme.post('/add_ons', { add_on: setup });
    const other = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
    assert.equal((await other.get('/add_ons/setup')).status, 404);
    assert.equal((await other.put('/add_ons/setup', { add_on: { name: 'x' } })).status, 404);
  });
});
