import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.ts';
import { StartError } from './start-error.ts';

type Say = (line: string) => void;
type Ask = <Answer>(method: string, path: string, body?: object) => Promise<Answer>;

interface Invoice {
  readonly lago_id: string;
  readonly number: string;
  readonly issuing_date: string;
  readonly currency: string;
  readonly fees: readonly {
    readonly item: { readonly name: string };
    readonly units: string;
    readonly amount_cents: number;
  }[];
  readonly taxes_amount_cents: number;
  readonly total_amount_cents: number;
  readonly file_url: string | null;
}

const BEGIN = '2026-03-01T00:00:00Z';
const END = '2026-04-01T01:00:00Z';
/** The first document may have to wait for a browser to be fetched. */
const DOCUMENT_MS = 180_000;

/** The main job, over HTTP, in a sandbox of its own: a customer subscribes, sends usage, a month passes, and there is an invoice. */
export async function playDemo({ api: { url }, admin_api_key, data_dir }: Config, say: Say): Promise<void> {
  const admin = { 'X-Admin-API-Key': admin_api_key };
  const { organization } = await request<{ organization: { api_key: string } }>(
    `${url}/admin/organizations`,
    'POST',
    admin,
    {
      organization: {
        ...{
          name: 'Northwind Data',
          sandbox: true,
          clock: BEGIN,
          legal_name: 'Northwind Data Ltd',
          default_currency: 'EUR',
        },
        ...{
          address_line1: '5 Harbour Road',
          zipcode: 'D02',
          city: 'Dublin',
          country: 'IE',
          email: 'billing@northwind.example',
        },
      },
    },
  );
  const headers = { Authorization: `Bearer ${organization.api_key}` };
  const ask: Ask = (method, path, body) => request(`${url}/api/v1${path}`, method, headers, body);

  say('Demo: a sandbox organization, whose clock stands at 1 March 2026');
  await subscribe(ask, say);
  await use(ask, say);
  await pass(ask, say);
  const invoice = await show(ask, say);
  const file = await download(ask, invoice, join(data_dir, 'demo'));
  say(`Demo: the invoice as a PDF is at ${file}`);
}

async function subscribe(ask: Ask, say: Say): Promise<void> {
  await ask('POST', '/taxes', { tax: { name: 'VAT', code: 'vat', rate: '23.0', applied_to_organization: true } });
  const metric = async (metric: object): Promise<string> => {
    const answer = await ask<{ billable_metric: { lago_id: string } }>('POST', '/billable_metrics', {
      billable_metric: metric,
    });
    return answer.billable_metric.lago_id;
  };
  const storage = await metric({
    name: 'Storage',
    code: 'storage',
    aggregation_type: 'sum_agg',
    field_name: 'gigabytes',
  });
  const calls = await metric({ name: 'API calls', code: 'calls', aggregation_type: 'count_agg' });
  const graduated_ranges = [
    { from_value: 0, to_value: 100, per_unit_amount: '0', flat_amount: '0' },
    { from_value: 101, to_value: null, per_unit_amount: '0.05', flat_amount: '2' },
  ];
  const charges = [
    { billable_metric_id: storage, charge_model: 'standard', properties: { amount: '0.12' } },
    { billable_metric_id: calls, charge_model: 'graduated', properties: { graduated_ranges } },
  ];
  const terms = { interval: 'monthly', amount_cents: 4900, amount_currency: 'EUR', pay_in_advance: false };
  await ask('POST', '/plans', { plan: { name: 'Team', code: 'team', ...terms, charges } });
  const address = { address_line1: '12 rue du Port', zipcode: '44000', city: 'Nantes', country: 'FR' };
  const customer = {
    external_id: 'atelier',
    name: 'Atelier Lumière',
    legal_name: 'Atelier Lumière SARL',
    currency: 'EUR',
    ...address,
  };
  await ask('POST', '/customers', { customer });
  const subscription = { external_customer_id: 'atelier', plan_code: 'team', external_id: 'atelier-team' };
  await ask('POST', '/subscriptions', { subscription });
  say('Demo: Atelier Lumière subscribes to the plan Team: 49.00 € a month, storage at 0.12 €/GB, 100 API calls free');
}

async function use(ask: Ask, say: Say): Promise<void> {
  const begin = Date.parse(BEGIN) / 1000;
  const events = Array.from({ length: 250 }, (_, index) => ({
    transaction_id: `demo-${index}`,
    external_subscription_id: 'atelier-team',
    timestamp: begin + index * 10_000,
    ...(index % 5 === 0 ? { code: 'storage', properties: { gigabytes: 2.5 + index / 10 } } : { code: 'calls' }),
  }));
  for (let from = 0; from < events.length; from += 100)
    await ask('POST', '/events/batch', { events: events.slice(from, from + 100) });
  say(`Demo: sends ${events.length} usage events`);
}

async function pass(ask: Ask, say: Say): Promise<void> {
  const begun = performance.now();
  await ask('PUT', '/sandbox/clock', { clock: { now: END } });
  for (;;) {
    const { clock } = await ask<{ clock: { status: string } }>('GET', '/sandbox/clock?wait=true');
    if (clock.status === 'idle') break;
    if (performance.now() - begun > DOCUMENT_MS)
      throw new StartError('the demo stopped: the sandbox clock does not come to rest');
  }
  say(`Demo: a month passes, in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
}

async function show(ask: Ask, say: Say): Promise<Invoice> {
  const { invoices } = await ask<{ invoices: Invoice[] }>('GET', '/invoices?external_customer_id=atelier');
  const { invoice } = await ask<{ invoice: Invoice }>('GET', `/invoices/${invoices[0]?.lago_id}`);
  const euros = (cents: number): string => `${(cents / 100).toFixed(2).padStart(9)} €`;
  say(`Demo: invoice ${invoice.number} of ${invoice.issuing_date}`);
  for (const { item, units, amount_cents } of invoice.fees)
    say(`        ${item.name.padEnd(12)} ${units.padStart(8)}  ${euros(amount_cents)}`);
  say(`        ${'VAT'.padEnd(22)} ${euros(invoice.taxes_amount_cents)}`);
  say(`        ${'Total'.padEnd(22)} ${euros(invoice.total_amount_cents)}`);
  return invoice;
}

async function download(ask: Ask, { lago_id, number }: Invoice, folder: string): Promise<string> {
  const deadline = performance.now() + DOCUMENT_MS;
  for (;;) {
    const { invoice } = await ask<{ invoice?: Invoice }>('POST', `/invoices/${lago_id}/download`);
    if (invoice?.file_url) {
      const answer = await fetch(invoice.file_url);
      if (!answer.ok) throw new StartError(`the demo stopped: the document is not served (${answer.status})`);
      const file = join(folder, `${number}.pdf`);
      await mkdir(folder, { recursive: true });
      await writeFile(file, Buffer.from(await answer.arrayBuffer()));
      return file;
    }
    if (performance.now() > deadline)
      throw new StartError(
        'the demo stopped: no document was made: install Chromium, or set PUPPETEER_EXECUTABLE_PATH',
      );
    await sleep(250);
  }
}

async function request<Answer>(
  url: string,
  method: string,
  headers: Record<string, string>,
  body?: object,
): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    headers: { ...headers, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok)
    throw new StartError(
      `the demo stopped: ${method} ${new URL(url).pathname} was answered with ${answer.status}: ${text.slice(0, 300)}`,
    );
  return (text === '' ? {} : JSON.parse(text)) as Answer;
}
