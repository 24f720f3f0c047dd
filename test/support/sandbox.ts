import assert from 'node:assert/strict';
import type { z } from 'zod';
import type { invoiceObjectExtended } from '../../api/contracts/invoices.ts';
import type { feeObject } from '../../api/routes/fees.ts';
import { type Answer, ADMIN_KEY } from './api.ts';
import { type TestSystem, startSystem } from './system.ts';

export type InvoiceObject = z.output<typeof invoiceObjectExtended>;
export type FeeObject = z.output<typeof feeObject>;
type Fields = Readonly<Record<string, unknown>>;

let starting: Promise<TestSystem> | undefined;

/** The one system of a test file. */
export function storySystem(): Promise<TestSystem> {
  starting ??= startSystem();
  return starting;
}

/** Dated stories, told over HTTP to the whole system. */
export function stories(title: string, tell: () => void): void {
  describe(title, function () {
    this.timeout(60_000);
    before(storySystem);
    after(async () => {
      const system = await starting;
      starting = undefined;
      await system?.stop();
    });
    tell();
  });
}

export interface Opening {
  /** Where its clock stands at first. */
  readonly at: string;
  /** Settings of the organization. */
  readonly organization?: Fields;
}

/** A new organization whose time moves only when it is told to. */
export async function sandbox(opening: Opening): Promise<Sandbox> {
  return openSandbox(await storySystem(), opening);
}

export async function openSandbox(system: TestSystem, { at, organization = {} }: Opening): Promise<Sandbox> {
  const { status, body } = await system.request('POST', '/admin/organizations', {
    headers: { 'x-admin-api-key': ADMIN_KEY },
    body: { organization: { name: 'Acme', sandbox: true, clock: at, ...organization } },
  });
  assert.equal(status, 200, JSON.stringify(body));
  return new Sandbox(system, body.organization.lago_id, body.organization.api_key);
}

/** What an event says of usage. */
export interface Use {
  /** The property that a sum adds up. */
  readonly units?: number | string;
  /** Now, when left out. */
  readonly at?: string;
  readonly subscription?: string;
  readonly transaction_id?: string;
}

export interface NewSubscription extends Fields {
  /** The fields of a plan that is made for it, or the code of one that there is. */
  readonly plan: Fields | string;
  /** The fields of a customer that is made, or the external id of one that there is. */
  readonly customer?: Fields | string;
}

/** One organization, and what its people do. Each deed has had all its consequences when it returns. */
export class Sandbox {
  readonly #system: TestSystem;
  readonly api_key: string;
  #events = 0;
  readonly organization_id: string;
  readonly clock: SandboxClock;

  constructor(system: TestSystem, organization_id: string, api_key: string) {
    this.#system = system;
    this.api_key = api_key;
    this.organization_id = organization_id;
    this.clock = new SandboxClock(this);
  }

  /** Whatever is answered. */
  call(method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.api_key}` };
    return this.#system.request(method, `/api/v1${path}`, { headers, body });
  }

  async #expect(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await this.call(method, path, body);
    assert.equal(answer.status, 200, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  get(path: string): Promise<Answer['body']> {
    return this.#expect('GET', path);
  }

  post(path: string, body?: unknown): Promise<Answer['body']> {
    return this.#do('POST', path, body);
  }

  put(path: string, body: unknown): Promise<Answer['body']> {
    return this.#do('PUT', path, body);
  }

  delete(path: string): Promise<Answer['body']> {
    return this.#do('DELETE', path);
  }

  async #do(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await this.#expect(method, path, body);
    await this.clock.settle();
    return answer;
  }

  /** Counts events, unless it says what to sum. Answers with its id. */
  async metric(code: string, fields: Fields = {}): Promise<string> {
    const billable_metric = { name: `All ${code}`, code, aggregation_type: 'count_agg', ...fields };
    return (await this.post('/billable_metrics', { billable_metric })).billable_metric.lago_id;
  }

  /** By default 30 EUR a month, in arrears. */
  async plan(fields: Fields = {}): Promise<string> {
    const plan = { ...PLAN, ...fields };
    return (await this.post('/plans', { plan: { name: `Plan ${plan.code}`, ...plan } })).plan.code;
  }

  async tax(code: string, rate: string, fields: Fields = {}): Promise<void> {
    await this.post('/taxes', { tax: { name: code.toUpperCase(), code, rate, ...fields } });
  }

  async customer(fields: Fields = {}): Promise<string> {
    const customer = { external_id: 'cus', name: 'Customer', ...fields };
    return (await this.post('/customers', { customer })).customer.external_id;
  }

  async subscribe({ plan, customer = {}, ...fields }: NewSubscription): Promise<Answer['body']> {
    const subscription = {
      external_id: 'sub',
      plan_code: typeof plan === 'string' ? plan : await this.plan(plan),
      external_customer_id: typeof customer === 'string' ? customer : await this.customer(customer),
      ...fields,
    };
    return (await this.post('/subscriptions', { subscription })).subscription;
  }

  async subscription(external_id = 'sub', status = 'active'): Promise<Answer['body']> {
    return (await this.get(`/subscriptions/${external_id}?status=${status}`)).subscription;
  }

  async terminate(external_id = 'sub', query = ''): Promise<Answer['body']> {
    return (await this.delete(`/subscriptions/${external_id}${query}`)).subscription;
  }

  async use(code: string, ...uses: Use[]): Promise<void> {
    const events = uses.map(({ units, at, subscription = 'sub', transaction_id = `event-${++this.#events}` }) => ({
      transaction_id,
      external_subscription_id: subscription,
      code,
      ...(at !== undefined && { timestamp: Date.parse(at) / 1000 }),
      properties: units === undefined ? {} : { units },
    }));
    await this.post('/events/batch', { events });
  }

  async usage(subscription = 'sub', customer = 'cus'): Promise<Answer['body']> {
    const path = `/customers/${customer}/current_usage?external_subscription_id=${subscription}`;
    return (await this.get(path)).customer_usage;
  }

  /** Whole invoices, in the order in which they were made. */
  async invoices(query = ''): Promise<InvoiceObject[]> {
    const { invoices } = await this.get(`/invoices?per_page=1000${query}`);
    const ids: string[] = invoices.map(({ lago_id }: InvoiceObject) => lago_id).reverse();
    return Promise.all(ids.map(async (id) => (await this.get(`/invoices/${id}`)).invoice));
  }

  async onlyInvoice(): Promise<InvoiceObject> {
    const [invoice, ...others] = await this.invoices();
    assert(invoice, 'there is an invoice');
    assert.equal(others.length, 0, 'there is one invoice');
    return invoice;
  }

  async lastInvoice(): Promise<InvoiceObject> {
    const invoice = (await this.invoices()).at(-1);
    assert(invoice, 'there is an invoice');
    return invoice;
  }

  /** `2026-05-01 3000`: the issuing date and the total of each invoice. */
  async bills(query = ''): Promise<string[]> {
    return (await this.invoices(query)).map(bill);
  }
}

export class SandboxClock {
  readonly #sandbox: Sandbox;

  constructor(of: Sandbox) {
    this.#sandbox = of;
  }

  /** Everything that is due until then happens, in its order. */
  async moveTo(now: string): Promise<void> {
    const { status, body } = await this.#sandbox.call('PUT', '/sandbox/clock', { clock: { now } });
    assert.equal(status, 200, JSON.stringify(body));
    await this.settle();
  }

  /** Until nothing is being worked on. */
  async settle(): Promise<void> {
    for (;;) {
      const { status, body } = await this.#sandbox.call('GET', '/sandbox/clock?wait=true');
      // The organization itself may just have been removed.
      if (status === 401 || body.clock.status === 'idle') return;
    }
  }

  async read(): Promise<{ now: string; target: string | null; status: string; next_due_at: string | null }> {
    return (await this.#sandbox.get('/sandbox/clock')).clock;
  }
}

/** `2026-05-01 3000`: its issuing date and its total. */
export function bill({ issuing_date, total_amount_cents }: InvoiceObject): string {
  return `${issuing_date} ${total_amount_cents}`;
}

/** `pro 1 = 3000`: what each line is for, its units and its amount. */
export function lines({ fees }: InvoiceObject): string[] {
  return fees.map(({ item, units, amount_cents }) => `${item.code} ${Number(units)} = ${amount_cents}`);
}

/** `2026-05-01T00:00:00Z → 2026-05-31T23:59:59Z`: what an invoice covers of its first subscription. */
export function spans({ billing_periods: [period] }: InvoiceObject): { fee: string; usage: string; reason: string } {
  assert(period, 'the invoice covers a period');
  return {
    fee: `${period.subscription_from_datetime} → ${period.subscription_to_datetime}`,
    usage: `${period.charges_from_datetime} → ${period.charges_to_datetime}`,
    reason: period.invoicing_reason,
  };
}

/** A price per unit. */
export function standard(billable_metric_id: string, amount: string): Fields {
  return { billable_metric_id, charge_model: 'standard', properties: { amount } };
}

const PLAN = {
  code: 'pro',
  interval: 'monthly',
  amount_cents: 3000,
  amount_currency: 'EUR',
  pay_in_advance: false,
} as const;
