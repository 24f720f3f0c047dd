import assert from 'node:assert/strict';
import type { Database } from '../../db/connection.ts';
import { Caller } from '../support/processes.ts';
import { until } from '../support/until.ts';

/** 3000 for the month and 10 for each call, and a fifth of it as tax. */
const CALLS = 5;
export const january = { fees_cents: 3000 + 10 * CALLS, total_cents: ((3000 + 10 * CALLS) * 6) / 5 };
export const february = { fees_cents: 3000, total_cents: 3600 };

/** A sandbox on New Year's Day, whose one customer subscribes and makes his calls. Billed in arrears, at the beginning of each month. */
export async function openStory(api_url: string, webhook_url?: string): Promise<Caller> {
  const acme = await openEmptyStory(api_url, { sandbox: true, clock: '2026-01-01T00:00:00Z' }, webhook_url);
  await subscribe(acme);
  await acme.arrive();
  await acme.post('/events/batch', { events: calls('january', CALLS) });
  return acme;
}

export async function openEmptyStory(api_url: string, organization: object, webhook_url?: string): Promise<Caller> {
  const name = 'Acme';
  const acme = await Caller.create(api_url, { name, document_number_prefix: 'ACM', webhook_url, ...organization });
  const tax = { name: 'VAT', code: 'vat', rate: 20, applied_to_organization: true };
  await acme.post('/taxes', { tax });
  const billable_metric = { name: 'Calls', code: 'calls', aggregation_type: 'count_agg' };
  const { lago_id } = (await acme.post('/billable_metrics', { billable_metric })).billable_metric;
  const charge = { billable_metric_id: lago_id, charge_model: 'standard', properties: { amount: '0.1' } };
  for (const pay_in_advance of [false, true]) {
    const code = pay_in_advance ? 'in_advance' : 'in_arrears';
    const plan = { name: code, code, interval: 'monthly', amount_cents: 3000, amount_currency: 'EUR', pay_in_advance };
    await acme.post('/plans', { plan: { ...plan, charges: [charge] } });
  }
  await acme.post('/customers', { customer: { external_id: 'cus', name: 'Jane', currency: 'EUR' } });
  return acme;
}

export async function subscribe(acme: Caller, plan_code = 'in_arrears', external_id = 'sub'): Promise<void> {
  const subscription = { external_customer_id: 'cus', plan_code, external_id, billing_time: 'calendar' };
  await acme.post('/subscriptions', { subscription });
}

export function calls(name: string, count: number, external_subscription_id = 'sub'): object[] {
  return Array.from({ length: count }, (_, n) => ({
    transaction_id: `${name}-${n}`,
    external_subscription_id,
    code: 'calls',
  }));
}

export interface Bill {
  readonly fees_cents: number;
  readonly total_cents: number;
}

/**
 * The organization has these bills and no others, numbered without holes; of each, one document, and to each endpoint one message that it was made
 * and one that its document was.
 */
export async function assertBills(owner: Database, acme: Caller, bills: readonly Bill[]): Promise<void> {
  const { organization_id } = acme;
  const invoices = (await owner('invoices').where({ organization_id }).orderBy('billing_at')) as {
    readonly id: string;
    readonly number: string;
    readonly status: string;
    readonly fees_amount_cents: number;
    readonly total_amount_cents: number;
  }[];
  const told = invoices.map(({ status, number, fees_amount_cents, total_amount_cents }) => ({
    status,
    number: number.slice(-4),
    fees_cents: fees_amount_cents,
    total_cents: total_amount_cents,
  }));
  const wanted = bills.map((bill, n) => ({
    status: 'finalized',
    number: `-${String(n + 1).padStart(3, '0')}`,
    ...bill,
  }));
  assert.deepEqual(told, wanted);

  const counts = async (table: string, column: string): Promise<Record<string, number>> => {
    const found = (await owner(table)
      .where({ organization_id })
      .whereIn(
        column,
        invoices.map(({ id }) => id),
      )
      .groupBy(column)
      .select({ id: column })
      .count({ count: '*' })) as { readonly id: string; readonly count: number }[];
    return Object.fromEntries(found.map(({ id, count }) => [id, count]));
  };
  const each = (count: number): Record<string, number> => Object.fromEntries(invoices.map(({ id }) => [id, count]));
  const sums = (await owner('fees').where({ organization_id }).groupBy('invoice_id').select('invoice_id').sum({ cents: 'amount_cents' })) as {
    readonly invoice_id: string;
    readonly cents: string;
  }[]; // prettier-ignore
  assert.deepEqual(
    Object.fromEntries(sums.map(({ invoice_id, cents }) => [invoice_id, Number(cents)])),
    Object.fromEntries(invoices.map(({ id, fees_amount_cents }) => [id, fees_amount_cents])),
  );
  assert.deepEqual(await counts('billing_periods', 'invoice_id'), each(1));
  assert.deepEqual(await counts('documents', 'invoice_id'), each(1));
  const endpoints = (await owner('webhook_endpoints').where({ organization_id })).length;
  for (const webhook_type of ['invoice.created', 'invoice.generated'])
    assert.deepEqual(
      (await owner('webhooks').where({ organization_id, webhook_type }).pluck('object_id')).sort(),
      invoices.flatMap(({ id }) => Array.from({ length: endpoints }, () => id)).sort(),
      webhook_type,
    );
}

/** Documents and webhooks are not waited for by a clock that arrives. */
export async function allIsDelivered(owner: Database, acme: Caller): Promise<void> {
  const { organization_id } = acme;
  await until('everything has been made and delivered', async () => {
    const rings = await owner('outbox').where({ organization_id }).first('id');
    const undelivered = await owner('webhooks')
      .where({ organization_id })
      .whereNot({ status: 'succeeded' })
      .first('id');
    return !rings && !undelivered;
  });
}
