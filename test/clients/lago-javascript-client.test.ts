import assert from 'node:assert/strict';
import { Client, getLagoError } from 'lago-javascript-client';
import { describeApi } from '../../api/app.ts';
import { AnswerValidator } from '../support/answers.ts';
import { type Sandbox, sandbox, storySystem, stories } from '../support/sandbox.ts';

/** Lago's own client as it comes from npm, pointed at us. */
stories('lago-javascript-client', () => {
  let billing: Sandbox;
  let lago: ReturnType<typeof Client>;

  before(async () => {
    const system = await storySystem();
    const answers = new AnswerValidator(describeApi(system.deps));
    billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    lago = Client(billing.api_key, {
      baseUrl: `${system.url}/api/v1`,
      customFetch: async (url, init) => {
        const response = await fetch(url, init);
        const { pathname } = new URL(response.url);
        const text = await response.clone().text();
        answers.validate(init?.method ?? 'GET', pathname, response.status, text === '' ? '' : JSON.parse(text));
        return response;
      },
    });
  });

  it('takes a customer from the first subscription to the last invoice', async () => {
    const { data: metric } = await lago.billableMetrics.createBillableMetric({
      billable_metric: { name: 'Storage', code: 'storage', aggregation_type: 'sum_agg', field_name: 'gb', recurring: false },
    }); // prettier-ignore
    const { data: calls } = await lago.billableMetrics.createBillableMetric({
      billable_metric: { name: 'Calls', code: 'calls', aggregation_type: 'count_agg', recurring: false },
    });
    await lago.taxes.createTax({ tax: { name: 'VAT', code: 'vat', rate: '20', applied_to_organization: true } });
    const { data: plan } = await lago.plans.createPlan({
      plan: {
        name: 'Pro',
        code: 'pro',
        interval: 'monthly',
        amount_cents: 3000,
        amount_currency: 'EUR',
        pay_in_advance: false,
        charges: [
          {
            billable_metric_id: metric.billable_metric.lago_id,
            charge_model: 'graduated',
            properties: {
              graduated_ranges: [
                { from_value: 0, to_value: 10, flat_amount: '0', per_unit_amount: '1' },
                { from_value: 11, to_value: null, flat_amount: '0', per_unit_amount: '0.5' },
              ],
            },
          },
          {
            billable_metric_id: calls.billable_metric.lago_id,
            charge_model: 'standard',
            properties: { amount: '0.1' },
          },
        ],
      },
    });
    assert.equal(plan.plan.charges?.length, 2);

    await lago.customers.createCustomer({
      customer: { external_id: 'cus', name: 'Customer', currency: 'EUR', country: 'FR', timezone: 'Europe/Paris' },
    });
    const { data: subscribed } = await lago.subscriptions.createSubscription({
      subscription: { external_customer_id: 'cus', plan_code: 'pro', external_id: 'sub' },
    });
    assert.equal(subscribed.subscription.status, 'active');

    const event = { external_subscription_id: 'sub', timestamp: '1775822400', properties: { gb: 12.5 } }; // 10 April 2026, noon.
    await lago.events.createEvent({ event: { ...event, transaction_id: 'one', code: 'storage' } });
    await lago.events.createBatchEvents({
      events: ['two', 'three', 'four'].map((transaction_id) => ({ ...event, transaction_id, code: 'calls' })),
    });
    const { data: found } = await lago.events.findEvent('one');
    assert.equal(found.event.code, 'storage');

    // 10 × 1 + 2.5 × 0.5 = 11.25, and 3 × 0.1 = 0.30.
    const { data: usage } = await lago.customers.findCustomerCurrentUsage('cus', { external_subscription_id: 'sub' });
    assert.equal(usage.customer_usage.amount_cents, 1155);
    assert.equal(usage.customer_usage.total_amount_cents, 1386);

    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    const { data: list } = await lago.invoices.findAllInvoices({ external_customer_id: 'cus' });
    assert.equal(list.meta.total_count, 1);
    const { lago_id } = list.invoices[0]!;
    const { data: read } = await lago.invoices.findInvoice(lago_id);
    assert.equal(read.invoice.fees_amount_cents, 4155);
    assert.equal(read.invoice.total_amount_cents, 4986);

    const { data: downloaded } = await lago.invoices.downloadInvoice(lago_id);
    const pdf = await fetch(downloaded.invoice.file_url!.replace('http://localhost', (await storySystem()).url));
    assert.equal(pdf.headers.get('content-type'), 'application/pdf');
    assert.equal(Buffer.from(await pdf.arrayBuffer()).toString('latin1', 0, 5), '%PDF-');

    const { data: fees } = await lago.fees.findAllFees({ external_customer_id: 'cus', fee_type: 'charge' });
    assert.deepEqual(
      fees.fees.map(({ amount_cents }) => amount_cents).sort((a, b) => a - b),
      [30, 1125],
    );

    await billing.clock.moveTo('2026-05-10T12:00:00Z');
    const { data: ended } = await lago.subscriptions.destroySubscription('sub');
    assert.equal(ended.subscription.status, 'terminated');
    await billing.clock.settle();
    const { data: last } = await lago.invoices.findAllInvoices({ page: 1, per_page: 1 });
    // 10 of 31 days and VAT: 3000 / 31 × 10 = 967.7.
    assert.equal(last.invoices[0]?.total_amount_cents, 968 + 194);
    assert.equal(last.meta.total_pages, 2);
  });

  it('reads, edits and deletes what there is', async () => {
    await lago.plans.updatePlan('pro', { plan: { name: 'Professional' } as never });
    assert.equal((await lago.plans.findPlan('pro')).data.plan.name, 'Professional');
    assert.equal((await lago.plans.findAllPlans()).data.plans.length, 1);
    await lago.customers.createCustomer({ customer: { external_id: 'cus', name: 'Renamed' } });
    assert.equal((await lago.customers.findCustomer('cus')).data.customer.name, 'Renamed');
    assert.equal((await lago.customers.findAllCustomers()).data.customers.length, 1);
    assert.equal((await lago.subscriptions.findAllSubscriptions({ 'status[]': ['terminated'] })).data.subscriptions.length, 1); // prettier-ignore
    const { data } = await lago.webhookEndpoints.createWebhookEndpoint({
      webhook_endpoint: { webhook_url: 'https://example.com/hooks', signature_algo: 'hmac' },
    });
    await lago.webhookEndpoints.destroyWebhookEndpoint(data.webhook_endpoint.lago_id);
    assert.equal((await lago.webhookEndpoints.findAllWebhookEndpoints()).data.webhook_endpoints.length, 0);
    await lago.organizations.updateOrganization({ organization: { legal_name: 'Acme SAS' } });
    await lago.taxes.destroyTax('vat');
    await lago.plans.destroyPlan('pro');
    await lago.billableMetrics.destroyBillableMetric('calls');
    await lago.customers.destroyCustomer('cus');
    assert.equal((await lago.customers.findAllCustomers()).data.customers.length, 0);
  });

  it('understands what is wrong', async () => {
    const refused = await lago.plans.createPlan({ plan: { code: 'bad' } as never }).catch(getLagoError);
    assert.deepEqual(refused, {
      status: 422,
      error: 'Unprocessable Entity',
      code: 'validation_errors',
      error_details: {
        name: ['value_is_mandatory'],
        interval: ['value_is_invalid'],
        amount_cents: ['value_is_mandatory'],
        amount_currency: ['value_is_mandatory'],
        pay_in_advance: ['value_is_invalid'],
      },
    });
    const missing = await lago.plans.findPlan('nowhere').catch(getLagoError);
    assert.deepEqual(missing, { status: 404, error: 'Not Found', code: 'plan_not_found' });
  });
});
