import assert from 'node:assert/strict';
import { newId } from '../../db/ids.ts';
import { insert } from '../../db/transaction.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-15T12:00:00.000Z';

describe('current usage', () => {
  let api: TestApi;
  let client: ApiClient;
  let build: Builders;
  let charge_ids: readonly string[];
  let metrics: { readonly id: string }[];

  before(async () => {
    api = await startApi();
    client = await api.newOrganization({ clock: NOW });
    build = new Builders(api.db, client.organization.id, '2026-01-01T00:00:00.000Z');
    const customer = await build.customer('cus');
    await build.customer('other');
    metrics = [await metric('storage', 'sum_agg', 'gb'), await build.metric('calls')];
    const plan = await build.plan('pro', { interval: 'monthly', amount_cents: 1000 }, [
      { billable_metric_id: metrics[0]!.id, code: 'stored', properties: { amount: '0.5' }, invoice_display_name: 'Space' },
      { billable_metric_id: metrics[1]!.id, code: 'called', charge_model: 'graduated', properties: { graduated_ranges: [
        { from_value: 0, to_value: 2, per_unit_amount: '0', flat_amount: '1' },
        { from_value: 3, to_value: null, per_unit_amount: '0.10', flat_amount: '0' },
      ] } },
    ]); // prettier-ignore
    charge_ids = plan.charge_ids;
    await build.subscription(customer, plan, { external_id: 'sub', subscription_at: '2026-01-20T08:00:00.000Z' });
    await build.subscription(customer, plan, { external_id: 'ended', status: 'terminated', terminated_at: NOW });
    await build.write((trx) =>
      insert(trx, 'taxes', { id: newId(), name: 'VAT', code: 'vat', rate: '20', applied_to_organization: true, created_at: NOW, updated_at: NOW }),
    ); // prettier-ignore

    await send('sub', 'storage', [
      ['2026-02-28T23:59:59.999Z', { gb: 1000 }],
      ['2026-03-01T00:00:00.000Z', { gb: '1.5' }],
      ['2026-03-31T23:59:59.999Z', { gb: 4 }],
      ['2026-04-01T00:00:00.000Z', { gb: 1000 }],
      ['2026-03-02T00:00:00.000Z', { gb: 'many' }],
    ]);
    await send(
      'sub',
      'calls',
      Array.from({ length: 5 }, () => [NOW, {}]),
    );
    await send('elsewhere', 'calls', [[NOW, {}]]);
  });
  after(() => api.stop());

  async function metric(code: string, aggregation_type: string, field_name: string): Promise<{ readonly id: string }> {
    const row = { id: newId(), code, name: code, aggregation_type, field_name, created_at: NOW, updated_at: NOW };
    await build.write((trx) => insert(trx, 'billable_metrics', row));
    return row;
  }

  async function send(
    external_subscription_id: string,
    code: string,
    events: [at: string, properties: object][],
  ): Promise<void> {
    const { status } = await client.post('/events/batch', {
      events: events.map(([at, properties]) => ({
        transaction_id: newId(),
        external_subscription_id,
        code,
        timestamp: Date.parse(at) / 1000,
        properties,
      })),
    });
    assert.equal(status, 200);
  }

  const usage = (query = '', customer = 'cus') =>
    client.get(`/customers/${customer}/current_usage?external_subscription_id=sub${query}`);

  it('is what the charges would cost if the period ended now, with its taxes', async () => {
    const { status, body } = await usage();
    assert.equal(status, 200);
    // 2 free calls for 1.00 and 3 at 0.10; 5.5 GB at 0.50; 20 % of 4.05.
    assert.deepEqual(body, {
      customer_usage: {
        from_datetime: '2026-03-01T00:00:00Z',
        to_datetime: '2026-03-31T23:59:59Z',
        issuing_date: '2026-03-31',
        currency: 'EUR',
        lago_invoice_id: null,
        amount_cents: 405,
        taxes_amount_cents: 81,
        total_amount_cents: 486,
        charges_usage: [
          {
            units: '5.0',
            total_aggregated_units: '5.0',
            events_count: 5,
            amount_cents: 130,
            amount_currency: 'EUR',
            pricing_unit_details: null,
            charge: { lago_id: charge_ids[1], code: 'called', charge_model: 'graduated', invoice_display_name: null },
            billable_metric: {
              lago_id: metrics[1]?.id,
              name: 'All calls',
              code: 'calls',
              aggregation_type: 'count_agg',
            },
            filters: [],
            grouped_usage: [],
            presentation_breakdowns: [],
          },
          {
            units: '5.5',
            total_aggregated_units: '5.5',
            events_count: 2,
            amount_cents: 275,
            amount_currency: 'EUR',
            pricing_unit_details: null,
            charge: { lago_id: charge_ids[0], code: 'stored', charge_model: 'standard', invoice_display_name: 'Space' },
            billable_metric: { lago_id: metrics[0]?.id, name: 'storage', code: 'storage', aggregation_type: 'sum_agg' },
            filters: [],
            grouped_usage: [],
            presentation_breakdowns: [],
          },
        ],
      },
    });
  });

  it('can be told without taxes', async () => {
    const { body } = await usage('&apply_taxes=false');
    assert.deepEqual([body.customer_usage.taxes_amount_cents, body.customer_usage.total_amount_cents], [0, 405]);
  });

  it('can be narrowed to charges, by new and by older names', async () => {
    const queries: [query: string, codes: string[]][] = [
      [`charge_id=${charge_ids[0]}`, ['stored']],
      [`filter_by_charge_id=${charge_ids[1]}`, ['called']],
      ['charge_code=stored', ['stored']],
      ['filter_by_charge_code=called', ['called']],
      ['billable_metric_code=calls', ['called']],
      ['filter_by_metric_code=storage', ['stored']],
      [`charge_id=${charge_ids[0]}&billable_metric_code=calls`, ['stored']],
    ];
    for (const [query, codes] of queries) {
      const { body } = await usage(`&${query}`);
      const found = body.customer_usage.charges_usage as { charge: { code: string }; amount_cents: number }[];
      assert.deepEqual(
        found.map(({ charge }) => charge.code),
        codes,
        query,
      );
      assert.equal(body.customer_usage.amount_cents, found[0]?.amount_cents);
    }
    for (const query of [`charge_id=${newId()}`, 'charge_id=x', 'charge_code=x', 'billable_metric_code=x']) {
      const { status, body } = await usage(`&${query}`);
      assert.deepEqual([status, body.code], [404, 'charge_not_found'], query);
    }
  });

  it('is of an active subscription of this customer', async () => {
    const wrong: [path: string, status: number, code: string][] = [
      ['/customers/nobody/current_usage?external_subscription_id=sub', 404, 'customer_not_found'],
      ['/customers/other/current_usage?external_subscription_id=sub', 405, 'no_active_subscription'],
      ['/customers/cus/current_usage?external_subscription_id=ended', 405, 'no_active_subscription'],
      ['/customers/cus/current_usage?external_subscription_id=unknown', 405, 'no_active_subscription'],
      ['/customers/cus/current_usage', 405, 'no_active_subscription'],
    ];
    for (const [path, status, code] of wrong) {
      const answer = await client.get(path);
      assert.deepEqual([answer.status, answer.body.code], [status, code], path);
    }
  });

  it('reads the events of all charges in one statement', async () => {
    const statements: string[] = [];
    const listen = ({ sql }: { sql: string }): unknown => statements.push(sql);
    api.db.on('query', listen);
    await usage();
    api.db.off('query', listen);
    assert.equal(statements.filter((sql) => sql.includes('from events')).length, 1);
  });
});
