import assert from 'node:assert/strict';
import { z } from 'zod';
import { operations } from '../../api/routes/index.ts';
import type { Operation } from '../../api/operation.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-10T15:30:00.000Z';

/** Operations on what there is one of for each organization: there is nothing to name. */
const hasOneOfEach = (operation: Operation): boolean =>
  ['organizations', 'billing_entities', 'sandbox', 'webhooks'].includes(operation.tag);

/** The one billing entity has the same code everywhere: everybody finds their own. Who has no past usage is not told why. */
const namesSomething = ({ path, tag }: Operation): boolean =>
  path.includes('{') && tag !== 'billing_entities' && !path.endsWith('/past_usage');
const isList = (operation: Operation): boolean =>
  operation.method === 'GET' && !operation.path.includes('{') && !hasOneOfEach(operation);

describe('two organizations', () => {
  let api: TestApi;
  let acme: ApiClient;
  let other: ApiClient;
  /** What of Acme's a path can name, by the place in it. */
  let named: Record<string, string>;

  before(async () => {
    api = await startApi();
    acme = await api.newOrganization({ clock: NOW });
    other = await api.newOrganization({ clock: NOW });
    named = await fill(acme);
  });
  after(() => api.stop());

  async function fill(client: ApiClient): Promise<Record<string, string>> {
    const build = new Builders(api.db, client.organization.id, '2026-02-01T00:00:00.000Z');
    const customer = await build.customer('cus');
    const metric = await build.metric('calls');
    const plan = await build.plan('pro', {}, [{ billable_metric_id: metric.id }]);
    const subscription = await build.subscription(customer, plan);
    const invoice = await build.invoice(customer, {}, { fees: [{ subscription_id: subscription.id }] });
    const fee = await build.fee(customer);
    const billed = await client.get(`/invoices/${invoice.id}`);
    const paid = await client.post('/payments', {
      payment: { invoice_id: invoice.id, amount_cents: 1000, reference: 'wire' },
    });
    const credited = await client.post('/credit_notes', {
      credit_note: {
        invoice_id: invoice.id,
        credit_amount_cents: 1000,
        items: [{ fee_id: billed.body.invoice.fees[0].lago_id, amount_cents: 1000 }],
      },
    });
    await client.post('/taxes', { tax: { name: 'VAT', code: 'vat', rate: '20' } });
    const price = { amount_cents: 100, amount_currency: 'EUR' };
    await client.post('/add_ons', { add_on: { name: 'Setup', code: 'setup', ...price } });
    const terms = { coupon_type: 'fixed_amount', frequency: 'once', expiration: 'no_expiration', ...price };
    await client.post('/coupons', { coupon: { name: 'Off', code: 'off', ...terms } });
    await client.post('/applied_coupons', {
      applied_coupon: { external_customer_id: customer.external_id, coupon_code: 'off' },
    });
    const pricing_unit = { name: 'Tokens', code: 'tokens', short_name: 'TK' };
    await client.post('/pricing_units', { pricing_unit });
    const exported = await client.post('/data_exports', { data_export: { resource_type: 'invoices' } });
    const endpoint = await client.post('/webhook_endpoints', { webhook_endpoint: { webhook_url: 'https://a.test/' } });
    await client.post('/events', {
      event: { transaction_id: 'tx', code: 'calls', external_subscription_id: subscription.external_id },
    });
    return {
      '/taxes/{code}': 'vat',
      '/add_ons/{code}': 'setup',
      '/coupons/{code}': 'off',
      '/pricing_units/{code}': 'tokens',
      '/billable_metrics/{code}': metric.code,
      '/plans/{code}': plan.code,
      '/customers/{external_customer_id}': customer.external_id,
      '/subscriptions/{external_id}': subscription.external_id,
      '/events/{transaction_id}': 'tx',
      '/invoices/{lago_id}': invoice.id,
      '/fees/{lago_id}': fee.id,
      '/payments/{lago_id}': paid.body.payment.lago_id,
      '/credit_notes/{lago_id}': credited.body.credit_note.lago_id,
      '/data_exports/{lago_id}': exported.body.data_export.lago_id,
      '/webhook_endpoints/{lago_id}': endpoint.body.webhook_endpoint.lago_id,
    };
  }

  /** The operation's path with Acme's things in it. */
  function pathOf({ op, path }: Operation): string {
    const place = Object.keys(named).find((start) => path.startsWith(start));
    assert(place, `${op}: the test knows something that its path can name`);
    const start = place.replace(/\{\w+\}/, named[place] as string);
    const query = /\/(current|past|projected)_usage$/.test(path) ? '?external_subscription_id=sub' : '';
    return start + path.slice(place.length) + query;
  }

  /** The least that every operation on something named lets in. */
  function bodyOf({ body }: Operation): unknown {
    if (!(body instanceof z.ZodObject)) return undefined;
    if ('metadata' in body.shape) return { metadata: { key: 'value' } };
    const [root] = Object.entries(body.shape).find(([, field]) => field instanceof z.ZodObject) ?? [];
    return root === undefined
      ? {}
      : {
          [root]: {
            payment_status: 'succeeded',
            code: 'x',
            charge_model: 'standard',
            external_historical_usage_amount_cents: 0,
          },
        };
  }

  for (const operation of operations.filter(namesSomething))
    it(`do not find each other's: ${operation.op}`, async () => {
      const { status, body } = await other.call(operation.method, pathOf(operation), bodyOf(operation));
      assert.equal(status, 404, JSON.stringify(body));
      assert.match(body.code, /_not_found$/);
      assert.notEqual(body.code, 'resource_not_found');
    });

  for (const operation of operations.filter(isList))
    it(`do not list each other's: ${operation.op}`, async () => {
      const theirs = await acme.get(operation.path);
      assert.ok(theirs.body.meta.total_count > 0, 'there is something to be seen');
      const { status, body } = await other.get(operation.path);
      assert.equal(status, 200);
      assert.equal(body.meta.total_count, 0);
    });

  it('do not reach each other through what they send', async () => {
    const metric = await acme.get('/billable_metrics/calls');
    const plan = {
      name: 'Mine',
      code: 'mine',
      interval: 'monthly',
      amount_cents: 1,
      amount_currency: 'EUR',
      pay_in_advance: false,
    };
    const charge = {
      billable_metric_id: metric.body.billable_metric.lago_id,
      charge_model: 'standard',
      properties: { amount: '1' },
    };
    const cases: [path: string, body: unknown, code: string][] = [
      ['/plans', { plan: { ...plan, charges: [charge] } }, 'billable_metrics_not_found'],
      ['/plans', { plan: { ...plan, tax_codes: ['vat'] } }, 'tax_not_found'],
      ['/customers', { customer: { external_id: 'mine', tax_codes: ['vat'] } }, 'tax_not_found'],
      [
        '/subscriptions',
        { subscription: { external_customer_id: 'cus', plan_code: 'pro', external_id: 'mine' } },
        'plan_not_found',
      ],
    ];
    for (const [path, body, code] of cases) {
      const answer = await other.post(path, body);
      assert.deepEqual([answer.status, answer.body.code], [404, code], path);
    }
  });

  it('may use the same codes and ids', async () => {
    const third = await api.newOrganization({ clock: NOW });
    await fill(third);
    assert.equal((await third.delete('/plans/pro')).status, 200);
    assert.equal((await acme.get('/plans/pro')).status, 200);
  });
});
