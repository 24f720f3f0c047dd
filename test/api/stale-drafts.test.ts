import assert from 'node:assert/strict';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-10T15:30:00.000Z';

describe('drafts', () => {
  let api: TestApi;
  let acme: ApiClient;
  let build: Builders;

  before(async () => {
    api = await startApi();
  });
  after(() => api.stop());

  /** Three customers with a draft each: `a` and `b` on the plan `pro`, `c` on another. `b` has a tax of its own, the others that of everyone. */
  beforeEach(async () => {
    acme = await api.newOrganization({ clock: NOW });
    await acme.post('/taxes', { tax: { name: 'VAT', code: 'vat', rate: '20', applied_to_organization: true } });
    await acme.post('/taxes', { tax: { name: 'Own', code: 'own', rate: '10' } });
    const filters = [{ key: 'region', values: ['eu', 'us'] }];
    const metric = { name: 'Calls', code: 'calls', aggregation_type: 'count_agg', filters };
    const { lago_id } = (await acme.post('/billable_metrics', { billable_metric: metric })).body.billable_metric;
    const charge = {
      billable_metric_id: lago_id,
      charge_model: 'standard',
      properties: { amount: '1' },
      code: 'calls',
    };
    await acme.post('/plans', { plan: { ...PLAN, code: 'pro', charges: [charge] } });
    await acme.post('/plans', { plan: { ...PLAN, code: 'other' } });
    build = new Builders(api.db, acme.organization.id, '2026-02-01T00:00:00.000Z');
    for (const [external_id, plan, tax_codes] of [
      ['a', 'pro', []],
      ['b', 'pro', ['own']],
      ['c', 'other', []],
    ] as const)
      // prettier-ignore
      await draftOf(external_id, plan, tax_codes);
  });

  async function draftOf(external_id: string, plan_code: string, tax_codes: readonly string[]): Promise<string> {
    const { billing_configuration, ...fields } = { external_id, tax_codes, billing_configuration: { invoice_grace_period: 60 } }; // prettier-ignore
    const { customer } = (await acme.post('/customers', { customer: { ...fields, billing_configuration } })).body;
    const plan = (await acme.get(`/plans/${plan_code}`)).body.plan;
    const subscription = await build.subscription({ id: customer.lago_id }, { id: plan.lago_id }, { external_id });
    const { id } = await build.invoice(
      { id: customer.lago_id },
      { status: 'draft', finalized_at: null },
      { periods: [{ subscription_id: subscription.id, plan_id: plan.lago_id }] },
    );
    await acme.put(`/invoices/${id}/refresh`);
    return id;
  }

  /** Whose drafts are to be computed anew, and whose workflows have been told. */
  async function stale(): Promise<string> {
    const marked = await build.write<string[]>((trx) =>
      trx('invoices as i')
        .join('customers as c', 'c.id', 'i.customer_id')
        .whereNotNull('i.stale_at')
        .where('i.organization_id', acme.organization.id)
        .whereExists(trx('outbox').whereRaw(`workflow_id = 'invoice/' || i.id`))
        .orderBy('c.external_id')
        .pluck('c.external_id'),
    );
    return marked.join(' ');
  }

  const charge = (fields: object) => ({ charge: fields });
  const edits: [what: string, concerns: string, method: string, path: string, body: object][] = [
    ['the price of a plan', 'a b', 'PUT', '/plans/pro', { plan: { amount_cents: 1 } }],
    ['the price of another plan', 'c', 'PUT', '/plans/other', { plan: { amount_cents: 1 } }],
    ['a charge of a plan', 'a b', 'PUT', '/plans/pro/charges/calls', charge({ properties: { amount: '2' } })],
    ['a charge that is gone', 'a b', 'DELETE', '/plans/pro/charges/calls', charge({})],
    ['a filter of a charge', 'a b', 'POST', '/plans/pro/charges/calls/filters', { filter: { values: { region: ['eu'] }, properties: { amount: '3' } } }],
    ['a tax that some bear', 'b', 'PUT', '/taxes/own', { tax: { rate: '11' } }],
    ['a tax that most bear', 'a c', 'PUT', '/taxes/vat', { tax: { rate: '21' } }],
    ['a tax that is gone', 'a c', 'DELETE', '/taxes/vat', {}],
    ['a tax that nobody pays any more', 'a b c', 'PUT', '/taxes/vat', { tax: { applied_to_organization: false } }],
    ['a new tax for everyone', 'a b c', 'POST', '/taxes', { tax: { name: 'New', code: 'new', rate: '1', applied_to_organization: true } }],
    ['a new tax for nobody', '', 'POST', '/taxes', { tax: { name: 'New', code: 'new', rate: '1' } }],
    ['the taxes of a customer', 'a', 'POST', '/customers', { customer: { external_id: 'a', tax_codes: ['own'] } }],
    ['the same taxes of a customer', '', 'POST', '/customers', { customer: { external_id: 'b', tax_codes: ['own'] } }],
    ['the name of a customer', '', 'POST', '/customers', { customer: { external_id: 'a', name: 'A' } }],
    ['the filters of a metric', 'a b', 'PUT', '/billable_metrics/calls', { billable_metric: { filters: [] } }],
    ['the name of a metric', '', 'PUT', '/billable_metrics/calls', { billable_metric: { name: 'All calls' } }],
    ['a metric that is gone', 'a b', 'DELETE', '/billable_metrics/calls', {}],
    ['usage that comes late', '', 'POST', '/events', { event: { transaction_id: 't', code: 'calls', external_subscription_id: 'a', timestamp: 1768000000 } }],
  ]; // prettier-ignore
  for (const [what, concerns, method, path, body] of edits)
    it(`of ${concerns || 'nobody'} are computed anew after a change of ${what}`, async () => {
      assert.equal((await acme.call(method, path, body)).status, 200);
      assert.equal(await stale(), concerns);
    });

  it('of subscriptions that have all ended wait for somebody to ask', async () => {
    await build.write((trx) => trx('subscriptions').where({ external_id: 'a' }).update({ status: 'terminated' }));
    await acme.put('/plans/pro', { plan: { amount_cents: 1 } });
    assert.equal(await stale(), 'b');
  });

  it('that were refreshed by hand are not stale any more', async () => {
    await acme.put('/plans/other', { plan: { amount_cents: 1 } });
    const [c] = (await acme.get('/invoices?external_customer_id=c')).body.invoices;
    await acme.put(`/invoices/${c.lago_id}/refresh`);
    assert.equal(await stale(), '');
  });
});

const PLAN = { name: 'Plan', interval: 'monthly', amount_cents: 3000, amount_currency: 'EUR', pay_in_advance: false };
