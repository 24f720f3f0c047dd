import assert from 'node:assert/strict';
import { PRICES, RULE_A } from '../support/rule-a.ts';
import {
  type FeeObject,
  type InvoiceObject,
  lines,
  type Sandbox,
  sandbox,
  standard,
  stories,
} from '../support/sandbox.ts';

const CUSTOM = { aggregation_type: 'custom_agg', custom_aggregator: RULE_A };
const FREE = { amount_cents: 0 };
const COUNTS = 'function aggregate(event, state) { return { total_units: state.total_units + 1, amount: 2 }; }';
const BREAKS = 'function aggregate() { throw new Error("broken"); }';

const custom = (billable_metric_id: string, fields: object = {}): object => ({
  billable_metric_id,
  charge_model: 'custom',
  properties: { custom_properties: PRICES },
  ...fields,
});

async function use(billing: Sandbox, ...uses: [value: number, certif: string][]): Promise<void> {
  for (const [index, [value, certif]] of uses.entries())
    await billing.post('/events', {
      event: {
        transaction_id: `${(await billing.clock.read()).now} ${index}`,
        external_subscription_id: 'sub',
        code: 'tests',
        properties: { value, certif: `${certif}_party` },
      },
    });
}

/** Without those of the plan, which costs nothing. */
const linesOf = (invoice: InvoiceObject): string[] => lines(invoice).filter((line) => !line.startsWith('pro'));

async function fees(billing: Sandbox): Promise<FeeObject[]> {
  return (await billing.get('/fees?per_page=1000&fee_type=charge')).fees;
}

stories('usage that is aggregated by code', () => {
  it('is billed as the code says, in arrears', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [custom(await billing.metric('tests', CUSTOM))];
    await billing.subscribe({ plan: { ...FREE, charges } });
    await use(billing, [1, 'first'], [999, 'first'], [1, 'third'], [1, 'first']);
    assert.equal((await billing.usage()).amount_cents, 12022);

    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    assert.deepEqual(linesOf(await billing.onlyInvoice()), ['tests 1002 = 12022']);
    // The next period begins anew.
    assert.equal((await billing.usage()).charges_usage[0].units, '0.0');
  });

  it('is paid for event by event, each from where the last left off', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const terms = { pay_in_advance: true, invoiceable: false };
    const charges = [custom(await billing.metric('tests', CUSTOM), terms)];
    await billing.subscribe({ plan: { ...FREE, charges } });
    await use(billing, [1, 'first'], [10, 'first'], [1000, 'third']);
    assert.deepEqual(
      (await fees(billing)).map((fee) => [Number(fee.units), fee.amount_cents]),
      [
        [1, 12],
        [10, 120],
        [1000, 14967],
      ],
    );
    const { fees: estimated } = await billing.post('/events/estimate_fees', {
      event: { code: 'tests', external_subscription_id: 'sub', properties: { value: 1, certif: 'first_party' } },
    });
    assert.equal(estimated[0].amount_cents, 10);
    assert.equal((await fees(billing)).length, 3);
  });

  it('goes on from period to period where it is recurring', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const metric = await billing.metric('tests', { ...CUSTOM, custom_aggregator: COUNTS, recurring: true });
    await billing.subscribe({ plan: { ...FREE, charges: [standard(metric, '3')] } });
    await use(billing, [1, 'first'], [1, 'first']);
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    await use(billing, [1, 'first']);
    await billing.clock.moveTo('2026-06-01T00:00:00Z');
    await billing.clock.moveTo('2026-07-01T00:00:00Z');
    assert.deepEqual((await billing.invoices()).map(linesOf), [
      ['tests 2 = 600'],
      ['tests 3 = 900'],
      ['tests 3 = 900'],
    ]);
  });

  it('that fails stops its own invoice, which can be tried again, and no other', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const metric = await billing.metric('tests', { ...CUSTOM, custom_aggregator: BREAKS });
    const plan = await billing.plan({ ...FREE, charges: [standard(metric, '3')] });
    await billing.subscribe({ plan });
    await billing.subscribe({ plan, customer: { external_id: 'other' }, external_id: 'another' });
    await use(billing, [1, 'first']);
    const usage = await billing.call('GET', '/customers/cus/current_usage?external_subscription_id=sub');
    assert.deepEqual([usage.status, usage.body.code], [422, 'custom_aggregation_failed']);

    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    const [failed] = (await billing.invoices()).filter(({ customer }) => customer.external_id === 'cus');
    assert.deepEqual([failed?.status, failed?.error_details[0]?.error_code], ['failed', 'custom_aggregation_failed']);
    assert.match(JSON.stringify(failed?.error_details[0]?.details), /Error: broken/);
    const statuses = (await billing.invoices()).map(({ status }) => status).sort();
    assert.deepEqual(statuses, ['failed', 'finalized']);

    await billing.put('/billable_metrics/tests', { billable_metric: { custom_aggregator: COUNTS } });
    await billing.post(`/invoices/${failed?.lago_id}/retry`);
    const { invoice } = await billing.get(`/invoices/${failed?.lago_id}`);
    assert.deepEqual([invoice.status, linesOf(invoice), invoice.error_details], ['finalized', ['tests 1 = 300'], []]);
  });

  it('that fails on one event makes no fee of it, and of the others all the same', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const terms = { pay_in_advance: true, invoiceable: false };
    const charges = [custom(await billing.metric('tests', CUSTOM), terms)];
    await billing.subscribe({ plan: { ...FREE, charges } });
    await use(billing, [1, 'first'], [1, 'nobody'], [2, 'first']);
    assert.deepEqual(
      (await fees(billing)).map((fee) => fee.amount_cents),
      [12, 24],
    );
  });
});
