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
      finalize: (call: Call) => {
        if (this.failures-- > 0) throw new Error('the database is away');
        this.done.push(`finalize ${call.at}`);
        this.steps.shift();
        return Promise.resolve(this.#next(call));
      },
      renderInvoice: (call: Call) => {
        if (this.failures-- > 0) throw new Error('the browser is gone');
        this.done.push(`render ${call.at}`);
        this.steps.shift();
        return Promise.resolve(this.#next(call));
      },
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

  it('has nothing to do for an invoice that was left out', async () => {
    const invoice = new Invoice([]);
    await live('closed', invoice);
    assert.deepEqual(invoice.done, ['plan']);
  });
});
