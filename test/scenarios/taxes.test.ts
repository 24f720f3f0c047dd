import assert from 'node:assert/strict';
import { type InvoiceObject, type Sandbox, sandbox, standard, stories } from '../support/sandbox.ts';

/** `pro 20 = 600`: the rate and the tax of each line. */
const taxes = ({ fees }: InvoiceObject): string[] =>
  fees.map(({ item, taxes_rate, taxes_amount_cents }) => `${item.code} ${taxes_rate} = ${taxes_amount_cents}`);

stories('taxes', () => {
  /** A fee of 30 EUR and usage of 10 EUR. */
  async function subscribed(levels: { charge?: string[]; plan?: string[]; customer?: string[] }): Promise<Sandbox> {
    const billing = await sandbox({ at: '2026-04-01T00:00:00Z' });
    await billing.tax('org', '20', { applied_to_organization: true });
    for (const [code, rate] of [['five', '5'], ['ten', '10'], ['zero', '0'], ['odd', '7.7']] as const) await billing.tax(code, rate); // prettier-ignore
    const charge = { ...standard(await billing.metric('calls'), '10'), tax_codes: levels.charge ?? [] };
    await billing.subscribe({
      plan: { charges: [charge], tax_codes: levels.plan ?? [] },
      customer: { tax_codes: levels.customer ?? [] },
    });
    await billing.use('calls', {});
    return billing;
  }

  const levels: [name: string, of: Parameters<typeof subscribed>[0], expected: string[]][] = [
    ['of the organization are on everything', {}, ['pro 20 = 600', 'calls 20 = 200']],
    ['of the customer replace the organization’s', { customer: ['five'] }, ['pro 5 = 150', 'calls 5 = 50']],
    ['of the plan replace the customer’s', { customer: ['five'], plan: ['ten'] }, ['pro 10 = 300', 'calls 10 = 100']],
    ['of a charge are on its usage alone', { plan: ['ten'], charge: ['odd'] }, ['pro 10 = 300', 'calls 7.7 = 77']],
    ['of one level add up', { customer: ['five', 'ten'] }, ['pro 15 = 450', 'calls 15 = 150']],
    ['of no percent are taxes as well', { customer: ['zero'] }, ['pro 0 = 0', 'calls 0 = 0']],
  ];
  for (const [name, of, expected] of levels) {
    it(name, async () => {
      const billing = await subscribed(of);
      await billing.clock.moveTo('2026-05-01T00:00:00Z');
      assert.deepEqual(taxes(await billing.onlyInvoice()), expected);
    });
  }

  it('are listed on the invoice, each with what it is on', async () => {
    const billing = await subscribed({ plan: ['ten', 'five'], charge: ['ten'] });
    await billing.clock.moveTo('2026-05-01T00:00:00Z');
    const invoice = await billing.onlyInvoice();
    const listed = invoice.applied_taxes.map(
      ({ tax_code, tax_rate, fees_amount_cents, amount_cents }) =>
        `${tax_code} ${tax_rate} % of ${fees_amount_cents} = ${amount_cents}`,
    );
    assert.deepEqual(listed.sort(), ['five 5 % of 3000 = 150', 'ten 10 % of 4000 = 400']);
    assert.deepEqual(
      [invoice.sub_total_excluding_taxes_amount_cents, invoice.taxes_amount_cents, invoice.total_amount_cents],
      [4000, 550, 4550],
    );
  });

  it('that change count from the next invoice on; those that were made keep theirs', async () => {
    const billing = await subscribed({});
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    await billing.put('/taxes/org', { tax: { rate: '22' } });
    await billing.clock.moveTo('2026-06-01T00:00:00Z');
    assert.deepEqual(await billing.bills(), ['2026-05-01 4800', '2026-06-01 3660']);
    await billing.delete('/taxes/org');
    await billing.clock.moveTo('2026-07-01T00:00:00Z');
    assert.deepEqual(await billing.bills(), ['2026-05-01 4800', '2026-06-01 3660', '2026-07-01 3000']);
  });
});
