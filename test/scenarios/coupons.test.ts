import assert from 'node:assert/strict';
import type { appliedCouponObjectExtended } from '../../api/contracts/coupons.ts';
import type { z } from 'zod';
import { bill, type InvoiceObject, type Sandbox, sandbox, standard, stories } from '../support/sandbox.ts';

type AppliedCoupon = z.output<typeof appliedCouponObjectExtended>;

const EUROS = {
  coupon_type: 'fixed_amount',
  amount_currency: 'EUR',
  frequency: 'forever',
  expiration: 'no_expiration',
};
const PERCENT = { ...EUROS, coupon_type: 'percentage', amount_currency: null };

async function give(billing: Sandbox, code: string, fields: object): Promise<AppliedCoupon> {
  await billing.post('/coupons', { coupon: { name: code.toUpperCase(), code, ...EUROS, ...fields } });
  const applied_coupon = { external_customer_id: 'cus', coupon_code: code };
  return (await billing.post('/applied_coupons', { applied_coupon })).applied_coupon;
}

async function had(billing: Sandbox, code: string): Promise<AppliedCoupon> {
  const [applied] = (await billing.get(`/applied_coupons?coupon_code[]=${code}`)).applied_coupons;
  assert(applied, 'the customer has it');
  return applied;
}

/** `ten 1000, half 1500`: what each coupon has taken off. */
const credits = ({ credits: all }: InvoiceObject): string =>
  all.map(({ item, amount_cents }) => `${item.code} ${amount_cents}`).join(', ');

/** `pro 500.0`: what was taken off each line. */
const shares = ({ fees }: InvoiceObject): string[] =>
  fees.map(({ item, precise_coupons_amount_cents }) => `${item.code} ${precise_coupons_amount_cents}`);

stories('coupons', () => {
  it('that are used once are used up over several invoices', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.tax('vat', '20', { applied_to_organization: true });
    await billing.subscribe({ plan: {} });
    await give(billing, 'start', { frequency: 'once', amount_cents: 4000 });
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    assert.deepEqual([(await had(billing, 'start')).amount_cents_remaining, (await had(billing, 'start')).status], [1000, 'active']); // prettier-ignore
    await billing.clock.moveTo('2026-07-01T00:00:00Z');
    assert.deepEqual(await billing.bills(), ['2026-05-01 0', '2026-06-01 2400', '2026-07-01 3600']);
    const [first, second] = await billing.invoices();
    assert.equal(first?.payment_status, 'succeeded', 'nothing is left to pay');
    assert.deepEqual(
      [second?.coupons_amount_cents, second?.sub_total_excluding_taxes_amount_cents, second?.taxes_amount_cents],
      [1000, 2000, 400],
    );
    const [credit] = second?.credits ?? [];
    assert.deepEqual(
      [credit?.item.type, credit?.item.name, credit?.before_taxes, credit?.invoice.lago_id, credit?.amount_currency],
      ['coupon', 'START', true, second?.lago_id, 'EUR'],
    );
    const applied = await had(billing, 'start');
    assert.deepEqual([applied.amount_cents_remaining, applied.terminated_at], [0, '2026-06-01T00:00:00Z']);
    assert.deepEqual(
      applied.credits.map(({ amount_cents }) => amount_cents),
      [3000, 1000],
    );
  });

  it('that recur are on as many invoices as they are for, not months', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.customer();
    for (const [external_id, amount_cents] of [
      ['a', 3000],
      ['b', 2000],
      ['c', 500],
    ] as const)
      await billing.subscribe({
        external_id,
        plan: { code: external_id, amount_cents, interval: external_id === 'b' ? 'weekly' : 'monthly' },
        customer: 'cus',
      });
    await give(billing, 'some', { frequency: 'recurring', frequency_duration: 3, amount_cents: 1000 });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    const invoices = await billing.invoices();
    assert.deepEqual(invoices.map(credits), ['some 1000', 'some 1000', 'some 1000', '', '']);
    const { status, frequency_duration_remaining, terminated_at } = await had(billing, 'some');
    assert.deepEqual([status, frequency_duration_remaining, terminated_at], ['terminated', 0, '2026-04-20T00:00:00Z']);
  });

  it('are used when a draft becomes final, and then at once', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.customer({ billing_configuration: { invoice_grace_period: 3 } });
    await billing.subscribe({ plan: {}, customer: 'cus' });
    await give(billing, 'half', { ...PERCENT, percentage_rate: '50', frequency: 'once' });
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    const draft = await billing.onlyInvoice();
    assert.deepEqual([draft.status, draft.coupons_amount_cents, credits(draft)], ['draft', 0, '']);
    assert.equal((await had(billing, 'half')).status, 'active');
    await billing.clock.moveTo('2026-05-05T00:00:00Z');
    const final = await billing.onlyInvoice();
    assert.deepEqual([final.status, final.total_amount_cents, credits(final)], ['finalized', 1500, 'half 1500']);
    assert.equal((await had(billing, 'half')).status, 'terminated');
  });

  it('of metrics come before those of plans and the others, whenever they were applied', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    const charges = [
      { ...standard(await billing.metric('calls'), '10'), min_amount_cents: 1500 },
      standard(await billing.metric('mails'), '5'),
    ];
    await billing.subscribe({ plan: { charges, minimum_commitment: { amount_cents: 10_000 } } });
    await billing.subscribe({ external_id: 'second', plan: { code: 'other', amount_cents: 1000 }, customer: 'cus' });
    await billing.use('calls', {});
    await billing.use('mails', {});
    await give(billing, 'all', { ...PERCENT, percentage_rate: '10' });
    await give(billing, 'dollars', { amount_cents: 10, amount_currency: 'USD' });
    await give(billing, 'plan', { amount_cents: 1000, applies_to: { plan_codes: ['other'] } });
    await give(billing, 'metric', {
      ...PERCENT,
      percentage_rate: '20',
      applies_to: { billable_metric_codes: ['calls'] },
    });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    const invoice = await billing.onlyInvoice();
    assert.equal(invoice.fees_amount_cents, 11_000);
    // 20 % of 15.00 with the minimum spend; the other plan whole; 10 % of what is left.
    assert.equal(credits(invoice), 'metric 300, plan 1000, all 970');
    assert.equal(invoice.total_amount_cents, 8730);
    assert.deepEqual(shares(invoice).sort(), ['calls 140.0', 'calls 280.0', 'mails 50.0', 'other 1000.0', 'pro 300.0', 'pro 500.0'].sort()); // prettier-ignore
  });

  it('limited to what is not on an invoice are kept for another one', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.plan({ code: 'other' });
    const charges = [standard(await billing.metric('calls'), '10')];
    await billing.subscribe({ plan: { charges } });
    await give(billing, 'plan', { amount_cents: 100, frequency: 'once', applies_to: { plan_codes: ['other'] } });
    await give(billing, 'metric', {
      ...{ amount_cents: 5000, frequency: 'recurring', frequency_duration: 2 },
      applies_to: { billable_metric_codes: ['calls'] },
    });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    await billing.use('calls', {}, {});
    await billing.clock.moveTo('2026-06-01T00:00:00Z');
    assert.deepEqual((await billing.invoices()).map(credits), ['', 'metric 2000']);
    assert.equal((await had(billing, 'metric')).frequency_duration_remaining, 1);
  });

  it('are used on usage that is paid in advance, and not on what is sold once', async () => {
    const billing = await sandbox({ at: '2026-04-10T10:00:00Z' });
    const calls = { ...standard(await billing.metric('calls'), '4'), pay_in_advance: true };
    await billing.subscribe({ plan: { amount_cents: 0, charges: [calls] } });
    const limited = { amount_cents: 1000, frequency: 'once', applies_to: { billable_metric_codes: ['calls'] } };
    await give(billing, 'ten', limited);
    await billing.use('calls', {}, {}, {});
    await billing.post('/add_ons', {
      add_on: { name: 'Setup', code: 'setup', amount_cents: 700, amount_currency: 'EUR' },
    });
    await give(billing, 'all', { ...PERCENT, percentage_rate: '100' });
    const fees = [{ add_on_code: 'setup' }];
    await billing.post('/invoices', { invoice: { external_customer_id: 'cus', currency: 'EUR', fees } });
    const invoices = await billing.invoices();
    assert.deepEqual(invoices.map(credits), ['ten 400', 'ten 400', 'ten 200', '']);
    assert.deepEqual(invoices.map(bill), ['2026-04-10 0', '2026-04-10 0', '2026-04-10 200', '2026-04-10 700']);
  });

  it('come back with an invoice that is voided, and are used on the next one', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.subscribe({ plan: {} });
    await give(billing, 'once', { frequency: 'once', amount_cents: 2500 });
    await give(billing, 'twice', { frequency: 'recurring', frequency_duration: 2, amount_cents: 100 });
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    const invoice = await billing.onlyInvoice();
    assert.equal(credits(invoice), 'once 2500, twice 100');
    await billing.post(`/invoices/${invoice.lago_id}/void`);
    const [once, twice] = [await had(billing, 'once'), await had(billing, 'twice')];
    assert.deepEqual([once.status, once.terminated_at, once.amount_cents_remaining], ['active', null, 2500]);
    assert.equal(twice.frequency_duration_remaining, 2);
    await billing.clock.moveTo('2026-08-01T00:00:00Z');
    assert.deepEqual((await billing.invoices()).slice(1).map(credits), ['once 2500, twice 100', 'twice 100', '']);
  });

  it('that are taken away, expired or deleted', async () => {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.subscribe({ plan: {} });
    const end = { expiration: 'time_limit', expiration_at: '2026-04-20T00:00:00Z' };
    await give(billing, 'expiring', { amount_cents: 100, ...end });
    await give(billing, 'deleted', { amount_cents: 200 });
    const { lago_id } = await give(billing, 'taken', { amount_cents: 400 });
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    await billing.delete('/coupons/deleted');
    await billing.delete(`/customers/cus/applied_coupons/${lago_id}`);
    await billing.clock.moveTo('2026-06-01T00:00:00Z');
    assert.deepEqual(
      (await billing.invoices()).map(credits),
      ['expiring 100, deleted 200, taken 400', 'expiring 100'],
      'an expired one goes on where it was applied, and credits stay',
    );
    assert.equal((await billing.call('GET', '/coupons/deleted')).status, 404);
    assert.deepEqual([(await had(billing, 'deleted')).coupon_status, (await had(billing, 'expiring')).coupon_status], ['terminated', 'terminated']); // prettier-ignore
  });
});
