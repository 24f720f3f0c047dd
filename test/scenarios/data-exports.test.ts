import assert from 'node:assert/strict';
import { sandbox, stories, storySystem } from '../support/sandbox.ts';

stories('exports', () => {
  async function read(url: string): Promise<{ status: number; text: string; name: string | null }> {
    const system = await storySystem();
    const { pathname, search } = new URL(url);
    const response = await fetch(`${system.url}${pathname}${search}`);
    return { status: response.status, text: await response.text(), name: response.headers.get('content-disposition') };
  }

  it('have a line for each invoice that the filters let through, and expire after a week', async () => {
    const acme = await sandbox({ at: '2026-01-31T10:00:00.000Z' });
    await acme.tax('vat', '20', { applied_to_organization: true });
    await acme.customer({ external_id: 'cus', name: '=cmd()', email: 'a@b.example', country: 'FR' });
    await acme.customer({ external_id: 'other', name: 'Other, "Ltd"' });
    await acme.post('/add_ons', {
      add_on: { name: 'Setup', code: 'setup', amount_cents: 1000, amount_currency: 'EUR' },
    });
    const sell = (external_customer_id: string, units: string) =>
      acme.post('/invoices', { invoice: { external_customer_id, fees: [{ add_on_code: 'setup', units }] } });
    await sell('cus', '1');
    await sell('cus', '2');
    await sell('other', '3');

    const request = { data_export: { resource_type: 'invoices', filters: { amount_from: 2000 } } };
    const { lago_id } = (await acme.post('/data_exports', request)).data_export;
    const { data_export } = await acme.get(`/data_exports/${lago_id}`);
    assert.deepEqual([data_export.status, data_export.rows_count], ['completed', 2]);
    const file = await read(data_export.file_url);
    assert.equal(file.name, 'attachment; filename="20260131100000_invoices.csv"');
    const [header, ...lines] = file.text.trimEnd().split('\n');
    assert.equal(header!.split(',').slice(0, 4).join(), 'lago_id,sequential_id,partner_billing,issuing_date');
    assert.equal(lines.length, 2);
    assert.match(lines[0]!, /,other,"Other, ""Ltd""",.*,EUR,3000,0,600,0,0,3600,/);
    assert.match(lines[1]!, /,2,false,2026-01-31,.*,cus,'=cmd\(\),a@b.example,FR,/);

    assert.equal((await read(data_export.file_url.replace(/signature=.{4}/, 'signature=0000'))).status, 404);
    await acme.clock.moveTo('2026-02-07T10:00:01.000Z');
    assert.equal((await read(data_export.file_url)).status, 404);
    assert.equal((await acme.get('/data_exports')).meta.total_count, 0);
  });

  it('have a line for each fee', async () => {
    const acme = await sandbox({ at: '2026-01-01T00:00:00.000Z' });
    await acme.subscribe({ plan: { code: 'p', pay_in_advance: true }, customer: { timezone: 'Asia/Tokyo' } });
    const { lago_id } = (await acme.post('/data_exports', { data_export: { resource_type: 'invoice_fees' } }))
      .data_export;
    const { data_export } = await acme.get(`/data_exports/${lago_id}`);
    const [header, line, ...more] = (await read(data_export.file_url)).text.trimEnd().split('\n');
    assert.deepEqual(more, []);
    const cells = line!.split(',');
    const cell = (name: string) => cells[header!.split(',').indexOf(name)];
    assert.equal(cell('subscription_external_id'), 'sub');
    assert.equal(cell('subscription_plan_code'), 'p');
    assert.deepEqual([cell('fee_from_date'), cell('fee_to_date')], ['2026-01-01', '2026-01-31']);
    assert.equal(cell('fee_total_amount_cents'), '3000');
  });

  it('are refused with a filter that the list refuses', async () => {
    const acme = await sandbox({ at: '2026-01-01T00:00:00.000Z' });
    const { status, body } = await acme.call('POST', '/data_exports', {
      data_export: { resource_type: 'invoices', filters: { status: 'unknown' } },
    });
    assert.deepEqual([status, body.error_details], [422, { status: ['value_is_invalid'] }]);
    assert.equal((await acme.call('GET', '/data_exports/no')).body.code, 'data_export_not_found');
  });
});
