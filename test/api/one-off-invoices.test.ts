import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';

interface ShownFee {
  readonly item: { readonly type: string; readonly code: string };
  readonly units: string;
  readonly amount_cents: number;
  readonly description: string | null;
}

describe('one-off invoices', () => {
  let api: TestApi;
  let acme: ApiClient;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: '2026-01-31T10:00:00.000Z' });
    for (const [code, rate] of [
      ['ten', '10'],
      ['twenty', '20'],
    ] as const)
      await acme.post('/taxes', { tax: { name: code, code, rate, applied_to_organization: code === 'ten' } });
    await acme.post('/customers', { customer: { external_id: 'cus', timezone: 'Asia/Tokyo', net_payment_term: 5 } });
    for (const [code, amount_cents] of [
      ['setup', 200],
      ['hour', 6833],
    ] as const)
      await acme.post('/add_ons', {
        add_on: { name: code, code, amount_cents, amount_currency: 'EUR', description: `a ${code}` },
      });
    await acme.put('/add_ons/hour', { add_on: { tax_codes: ['twenty'] } });
  });

  const invoice = (fees: unknown, more: object = {}): Promise<Awaited<ReturnType<ApiClient['post']>>> =>
    acme.post('/invoices', { invoice: { external_customer_id: 'cus', fees, ...more } });

  it('are final at once, with a number and dates of the customer', async () => {
    const { status, body } = await invoice([{ add_on_code: 'setup', units: '2.5' }, { add_on_code: 'hour' }]);
    assert.equal(status, 200);
    const made = body.invoice;
    assert.equal(made.invoice_type, 'one_off');
    assert.equal(made.status, 'finalized');
    assert.match(made.number, /-001-001$/);
    assert.equal(made.issuing_date, '2026-01-31');
    assert.equal(made.payment_due_date, '2026-02-05');
    assert.equal(made.currency, 'EUR');
    assert.equal(made.fees_amount_cents, 500 + 6833);
    assert.equal(made.taxes_amount_cents, Math.round(50 + 1366.6));
    assert.equal(made.total_amount_cents, 7333 + 1417);
    assert.deepEqual(
      made.fees.map((fee: ShownFee) => [fee.item.type, fee.item.code, fee.units, fee.amount_cents, fee.description]),
      [
        ['add_on', 'setup', '2.5', 500, 'a setup'],
        ['add_on', 'hour', '1.0', 6833, 'a hour'],
      ],
    );
    assert.equal((await acme.get(`/invoices/${made.lago_id}`)).body.invoice.number, made.number);
    assert.equal((await acme.get('/customers/cus')).body.customer.currency, 'EUR');
  });

  it('take what is given for a fee before what the add-on says', async () => {
    const { body } = await invoice([
      {
        add_on_code: 'hour',
        unit_amount_cents: 333,
        units: 1.5,
        description: 'Night work',
        invoice_display_name: 'Night hour',
        tax_codes: ['ten', 'unknown'],
        from_datetime: '2026-01-01T00:00:00Z',
        to_datetime: '2026-01-31T23:59:59Z',
      },
    ]);
    const [fee] = body.invoice.fees;
    assert.equal(fee.amount_cents, 500, '499.5 is rounded half up');
    assert.equal(fee.precise_amount, '4.995');
    assert.equal(fee.precise_unit_amount, '3.33');
    assert.equal(fee.description, 'Night work');
    assert.equal(fee.item.invoice_display_name, 'Night hour');
    assert.equal(fee.taxes_rate, 10);
    assert.equal(fee.from_date, '2026-01-01T00:00:00+00:00');
    assert.equal(fee.to_date, '2026-01-31T23:59:59+00:00');
  });

  const taxes: [string, string[] | undefined, string, number][] = [
    ['those of the fee', ['twenty'], 'setup', 20],
    ['those of the add-on', undefined, 'hour', 20],
    ['those of the organization', undefined, 'setup', 10],
    ['those that are left, when all that are named are unknown', ['nothing'], 'hour', 20],
  ];
  for (const [what, tax_codes, add_on_code, rate] of taxes)
    it(`bear taxes: ${what}`, async () => {
      const { body } = await invoice([{ add_on_code, ...(tax_codes && { tax_codes }) }]);
      assert.equal(body.invoice.fees[0].taxes_rate, rate);
    });

  it('may sell the same add-on twice', async () => {
    const { body } = await invoice([{ add_on_code: 'hour' }, { add_on_code: 'hour' }]);
    assert.equal(body.invoice.fees.length, 2);
    assert.equal(body.invoice.taxes_amount_cents, 2733);
  });

  const refused: [string, unknown, object, number, string, object | undefined][] = [
    ['of no fees', [], {}, 404, 'fees_not_found', undefined],
    ['without fees', undefined, {}, 404, 'fees_not_found', undefined],
    ['of an unknown customer', [], { external_customer_id: 'no' }, 404, 'customer_not_found', undefined],
    ['of an unknown add-on', [{ add_on_code: 'setup' }, { add_on_code: 'no' }], {}, 404, 'add_on_not_found', undefined],
    [
      'in a currency that is not the price’s',
      [{ add_on_code: 'setup' }],
      { currency: 'USD' },
      422,
      'validation_errors',
      { currency: ['currencies_does_not_match'] },
    ],
    [
      'with one boundary',
      [{ add_on_code: 'setup', from_datetime: '2026-01-01T00:00:00Z' }],
      {},
      422,
      'validation_errors',
      { boundaries: ['values_are_invalid'] },
    ],
    [
      'with boundaries the wrong way round',
      [{ add_on_code: 'setup', from_datetime: '2026-01-02', to_datetime: '2026-01-01' }],
      {},
      422,
      'validation_errors',
      { boundaries: ['values_are_invalid'] },
    ],
    [
      'of less than nothing',
      [{ add_on_code: 'setup', units: '-1' }],
      {},
      422,
      'validation_errors',
      { units: ['value_is_out_of_range'] },
    ],
  ];
  for (const [what, fees, more, status, code, details] of refused)
    it(`${what} are refused, and nothing is stored`, async () => {
      const answer = await invoice(fees, more);
      assert.deepEqual([answer.status, answer.body.code, answer.body.error_details], [status, code, details]);
      assert.equal((await acme.get('/invoices')).body.meta.total_count, 0);
    });

  it('are not seen when they are empty and the customer skips empty ones', async () => {
    await acme.post('/customers', { customer: { external_id: 'cus', finalize_zero_amount_invoice: 'skip' } });
    const { status } = await invoice([{ add_on_code: 'setup', units: 0 }]);
    assert.equal(status, 200);
    assert.equal((await acme.get('/invoices')).body.meta.total_count, 0);
  });

  it('have numbers without holes or doubles when fifty are made at once', async () => {
    await acme.put('/organizations', { organization: { document_numbering: 'per_organization' } });
    const external_ids = Array.from({ length: 5 }, (_, index) => `cus_${index}`);
    for (const external_id of external_ids) await acme.post('/customers', { customer: { external_id } });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        invoice([{ add_on_code: 'setup' }], { external_customer_id: external_ids[index % 5] }),
      ),
    );
    const numbers = answers.map(({ body }) => body.invoice.number.split('-').at(-1)).sort();
    assert.deepEqual(
      numbers,
      Array.from({ length: 50 }, (_, index) => String(index + 1).padStart(3, '0')),
    );
    for (const external_id of external_ids) {
      const { body } = await acme.get(`/invoices?external_customer_id=${external_id}`);
      const sequence = body.invoices
        .map((one: { sequential_id: number }) => one.sequential_id)
        .sort((a: number, b: number) => a - b);
      assert.deepEqual(
        sequence,
        Array.from({ length: 10 }, (_, index) => index + 1),
      );
    }
  });
});
