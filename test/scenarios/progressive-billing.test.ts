import assert from 'node:assert/strict';
import { bill, type InvoiceObject, lines, type Sandbox, sandbox, standard, stories } from '../support/sandbox.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

/** Usage of 0.02 cents a unit beside 31.00 a month, from 1 December. */
async function subscribed(usage_thresholds: object[], fields: object = {}): Promise<Sandbox> {
  const billing = await sandbox({ at: '2022-12-01T00:00:00Z' });
  const total = await billing.metric('total', { aggregation_type: 'sum_agg', field_name: 'units' });
  const plan = { amount_cents: 3100, charges: [standard(total, '0.0002')], usage_thresholds, ...fields };
  await billing.subscribe({ plan, customer: 'cus' });
  return billing;
}

const step = (amount_cents: number): object => ({ amount_cents });
const every = (amount_cents: number): object => ({ amount_cents, recurring: true });

async function useAt(billing: Sandbox, at: string, units: number | string): Promise<void> {
  await billing.clock.moveTo(at);
  await billing.use('total', { units });
}

const credited = ({ progressive_billing_credit_amount_cents }: InvoiceObject): number =>
  progressive_billing_credit_amount_cents;

stories('progressive billing', () => {
  it('invoices all that was used so far, without the fee of the plan, and takes it off the bill of the month', async () => {
    const billing = await subscribed([{ amount_cents: 20_000, threshold_display_name: 'First' }]);
    await useAt(billing, '2022-12-05T00:00:00Z', 1_000_001);
    const progressive = await billing.onlyInvoice();
    assert.deepEqual(lines(progressive), ['total 1000001 = 20000']);
    assert.deepEqual(
      [progressive.invoice_type, progressive.status, progressive.issuing_date],
      ['progressive_billing', 'finalized', '2022-12-05'],
    );
    const [period] = progressive.billing_periods;
    assert.deepEqual(
      [period?.invoicing_reason, period?.charges_from_datetime],
      ['progressive_billing', '2022-12-01T00:00:00Z'],
    );
    const [applied, ...others] = progressive.applied_usage_thresholds ?? [];
    assert.deepEqual(others, []);
    assert.equal(applied?.lifetime_usage_amount_cents, 20_000);
    assert.equal(applied?.usage_threshold.threshold_display_name, 'First');

    await useAt(billing, '2022-12-15T00:00:00Z', 1_000_000);
    await billing.clock.moveTo('2023-01-01T00:00:00Z');
    const [, month, ...more] = await billing.invoices();
    assert.deepEqual(more, []);
    assert.equal(month && bill(month), '2023-01-01 23100');
    assert.equal(month?.fees_amount_cents, 43_100);
    const [credit] = month?.credits ?? [];
    assert.deepEqual(
      [credit?.amount_cents, credit?.before_taxes, credit?.item.type, credit?.item.lago_item_id],
      [20_000, true, 'invoice', progressive.lago_id],
    );
  });

  it('takes it off the last bill', async () => {
    const billing = await subscribed([step(20_000)]);
    await useAt(billing, '2022-12-05T00:00:00Z', 1_000_000);
    await billing.clock.moveTo('2022-12-18T10:00:00Z');
    await billing.terminate();
    const last = await billing.lastInvoice();
    assert.deepEqual([last.fees_amount_cents, credited(last), last.total_amount_cents], [21_800, 20_000, 1800]);
  });

  it('takes it off the bill of an upgrade', async () => {
    const billing = await subscribed([step(20_000)]);
    await billing.plan({ code: 'premium', amount_cents: 10_000 });
    await useAt(billing, '2022-12-05T00:00:00Z', 1_000_000);
    await billing.clock.moveTo('2022-12-18T10:00:00Z');
    await billing.post('/subscriptions', {
      subscription: { external_customer_id: 'cus', external_id: 'sub', plan_code: 'premium' },
    });
    const last = await billing.lastInvoice();
    assert.deepEqual([credited(last), last.total_amount_cents], [20_000, 1700]);

    const { lifetime_usage } = await billing.get('/subscriptions/sub/lifetime_usage');
    assert.equal(lifetime_usage.invoiced_usage_amount_cents, 20_000);
  });

  it('goes from step to step, and on with the recurring one over the months', async () => {
    const billing = await subscribed([step(200), step(500), step(700), every(1000)]);
    for (const day of ['05', '10', '15', '20']) await useAt(billing, `2022-12-${day}T00:00:00Z`, 11_000);
    for (const day of ['25', '27']) await useAt(billing, `2022-12-${day}T00:00:00Z`, 110_000);
    await useAt(billing, '2023-01-05T00:00:00Z', 110_000);
    const invoices = await billing.invoices();
    assert.deepEqual(invoices.map(bill), [
      '2022-12-05 220',
      '2022-12-15 440',
      '2022-12-20 220',
      '2022-12-25 2200',
      '2022-12-27 2200',
      '2023-01-01 3100',
      '2023-01-05 2200',
    ]);
    assert.deepEqual(invoices.map(credited), [0, 220, 660, 880, 3080, 5280, 0]);
    const [, , third] = invoices;
    assert.deepEqual(
      third?.applied_usage_thresholds?.map((one) => [
        one.usage_threshold.amount_cents,
        one.lifetime_usage_amount_cents,
      ]),
      [[700, 880]],
    );

    const { lifetime_usage } = await billing.get('/subscriptions/sub/lifetime_usage');
    assert.equal(lifetime_usage.invoiced_usage_amount_cents, 5280);
    assert.equal(lifetime_usage.current_usage_amount_cents, 2200);
    assert.deepEqual(
      lifetime_usage.usage_thresholds
        .slice(0, 4)
        .map((one: { amount_cents: number; completion_ratio: number; reached_at: string }) => [
          one.amount_cents,
          one.completion_ratio,
          one.reached_at?.slice(0, 10),
        ]),
      [
        [200, 1, '2022-12-05'],
        [500, 1, '2022-12-15'],
        [700, 1, '2022-12-20'],
        [1700, 1, '2022-12-25'],
      ],
    );
  });

  it('asks for taxes on what was not billed before', async () => {
    const billing = await subscribed([step(20_000), step(50_000)]);
    await billing.tax('vat', '20', { applied_to_organization: true });
    await useAt(billing, '2022-12-05T00:00:00Z', 1_000_000);
    await useAt(billing, '2022-12-06T00:00:00Z', 2_000_000);
    await billing.clock.moveTo('2023-01-01T00:00:00Z');
    const invoices = await billing.invoices();
    assert.deepEqual(
      invoices.map((one) => [one.taxes_amount_cents, one.total_amount_cents]),
      [
        [4000, 24_000],
        [8000, 48_000],
        [620, 3720],
      ],
    );
  });

  it('uses coupons on the invoice of a threshold, and credits what it was worth after them', async () => {
    const billing = await subscribed([step(20_000)]);
    await billing.post('/coupons', {
      coupon: {
        name: 'Ten',
        code: 'ten',
        coupon_type: 'fixed_amount',
        amount_cents: 1000,
        amount_currency: 'EUR',
        frequency: 'once',
        expiration: 'no_expiration',
      },
    });
    await billing.post('/applied_coupons', { applied_coupon: { external_customer_id: 'cus', coupon_code: 'ten' } });
    await useAt(billing, '2022-12-05T00:00:00Z', 1_000_000);
    await billing.clock.moveTo('2023-01-01T00:00:00Z');
    const [progressive, month] = await billing.invoices();
    assert.equal(progressive?.total_amount_cents, 19_000);
    assert.deepEqual([month && credited(month), month?.total_amount_cents], [19_000, 4100]);
  });

  it('gives back once what usage was corrected by, on drafts too, however often these are computed anew', async () => {
    const billing = await subscribed([step(20_000)], { amount_cents: 0 });
    await billing.customer({ billing_configuration: { invoice_grace_period: 5 } });
    await useAt(billing, '2022-12-05T00:00:00Z', 1_000_000);
    await useAt(billing, '2022-12-11T00:00:00Z', -750_000);
    assert.equal((await billing.invoices()).length, 1);

    await billing.clock.moveTo('2023-01-02T00:00:00Z');
    const draft = await billing.lastInvoice();
    const amounts = ({ status, fees_amount_cents, total_amount_cents }: InvoiceObject, credit: number): unknown[] => [
      status,
      fees_amount_cents,
      credit,
      total_amount_cents,
    ];
    assert.deepEqual(amounts(draft, credited(draft)), ['draft', 5000, 5000, 0]);
    const notes = async () => (await billing.get('/credit_notes')).credit_notes;
    const [note, ...others] = await notes();
    assert.deepEqual(others, []);
    assert.deepEqual([note.credit_amount_cents, note.reason], [15_000, 'other']);
    assert.equal(note.lago_invoice_id, (await billing.invoices())[0]?.lago_id);

    await billing.put(`/invoices/${draft.lago_id}/refresh`, {});
    await billing.put(`/invoices/${draft.lago_id}/refresh`, {});
    const refreshed = await billing.lastInvoice();
    assert.deepEqual(amounts(refreshed, credited(refreshed)), ['draft', 5000, 5000, 0]);
    await billing.clock.moveTo('2023-01-10T00:00:00Z');
    const final = await billing.lastInvoice();
    assert.deepEqual(amounts(final, credited(final)), ['finalized', 5000, 5000, 0]);
    assert.equal((await notes()).length, 1);
  });

  it('gives back to the cent what two invoices have taken too much', async () => {
    const billing = await subscribed([step(20_000), step(50_000)], { amount_cents: 0 });
    await billing.tax('vat', '20', { applied_to_organization: true });
    await billing.customer({ billing_configuration: { invoice_grace_period: 5 } });
    await useAt(billing, '2022-12-05T00:00:00Z', 1_000_000);
    await useAt(billing, '2022-12-06T00:00:00Z', 2_000_000);
    await useAt(billing, '2022-12-07T00:00:00Z', -2_500_000);
    await billing.clock.moveTo('2023-01-02T00:00:00Z');
    const [first, second, draft] = await billing.invoices();
    assert.deepEqual([first?.total_amount_cents, second?.total_amount_cents], [24_000, 48_000]);
    assert.deepEqual(
      [draft?.fees_amount_cents, draft && credited(draft), draft?.total_amount_cents],
      [10_000, 10_000, 0],
    );

    await billing.put(`/invoices/${draft?.lago_id}/refresh`, {});
    await billing.clock.moveTo('2023-01-10T00:00:00Z');
    const final = await billing.lastInvoice();
    assert.deepEqual([final.status, credited(final), final.total_amount_cents], ['finalized', 10_000, 0]);
    const { credit_notes } = await billing.get('/credit_notes');
    assert.deepEqual(
      credit_notes.map((note: { lago_invoice_id: string; credit_amount_cents: number }) => [
        note.lago_invoice_id,
        note.credit_amount_cents,
      ]),
      [
        [first?.lago_id, 12_000],
        [second?.lago_id, 48_000],
      ],
    );
  });

  it('bears what moved to another filter since', async () => {
    const billing = await sandbox({ at: '2022-12-01T00:00:00Z' });
    await billing.tax('vat', '10', { applied_to_organization: true });
    const filters = [{ key: 'region', values: ['eu', 'us'] }];
    const total = await billing.metric('total', { aggregation_type: 'sum_agg', field_name: 'units', filters });
    const byRegion = (region: string): object => ({ values: { region: [region] }, properties: { amount: '1' } });
    const charge = { ...standard(total, '1'), filters: [byRegion('eu'), byRegion('us')] };
    await billing.subscribe({
      plan: { amount_cents: 0, charges: [charge], usage_thresholds: [step(1000)] },
      customer: 'cus',
    });
    const use = (region: string, units: number) =>
      billing.post('/events', {
        event: {
          transaction_id: `${region} ${units}`,
          external_subscription_id: 'sub',
          code: 'total',
          properties: { region, units },
        },
      });
    await use('eu', 10);
    await use('eu', -10);
    await use('us', 15);
    await billing.clock.moveTo('2023-01-01T00:00:00Z');
    const month = await billing.lastInvoice();
    assert.deepEqual([credited(month), month.taxes_amount_cents, month.total_amount_cents], [1000, 50, 550]);
  });

  it('follows the thresholds of the subscription instead of its plan’s, and none where it is off', async () => {
    const billing = await subscribed([step(20_000)]);
    await billing.put('/subscriptions/sub', { subscription: { usage_thresholds: [step(30_000)] } });
    await useAt(billing, '2022-12-05T00:00:00Z', 1_000_000);
    assert.deepEqual(await billing.bills(), []);
    const shown = (await billing.subscription()).applicable_usage_thresholds;
    assert.deepEqual(shown, [{ amount_cents: 30_000, recurring: false, threshold_display_name: null }]);

    await billing.put('/subscriptions/sub', { subscription: { progressive_billing_disabled: true } });
    await useAt(billing, '2022-12-06T00:00:00Z', 1_000_000);
    assert.deepEqual(await billing.bills(), []);
    assert.deepEqual((await billing.subscription()).applicable_usage_thresholds, []);

    await billing.put('/subscriptions/sub', { subscription: { progressive_billing_disabled: false } });
    assert.deepEqual(await billing.bills(), ['2022-12-06 40000']);
  });

  it('counts what was used before the engine came', async () => {
    const billing = await subscribed([step(20_000)]);
    await billing.clock.moveTo('2022-12-05T00:00:00Z');
    await billing.use('total', { units: 500_000 });
    await billing.put('/subscriptions/sub/lifetime_usage', {
      lifetime_usage: { external_historical_usage_amount_cents: 9000 },
    });
    assert.deepEqual(await billing.bills(), []);
    await billing.use('total', { units: 50_000 });
    assert.deepEqual(await billing.bills(), ['2022-12-05 11000']);
  });

  it('leaves usage that is paid in advance out, and counts it', async () => {
    const billing = await sandbox({ at: '2022-12-01T00:00:00Z' });
    const sum = { aggregation_type: 'sum_agg', field_name: 'units' };
    const charges = [
      standard(await billing.metric('total', sum), '1'),
      { ...standard(await billing.metric('calls', sum), '1'), pay_in_advance: true },
    ];
    await billing.subscribe({
      plan: { amount_cents: 0, charges, usage_thresholds: [step(1000), every(500)] },
      customer: 'cus',
    });
    await billing.use('total', { units: 5 });
    await billing.use('calls', { units: 4 });
    assert.deepEqual((await billing.invoices()).map(lines), [['calls 4 = 400']]);
    await billing.use('total', { units: 1 });
    assert.deepEqual((await billing.invoices()).map(lines).at(-1), ['total 6 = 600']);
    await billing.use('calls', { units: 4 });
    assert.equal((await billing.invoices()).length, 3);
    const { lifetime_usage } = await billing.get('/subscriptions/sub/lifetime_usage');
    assert.deepEqual(
      [lifetime_usage.invoiced_usage_amount_cents, lifetime_usage.current_usage_amount_cents],
      [0, 1400],
    );
  });

  it('does not make an invoice again that was voided, and bills its usage at the end', async () => {
    const billing = await subscribed([step(20_000)]);
    await useAt(billing, '2022-12-05T00:00:00Z', 1_000_000);
    const { lago_id } = await billing.onlyInvoice();
    await billing.post(`/invoices/${lago_id}/void`, {});
    await useAt(billing, '2022-12-06T00:00:00Z', 1);
    assert.equal((await billing.invoices()).length, 1);
    await billing.clock.moveTo('2023-01-01T00:00:00Z');
    const month = await billing.lastInvoice();
    assert.deepEqual([credited(month), month.total_amount_cents], [0, 23_100]);
  });

  it('is not counted twice towards a minimum commitment, nor does it move the spans of the next bill', async () => {
    const minimum_commitment = { amount_cents: 50_000 };
    const billing = await subscribed([step(20_000)], { pay_in_advance: true, minimum_commitment });
    await useAt(billing, '2022-12-05T00:00:00Z', 1_000_000);
    await billing.clock.moveTo('2023-01-01T00:00:00Z');
    const month = await billing.lastInvoice();
    assert.deepEqual(month.fees.map(({ item, amount_cents }) => [item.type, amount_cents]).sort(), [
      ['charge', 20_000],
      ['commitment', 26_900],
      ['subscription', 3100],
    ]);
    const [period] = month.billing_periods;
    assert.equal(period?.charges_from_datetime, '2022-12-01T00:00:00Z');
  });

  it('is told of: the invoice, then each threshold', async () => {
    const receiver = await startWebhookReceiver();
    try {
      const billing = await subscribed([step(100), step(200)]);
      const event_types = ['invoice.created', 'subscription.usage_threshold_reached'];
      await billing.post('/webhook_endpoints', {
        webhook_endpoint: { webhook_url: receiver.url, signature_algo: 'hmac', event_types },
      });
      await billing.use('total', { units: 10_000 });
      await receiver.receives(3);
      const [created, ...reached] = receiver.received.map(({ body }) => JSON.parse(body));
      assert.equal(created.webhook_type, 'invoice.created');
      assert.equal(created.invoice.applied_usage_thresholds.length, 2);
      for (const [index, { webhook_type, subscription }] of reached.entries()) {
        assert.equal(webhook_type, 'subscription.usage_threshold_reached');
        assert.equal(subscription.external_id, 'sub');
        assert.equal(subscription.usage_threshold.amount_cents, 100 * (index + 1));
        assert.equal(subscription.applicable_usage_thresholds.length, 2);
        assert.equal(subscription.plan.code, 'pro');
      }
    } finally {
      await receiver.stop();
    }
  });
});
