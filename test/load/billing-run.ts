import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from '@temporalio/worker';
import { inOrganization, rows } from '../../db/transaction.ts';
import { bundleWorkflows } from '../../workers/bundle.ts';
import { startPostgres } from '../../workers/embedded/postgres.ts';
import { startTemporal } from '../../workers/embedded/temporal.ts';
import { countActions } from '../replay/histories.ts';

/**
 * All subscriptions of as many customers come to one period's end. How many invoices are final a second, against what the same server does of the
 * least that any workflow costs: one signal and one activity. And what Temporal is paid for.
 */
const GOALS = { ratio: 0.25, subscription_actions: 6, invoice_actions: 8 };
const SAMPLES = 20;

const { values: options } = parseArgs({ options: { subscriptions: { type: 'string', default: '500' } } });
const count = Math.min(Math.max(Number(options.subscriptions), 1), 5000);

const data_dir = mkdtempSync(join(tmpdir(), 'perennial-bench-'));
const say = (line: string): void => console.log(line);
const postgres = await startPostgres({ data_dir, isFleeting: true });
const temporal = await startTemporal({ data_dir, namespace: 'default', isFleeting: true, say });
Object.assign(process.env, { TEST_POSTGRES_URL: postgres.owner_url, TEMPORAL_ADDRESS: temporal.address });
// They read where the servers are when they are loaded.
const { startSystem } = await import('../support/system.ts');
const { openSandbox } = await import('../support/sandbox.ts');
const system = await startSystem();
try {
  const plain_rate = await measurePlain();
  const { invoice_rate, organization_id } = await measureBilling();
  const ratio = invoice_rate / plain_rate;
  const { subscription, invoice } = await measureActions(organization_id);
  say(`plain: ${plain_rate.toFixed(1)} cycles of a signal and an activity a second`);
  say(`billing: ${invoice_rate.toFixed(1)} invoices final a second, ratio ${ratio.toFixed(2)} (goal ${GOALS.ratio})`);
  say(`actions of a subscription's period: ${subscription.toFixed(1)} (goal at most ${GOALS.subscription_actions})`);
  say(`actions of an invoice: ${invoice.toFixed(1)} (goal at most ${GOALS.invoice_actions})`);
} finally {
  await system.stop();
  await temporal.server.stop();
  await postgres.server.stop();
  rmSync(data_dir, { recursive: true, force: true });
}
process.exit(0);

/** As many workflows as subscriptions, each rung once and answered by one activity that does nothing. */
async function measurePlain(): Promise<number> {
  const { client, connection, namespace } = system.temporal;
  const taskQueue = 'plain';
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: await bundleWorkflows(join(import.meta.dirname, '../../node_modules/.cache/perennial')),
    activities: { advanceClock: () => Promise.resolve() },
  });
  return worker.runUntil(async () => {
    const begun = performance.now();
    await inLanes(32, async (number) => {
      const handle = await client.workflow.signalWithStart('sandboxClock', {
        workflowId: `plain/${number}`,
        taskQueue,
        args: [{ organization_id: 'none' }],
        signal: 'wake',
        signalArgs: [],
      });
      await handle.result();
    });
    return count / ((performance.now() - begun) / 1000);
  });
}

async function measureBilling(): Promise<{ invoice_rate: number; organization_id: string }> {
  const acme = await openSandbox(system, { at: '2026-01-10T00:00:00.000Z' });
  const metric = await acme.metric('calls');
  const charges = [{ billable_metric_id: metric, charge_model: 'standard', properties: { amount: '0.1' } }];
  await acme.plan({ code: 'p', charges });
  await inLanes(8, async (number) => {
    const external_customer_id = `customer-${number}`;
    const subscription = { external_customer_id, external_id: `subscription-${number}`, plan_code: 'p' };
    await acme.call('POST', '/subscriptions', { subscription });
    await acme.call('POST', '/events', {
      event: { transaction_id: `event-${number}`, external_subscription_id: subscription.external_id, code: 'calls' },
    });
  });
  await acme.clock.settle();
  // The first period has the workflows' start in it, and code that has not been run yet.
  await acme.clock.moveTo('2026-02-28T23:59:59.000Z');

  const begun = performance.now();
  await acme.call('PUT', '/sandbox/clock', { clock: { now: '2026-03-01T00:00:00.000Z' } });
  const finalized = () =>
    inOrganization(system.db, acme.organization_id, async (trx) => {
      const [row] = (await rows(trx, 'invoices').where({ status: 'finalized' }).count({ total: '*' })) as {
        total: number;
      }[];
      return row?.total ?? 0;
    });
  while ((await finalized()) < 2 * count) await new Promise((resolve) => setTimeout(resolve, 100));
  const seconds = (performance.now() - begun) / 1000;
  await acme.clock.settle();
  return { invoice_rate: count / seconds, organization_id: acme.organization_id };
}

/** From the histories of some: the run that billed the period, with what woke it, and all runs of the invoice that came of it. */
async function measureActions(organization_id: string): Promise<{ subscription: number; invoice: number }> {
  const billed = await inOrganization(system.db, organization_id, async (trx) => {
    const { rows: found } = await trx.raw<{ rows: { subscription_id: string; invoice_id: string }[] }>(
      `select subscription_id, invoice_id from billing_periods where organization_id = ? and billing_at >= '2026-03-01'
       order by subscription_id limit ?`,
      [organization_id, SAMPLES],
    );
    return found;
  });
  let subscription = 0;
  let invoice = 0;
  for (const { subscription_id, invoice_id } of billed) {
    const runs = await fetchRuns(`subscription/${subscription_id}`);
    const billing = runs.findLast((events) =>
      events.some((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'billPeriod'),
    );
    subscription += countActions(billing ?? []);
    invoice += (await fetchRuns(`invoice/${invoice_id}`)).reduce((total, events) => total + countActions(events), 0);
  }
  return { subscription: subscription / billed.length, invoice: invoice / billed.length };
}

type Events = Parameters<typeof countActions>[0];

async function fetchRuns(workflow_id: string): Promise<Events[]> {
  const { client } = system.temporal;
  const { raw } = await client.workflow.getHandle(workflow_id).describe();
  const runs: Events[] = [];
  for (let run_id = raw.workflowExecutionInfo?.firstRunId; run_id;) {
    const { events } = await client.workflow.getHandle(workflow_id, run_id).fetchHistory();
    runs.push(events ?? []);
    run_id = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return runs;
}

/** Does something for each number up to `count`, so many at a time. */
async function inLanes(lanes: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let number = next++; number < count; number = next++) await work(number);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
