import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type InvoiceObject, type Sandbox, sandbox, standard, stories } from '../support/sandbox.ts';

stories('previews of invoices', () => {
  const preview = async (acme: Sandbox, body: object): Promise<InvoiceObject> =>
    (await acme.post('/invoices/preview', body)).invoice;

  /** What a bill says about money. */
  const said = (invoice: InvoiceObject) => ({
    currency: invoice.currency,
    fees: invoice.fees
      .map((fee) => [
        fee.item.type,
        fee.item.code,
        fee.units,
        fee.amount_cents,
        fee.precise_amount,
        fee.taxes_amount_cents,
      ])
      .sort(),
    periods: invoice.billing_periods
      .map((period) => [period.invoicing_reason, period.charges_from_datetime, period.charges_to_datetime])
      .sort(),
    coupons: invoice.coupons_amount_cents,
    taxes: invoice.taxes_amount_cents,
    credit_notes: invoice.credit_notes_amount_cents,
    total: invoice.total_amount_cents,
    issuing_date: invoice.issuing_date,
    payment_due_date: invoice.payment_due_date,
  });

  async function world(at: string, plan: object = {}) {
    const acme = await sandbox({ at });
    await acme.tax('vat', '19.6', { applied_to_organization: true });
    const metric = await acme.metric('calls', { aggregation_type: 'sum_agg', field_name: 'units' });
    const charges = [{ ...standard(metric, '0.333'), min_amount_cents: 1000 }];
    await acme.plan({ code: 'small', amount_cents: 999, charges, ...plan });
    await acme.plan({ code: 'large', amount_cents: 4999, charges: [standard(metric, '0.2')], ...plan });
    await acme.customer({ net_payment_term: 10 });
    return acme;
  }

  it('leave nothing behind', async () => {
    const acme = await world('2026-01-10T00:00:00.000Z', { pay_in_advance: true });
    const shown = await preview(acme, { plan_code: 'small', customer: { name: 'Nobody', country: 'FR' } });
    assert.equal(shown.status, 'draft');
    assert.equal(shown.sequential_id, null);
    assert.match(shown.number, /DRAFT$/);
    assert.equal(shown.fees_amount_cents, Math.round((999 * 22) / 31));
    for (const list of ['invoices', 'subscriptions']) assert.equal((await acme.get(`/${list}`)).meta.total_count, 0);
    assert.equal((await acme.get('/customers')).meta.total_count, 1);
    assert.equal((await acme.clock.read()).next_due_at, null);
  });

  it('of a plan that is not subscribed to yet are the bill that comes when it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          day: fc.integer({ min: 1, max: 28 }),
          pay_in_advance: fc.boolean(),
          interval: fc.constantFrom('weekly', 'monthly', 'quarterly'),
          billing_time: fc.constantFrom('calendar', 'anniversary'),
          rate: fc.option(fc.integer({ min: 1, max: 100 }), { nil: undefined }),
        }),
        async ({ day, pay_in_advance, interval, billing_time, rate }) => {
          const at = `2026-01-${String(day).padStart(2, '0')}T07:00:00.000Z`;
          const acme = await world(at, { pay_in_advance, interval });
          const coupon = { name: 'c', code: 'c', coupon_type: 'percentage', percentage_rate: String(rate) };
          const shown = await preview(acme, {
            customer: { external_id: 'cus' },
            plan_code: 'small',
            billing_time,
            ...(rate !== undefined && { coupons: [coupon] }),
          });
          if (rate !== undefined) {
            await acme.post('/coupons', { coupon: { ...coupon, frequency: 'once', expiration: 'no_expiration' } });
            await acme.post('/applied_coupons', { applied_coupon: { external_customer_id: 'cus', coupon_code: 'c' } });
          }
          await acme.subscribe({ plan: 'small', customer: 'cus', billing_time });
          if (!pay_in_advance) await acme.clock.moveTo('2026-04-30T00:00:00.000Z');
          const [first] = await acme.invoices();
          assert.deepEqual(said(shown), said(first!));
        },
      ),
      { numRuns: 8 },
    );
  });

  const changes: [string, object, (acme: Sandbox) => Promise<unknown>][] = [
    ['the end of the period', {}, (acme) => acme.clock.moveTo('2026-02-01T00:00:00.000Z')],
    ['an upgrade', { plan_code: 'large' }, (acme) => acme.subscribe({ plan: 'large', customer: 'cus' })],
    [
      'a termination',
      { terminated_at: '2026-01-20T09:30:00Z' },
      async (acme) => {
        await acme.clock.moveTo('2026-01-20T09:30:00.000Z');
        await acme.terminate();
      },
    ],
  ];
  for (const pay_in_advance of [false, true])
    for (const grace of [0, 3])
      for (const [what, change, play] of changes)
        it(`of ${what} are the bill that then comes${pay_in_advance ? ', in advance' : ''}${grace ? ', with a grace period' : ''}`, async () => {
          const acme = await world('2026-01-05T00:00:00.000Z', { pay_in_advance });
          await acme.subscribe({ plan: 'small', customer: 'cus' });
          await acme.use('calls', { units: '12.5' }, { units: '3' });
          await acme.clock.moveTo('2026-01-17T12:00:00.000Z');
          if (grace) await acme.customer({ billing_configuration: { invoice_grace_period: grace } });
          const made = (await acme.invoices()).length;
          const shown = await preview(acme, {
            customer: { external_id: 'cus' },
            subscriptions: { external_ids: ['sub'], ...change },
          });
          assert.equal((await acme.invoices()).length, made);
          await play(acme);
          const bill = (await acme.invoices())[made];
          assert(bill);
          if (grace) await acme.clock.moveTo('2026-02-05T00:00:00.000Z');
          const final = (await acme.get(`/invoices/${bill.lago_id}`)).invoice;
          const { issuing_date: _date, payment_due_date: _due, ...money } = said(shown);
          const { issuing_date, payment_due_date, ...moneyOfBill } = said(final);
          assert.deepEqual(money, moneyOfBill);
          if (!grace) assert.deepEqual([_date, _due], [issuing_date, payment_due_date]);
        });

  const refused: [string, object, number, string][] = [
    ['an unknown customer', { customer: { external_id: 'no' }, plan_code: 'small' }, 404, 'customer_not_found'],
    ['an unknown plan', { plan_code: 'no' }, 404, 'plan_not_found'],
    ['no plan', {}, 404, 'plan_not_found'],
    [
      'an unknown subscription',
      { customer: { external_id: 'cus' }, subscriptions: { external_ids: ['no'] } },
      404,
      'subscription_not_found',
    ],
    ['an unknown coupon', { plan_code: 'small', coupons: [{ code: 'no' }] }, 404, 'coupon_not_found'],
  ];
  it('are refused with what is unknown, with ends that have passed or are too far, and with coupons that are no list', async () => {
    const acme = await world('2026-01-05T00:00:00.000Z');
    for (const [what, body, status, code] of refused) {
      const answer = await acme.call('POST', '/invoices/preview', body);
      assert.deepEqual([answer.status, answer.body.code], [status, code], what);
    }
    await acme.subscribe({ plan: 'small', customer: 'cus' });
    for (const terminated_at of ['2026-01-04T00:00:00Z', '2027-02-01T00:00:00Z']) {
      const subscriptions = { external_ids: ['sub'], terminated_at };
      const answer = await acme.call('POST', '/invoices/preview', { customer: { external_id: 'cus' }, subscriptions });
      assert.deepEqual(answer.body.error_details, { terminated_at: ['invalid_date'] }, terminated_at);
    }
    const { status, body } = await acme.call('POST', '/invoices/preview', { plan_code: 'small', coupons: 'c' });
    assert.deepEqual([status, body.error], [400, 'BadRequest: coupons_must_be_an_array']);
  });
});
