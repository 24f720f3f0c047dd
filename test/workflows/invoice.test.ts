import assert from 'node:assert/strict';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { InvoiceStepKind } from '../../activities/invoices/index.ts';
import { NO_ATTRIBUTES, type Step } from '../../activities/shared/step.ts';
import { addMilliseconds, fromMilliseconds, type Instant } from '../../billing/clock/instant.ts';
import { createTestWorkers, createTimeSkippingServer } from '../support/time-skipping.ts';

const DAY_MS = 24 * 3600 * 1000;

type InvoiceStep = Step<InvoiceStepKind>;
type Call = { readonly at: Instant | undefined };

/** What happens to one invoice, as its rows would have it: the steps to come, and what was done. */
class Invoice {
  steps: [InvoiceStepKind, Instant | null][];
  readonly done: string[] = [];
  failures = 0;

  constructor(steps: [InvoiceStepKind, Instant | null][]) {
    this.steps = steps;
  }

  #next({ at = '' }: Call): InvoiceStep {
    const [kind, due_at] = this.steps[0] ?? ['over', null];
    const attributes = { ...NO_ATTRIBUTES, organization_id: 'org', customer_id: 'cus' };
    return { kind, due_at, planned_at: at, summary: `waits for ${kind}`, attributes };
  }

  activities(): object {
    return {
      planInvoice: (call: Call) => {
        this.done.push('plan');
        return Promise.resolve(this.#next(call));
      },
      refresh: this.#taking('refresh'),
      finalize: this.#taking('finalize'),
      renderInvoice: this.#taking('render'),
      markOverdue: this.#taking('mark overdue'),
    };
  }

  #taking(step: string): (call: Call) => Promise<InvoiceStep> {
    return (call) => {
      if (this.failures-- > 0) throw new Error('something is away');
      this.done.push(`${step} ${call.at}`);
      this.steps.shift();
      return Promise.resolve(this.#next(call));
    };
  }
}

describe('the invoice workflow', () => {
  let environment: TestWorkflowEnvironment;

  before(async function () {
    this.timeout(60_000);
    environment = await createTimeSkippingServer();
  });
  after(() => environment.teardown());

  const inDays = async (days: number): Promise<Instant> =>
    addMilliseconds(fromMilliseconds(await environment.currentTimeMs()), days * DAY_MS);

  const options = (invoice_id: string) => ({
    workflowId: `invoice/${invoice_id}`,
    taskQueue: 'billing',
    args: [{ organization_id: 'org', invoice_id, clock: 'live' }],
  });

  /** Nothing else happens to it until it is over. */
  async function live(id: string, invoice: Invoice): Promise<void> {
    const workers = await createTestWorkers(environment, invoice.activities());
    await workers.runUntil(environment.client.workflow.execute('invoice', options(id)));
  }

  it('has a final invoice printed at once, and ends', async () => {
    const now = await inDays(0);
    const invoice = new Invoice([['render_document', now]]);
    await live('final', invoice);
    assert.deepEqual(invoice.done, ['plan', `render ${now}`]);
  });

  it('makes a draft final when its grace period is over, and has it printed then', async () => {
    const [due, later] = [await inDays(3), await inDays(3)];
    const invoice = new Invoice([['finalize', due], ['render_document', later]]); // prettier-ignore
    await live('draft', invoice);
    assert.deepEqual(invoice.done, ['plan', `finalize ${due}`, `render ${later}`]);
    assert((await environment.currentTimeMs()) >= Date.parse(due));
  });

  it('asks again when it is rung: a grace period that was taken away is over at once', async () => {
    const due = await inDays(30);
    const invoice = new Invoice([['finalize', due]]);
    const workers = await createTestWorkers(environment, invoice.activities());
    const now = await inDays(1);
    await workers.runUntil(
      (async () => {
        const handle = await environment.client.workflow.start('invoice', options('shortened'));
        await environment.sleep('1 day');
        invoice.steps = [['finalize', now]];
        await handle.signal('wake');
        await handle.result();
      })(),
    );
    assert.deepEqual(invoice.done, ['plan', 'plan', `finalize ${now}`]);
  });

  it('tries again while printing or the database fails', async () => {
    const now = await inDays(0);
    const invoice = new Invoice([['finalize', now], ['render_document', now]]); // prettier-ignore
    invoice.failures = 5;
    await live('failing', invoice);
    assert.deepEqual(invoice.done.slice(1, 3), [`finalize ${now}`, `render ${now}`]);
  });

  it('computes a draft anew whenever it is rung because the draft is stale, and makes it final on its day all the same', async () => {
    const [due, printed] = [await inDays(30), await inDays(30)];
    const invoice = new Invoice([['finalize', due], ['render_document', printed]]); // prettier-ignore
    const workers = await createTestWorkers(environment, invoice.activities());
    const edits = [await inDays(1), await inDays(2)];
    await workers.runUntil(
      (async () => {
        const handle = await environment.client.workflow.start('invoice', options('stale'));
        for (const at of edits) {
          await environment.sleep('1 day');
          invoice.steps.unshift(['refresh', at]);
          await handle.signal('wake');
        }
        await handle.result();
      })(),
    );
    assert.deepEqual(
      invoice.done.filter((what) => what !== 'plan'),
      [...edits.map((at) => `refresh ${at}`), `finalize ${due}`, `render ${printed}`],
    );
  });

  it('waits for the day after an invoice was due, and says once that it is overdue', async () => {
    const [now, due] = [await inDays(0), await inDays(31)];
    const invoice = new Invoice([['render_document', now], ['mark_overdue', due]]); // prettier-ignore
    await live('overdue', invoice);
    assert.deepEqual(invoice.done, ['plan', `render ${now}`, `mark overdue ${due}`]);
    assert((await environment.currentTimeMs()) >= Date.parse(due));
  });

  it('says nothing of an invoice that is paid while it waits', async () => {
    const [now, due] = [await inDays(0), await inDays(31)];
    const invoice = new Invoice([['render_document', now], ['mark_overdue', due]]); // prettier-ignore
    const workers = await createTestWorkers(environment, invoice.activities());
    await workers.runUntil(
      (async () => {
        const handle = await environment.client.workflow.start('invoice', options('paid'));
        await environment.sleep('1 day');
        invoice.steps = [];
        await handle.signal('wake');
        await handle.result();
      })(),
    );
    assert.deepEqual(invoice.done, ['plan', `render ${now}`, 'plan']);
  });

  it('begins with its first step where that is known, without asking for it', async () => {
    const due = await inDays(3);
    const invoice = new Invoice([['finalize', due]]);
    const attributes = { ...NO_ATTRIBUTES, organization_id: 'org', customer_id: 'cus' };
    const step = { kind: 'finalize', due_at: due, planned_at: await inDays(0), summary: 'waits', attributes };
    const workers = await createTestWorkers(environment, invoice.activities());
    const { args, ...rest } = options('known');
    await workers.runUntil(
      environment.client.workflow.execute('invoice', { ...rest, args: args.map((input) => ({ ...input, step })) }),
    );
    assert.deepEqual(invoice.done, [`finalize ${due}`]);
  });

  it('has nothing to do for an invoice that was left out', async () => {
    const invoice = new Invoice([]);
    await live('closed', invoice);
    assert.deepEqual(invoice.done, ['plan']);
  });
});
