import assert from 'node:assert/strict';
import { newId } from '../../db/ids.ts';
import { insert, rows } from '../../db/transaction.ts';
import { type ApiClient, type TestApi, startApi } from '../support/api.ts';
import { Builders } from '../support/builders.ts';

const NOW = '2026-03-15T12:00:00.000Z';
const NO_CHARGE = { code: ['does_not_match_an_instant_charge'] };

describe('estimates', () => {
  let api: TestApi;
  let client: ApiClient;
  let build: Builders;

  before(async () => {
    api = await startApi();
    client = await api.newOrganization({ clock: NOW });
    build = new Builders(api.db, client.organization.id, '2026-03-01T00:00:00.000Z');
    const customer = await build.customer('cus');
    const ids = {
      calls: await metric('calls', 'count_agg', null),
      transfers: await metric('transfers', 'sum_agg', 'amount', { rounding_function: 'ceil' }),
      tiers: await metric('tiers', 'sum_agg', 'amount'),
      people: await metric('people', 'unique_count_agg', 'name'),
      stored: await metric('stored', 'sum_agg', 'gb'),
      computed: await metric('computed', 'sum_agg', 'product', {
        expression: 'event.properties.a * event.properties.b',
      }),
    };
    const tiers = [
      { from_value: 0, to_value: 10, per_unit_amount: '1', flat_amount: '5' },
      { from_value: 11, to_value: null, per_unit_amount: '0.5', flat_amount: '0' },
    ];
    const percentage = { rate: '2', fixed_amount: '1', per_transaction_max_amount: '10', free_units_per_events: 3 };
    const advance = { pay_in_advance: true };
    const plan = await build.plan('pro', {}, [
      { billable_metric_id: ids.calls, ...advance, properties: { amount: '0.5', pricing_group_keys: ['region'] } },
      { billable_metric_id: ids.transfers, ...advance, charge_model: 'percentage', properties: percentage },
      { billable_metric_id: ids.tiers, ...advance, charge_model: 'graduated', properties: { graduated_ranges: tiers } },
      { billable_metric_id: ids.people, ...advance, invoiceable: false, properties: { amount: '12' } },
      { billable_metric_id: ids.stored, properties: { amount: '1' } },
      { billable_metric_id: ids.computed, ...advance, properties: { amount: '1' } },
    ]);
    await build.subscription(customer, plan, { external_id: 'sub', subscription_at: '2026-03-01T00:00:00.000Z' });
    const arrears = await build.plan('arrears', {}, [{ billable_metric_id: ids.stored }]);
    await build.subscription(customer, arrears, { external_id: 'arrears' });
    await build.subscription(customer, plan, { external_id: 'ended', status: 'terminated', terminated_at: NOW });
    await build.write((trx) =>
      insert(trx, 'taxes', {
        id: newId(),
        name: 'VAT',
        code: 'vat',
        rate: '20',
        applied_to_organization: true,
        created_at: NOW,
        updated_at: NOW,
      }),
    );
  });
  after(() => api.stop());

  async function metric(code: string, aggregation_type: string, field_name: string | null, fields: object = {}) {
    const id = newId();
    const row = { id, code, name: `All ${code}`, aggregation_type, field_name, created_at: NOW, updated_at: NOW };
    await build.write((trx) => insert(trx, 'billable_metrics', { ...row, ...fields }));
    return id;
  }

  let sent = 0;
  async function send(code: string, properties: object): Promise<void> {
    const timestamp = Date.parse('2026-03-10T12:00:00.000Z') / 1000;
    const event = { transaction_id: `sent ${++sent}`, code, external_subscription_id: 'sub', timestamp, properties };
    assert.equal((await client.post('/events', { event })).status, 200);
  }

  const event = (code: string, properties: object = {}, rest: object = {}): object => ({
    code,
    external_subscription_id: 'sub',
    properties,
    ...rest,
  });

  describe('on top of all usage so far', () => {
    const estimate = async (...args: Parameters<typeof event>) =>
      (await client.post('/events/estimate_fees', { event: event(...args) })).body.fees;

    it('are fees with their taxes that were never stored', async () => {
      const [fee, ...more] = await estimate('calls', { region: 'eu' });
      assert.equal(more.length, 0);
      assert.equal(fee.lago_id, null);
      assert.equal(fee.created_at, null);
      assert.equal(fee.amount_cents, 50);
      assert.equal(fee.taxes_amount_cents, 10);
      assert.equal(fee.units, '1.0');
      assert.equal(fee.events_count, 1);
      assert.equal(fee.pay_in_advance, true);
      assert.deepEqual(fee.item.grouped_by, { region: 'eu' });
      assert.deepEqual(fee.amount_details, {});
      assert.match(fee.event_transaction_id, /^[0-9a-f-]{36}$/);
      assert.deepEqual(
        fee.applied_taxes.map((tax: { lago_id: null; tax_code: string }) => [tax.lago_id, tax.tax_code]),
        [[null, 'vat']],
      );
      assert.equal(await build.write(async (trx) => (await rows(trx, 'fees')).length), 0);
    });

    it('leave out the flat amount of the first tier, and go on where usage is', async () => {
      assert.equal((await estimate('tiers', { amount: 4 }))[0].amount_cents, 400);
      await send('tiers', { amount: '9' });
      assert.equal((await estimate('tiers', { amount: 4 }))[0].amount_cents, 250);
    });

    it('are of nothing for a value that is there', async () => {
      assert.equal((await estimate('people', { name: 'anna' }))[0].amount_cents, 1200);
      await send('people', { name: 'anna' });
      const [fee] = await estimate('people', { name: 'anna' });
      assert.deepEqual([fee.units, fee.amount_cents], ['0.0', 0]);
    });

    it('are of what the metric computes', async () => {
      assert.equal((await estimate('computed', { a: 3, b: '2.5' }))[0].amount_cents, 750);
    });

    it('are of nothing where the property is absent', async () => {
      assert.equal((await estimate('tiers'))[0].amount_cents, 0);
    });

    const refused: [string, object, number, object][] = [
      ['of no subscription', { code: 'calls' }, 404, { code: 'subscription_not_found' }],
      ['of an unknown subscription', event('calls', {}, { external_subscription_id: 'none' }), 404, { code: 'subscription_not_found' }],
      ['of one that is over', event('calls', {}, { external_subscription_id: 'ended' }), 404, { code: 'subscription_not_found' }],
      ['at a time that is none', event('none', {}, { timestamp: 'today' }), 422, { error_details: { timestamp: ['invalid_format'] } }],
      ['of an unknown metric', event('none'), 404, { code: 'billable_metric_not_found' }],
      ['of a sum of what is no number', event('tiers', { amount: 'four' }), 422, { error_details: { properties: ['value_is_not_valid_number'] } }],
      ['of usage in arrears', event('stored', { gb: 1 }), 422, { error_details: NO_CHARGE }],
    ]; // prettier-ignore
    for (const [what, body, status, expected] of refused)
      it(`are refused ${what}`, async () => {
        const answer = await client.post('/events/estimate_fees', { event: body });
        assert.equal(answer.status, status);
        for (const [key, value] of Object.entries(expected)) assert.deepEqual(answer.body[key], value);
      });
  });

  describe('of an event by itself', () => {
    const estimate = async (...args: Parameters<typeof event>) =>
      (await client.post('/events/estimate_instant_fees', { event: event(...args) })).body.fees;

    it('have no taxes, no groups and numbers for decimals', async () => {
      const [fee] = await estimate('calls', { region: 'eu' }, { transaction_id: 'mine' });
      assert.equal(fee.event_transaction_id, 'mine');
      assert.equal(fee.amount_cents, 50);
      assert.equal(fee.precise_amount, 0.5);
      assert.equal(fee.precise_unit_amount, 50);
      assert.equal(fee.taxes_amount_cents, 0);
      assert.deepEqual(fee.item.grouped_by, {});
      assert.equal(fee.amount_details, null);
    });

    const amounts: [string, object, string, number][] = [
      ['a rate and the fixed amount, nothing being free', { amount: 100 }, '100.0', 300],
      ['rounded as the metric rounds', { amount: '99.1' }, '100.0', 300],
      ['no more than the most', { amount: 10_000 }, '10000.0', 1000],
      ['nothing for less than nothing', { amount: -5 }, '-5.0', 0],
      ['the fixed amount where the property is absent', {}, '0.0', 100],
    ];
    for (const [fact, properties, units, amount_cents] of amounts)
      it(`cost ${fact}`, async () => {
        const [fee] = await estimate('transfers', properties);
        assert.deepEqual([fee.units, fee.amount_cents], [units, amount_cents]);
      });

    it('come in batches: events without a charge have no fee', async () => {
      const events = [event('calls'), event('stored'), { event: event('transfers', { amount: 50 }) }];
      const { status, body } = await client.post('/events/batch_estimate_instant_fees', { events });
      assert.equal(status, 200);
      assert.deepEqual(
        body.fees.map((fee: { amount_cents: number }) => fee.amount_cents),
        [50, 200],
      );
    });

    it('are refused where there is nothing to estimate', async () => {
      const one = await client.post('/events/estimate_instant_fees', { event: event('tiers', { amount: 1 }) });
      assert.deepEqual([one.status, one.body.error_details], [422, NO_CHARGE]);
      const unknown = event('calls', {}, { external_subscription_id: 'none' });
      const batch = await client.post('/events/batch_estimate_instant_fees', { events: [event('calls'), unknown] });
      assert.deepEqual([batch.status, batch.body.code], [404, 'subscription_not_found']);
      const arrears = event('stored', {}, { external_subscription_id: 'arrears' });
      const none = await client.post('/events/batch_estimate_instant_fees', { events: [event('calls'), arrears] });
      assert.deepEqual([none.status, none.body.error_details], [422, NO_CHARGE]);
      const empty = await client.post('/events/batch_estimate_instant_fees', { events: [] });
      assert.deepEqual([empty.status, empty.body.error_details], [422, { events: ['no_events'] }]);
    });
  });
});
