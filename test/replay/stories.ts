import type { Client } from '@temporalio/client';
import type { Step } from '../../activities/shared/step.ts';
import { type Instant, addMilliseconds, fromMilliseconds } from '../../billing/clock/instant.ts';
import { type Sandbox, openSandbox } from '../support/sandbox.ts';
import { type TestSystem, startSystem } from '../support/system.ts';
import { createTestWorkers, createTimeSkippingServer } from '../support/time-skipping.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

/** What must be in no history. */
export const PRIVATE = {
  name: 'Ada Lovelace',
  email: 'ada@lovelace.example',
  address_line1: '12 St James Square',
  amount_cents: 424_242,
} as const;

type Record = (client: Client, workflow_ids: readonly string[]) => Promise<void>;

/** The whole system over a year or so of a sandbox, and every workflow of it. */
export async function playSandboxStories(record: Record): Promise<void> {
  const system = await startSystem();
  const receiver = await startWebhookReceiver();
  try {
    const organization = { name: PRIVATE.name, email: PRIVATE.email, webhook_url: receiver.url };
    const billing = await openSandbox(system, { at: '2026-01-10T00:00:00Z', organization });
    // The first message is refused, and sent again before there is another.
    receiver.answers.push(500);
    await billing.plan({ code: 'arrears', amount_cents: PRIVATE.amount_cents });
    await receiver.receives(2);
    await tellLives(billing);
    await record(system.temporal.client, await workflowsOf(system, billing.organization_id));
  } finally {
    await receiver.stop();
    await system.stop();
  }
}

async function tellLives(billing: Sandbox): Promise<void> {
  const { name, email, address_line1, amount_cents } = PRIVATE;
  const customer = { external_id: 'cus', name, email, address_line1, timezone: 'Europe/Paris' };
  await billing.plan({ code: 'advance', amount_cents, pay_in_advance: true });
  await billing.plan({ code: 'less', amount_cents: 1 });
  await billing.plan({ code: 'trial', amount_cents, pay_in_advance: true, trial_period: 7 });
  const graceful = { external_id: 'slow', name, email, billing_configuration: { invoice_grace_period: 3 } };

  await billing.subscribe({ plan: 'arrears', customer, external_id: 'a' });
  await billing.subscribe({ plan: 'advance', customer: 'cus', external_id: 'b', subscription_at: '2026-01-20T00:00:00Z', ending_at: '2026-03-15T00:00:00Z' }); // prettier-ignore
  await billing.subscribe({ plan: 'arrears', customer: 'cus', external_id: 'd' });
  await billing.subscribe({ plan: 'trial', customer: graceful, external_id: 'c' });
  await billing.clock.moveTo('2026-02-15T00:00:00Z');
  await billing.put('/subscriptions/a', { subscription: { name } });
  await billing.subscribe({ plan: 'advance', customer: 'cus', external_id: 'a' });
  await billing.subscribe({ plan: 'less', customer: 'cus', external_id: 'd' });
  await billing.clock.moveTo('2026-04-10T00:00:00Z');
  await billing.terminate('c');
  await billing.clock.moveTo('2026-05-10T00:00:00Z');
}

async function workflowsOf(system: TestSystem, organization_id: string): Promise<string[]> {
  const ids = new Set([`clock/${organization_id}`]);
  for await (const { workflowId } of system.temporal.client.workflow.list()) ids.add(workflowId);
  return [...ids].sort();
}

type Kind =
  | 'start'
  | 'bill_start'
  | 'charge_usage'
  | 'check_thresholds'
  | 'end_trial'
  | 'bill_period'
  | 'downgrade'
  | 'send_termination_alert'
  | 'end'
  | 'bill_end'
  | 'bill_upgrade'
  | 'refresh'
  | 'finalize'
  | 'render_document'
  | 'mark_overdue'
  | 'write_export'
  | 'mail_export'
  | 'expire_export'
  | 'end_subscriptions'
  | 'finalize_drafts'
  | 'delete_plan'
  | 'check'
  | 'check_events'
  | 'over';

/** Live workflows, whose time is Temporal's: on a server whose time skips, with activities that say what the rows would. */
export async function playLiveStories(record: Record): Promise<void> {
  const environment = await createTimeSkippingServer();
  try {
    const { client } = environment;
    const lives: [workflow: string, input: object, Kind[]][] = [
      ['subscription', { subscription_id: 'sub' }, ['start', 'bill_start', 'charge_usage', 'check_thresholds', 'end_trial', 'bill_period', 'downgrade', 'send_termination_alert', 'end', 'bill_end', 'bill_upgrade']],
      ['invoice', { invoice_id: 'inv' }, ['refresh', 'finalize', 'render_document', 'mark_overdue']],
      ['dataExport', { data_export_id: 'exp' }, ['write_export', 'mail_export', 'expire_export']],
      ['eventCheck', {}, ['check_events', 'check_events']],
      ['deletion', { of: 'plan', id: 'pro' }, ['end_subscriptions', 'finalize_drafts', 'delete_plan']],
      ['vatCheck', { customer_id: 'cus' }, ['check', 'check', 'check']],
    ]; // prettier-ignore
    for (const [workflow, input, kinds] of lives) {
      const start = fromMilliseconds(await environment.currentTimeMs());
      const inDays = (days: number): Instant => addMilliseconds(start, days * 24 * 3600 * 1000);
      const workers = await createTestWorkers(environment, script(kinds, inDays));
      await workers.runUntil(
        (async () => {
          const options = { workflowId: `${workflow}/live`, taskQueue: 'billing' };
          const args = [{ organization_id: 'org', clock: 'live', ...input }];
          const ring = { signal: 'wake', signalArgs: [] };
          const handle = await client.workflow.signalWithStart(workflow, { ...options, ...ring, args });
          // One that is rung while it waits for the first of its steps.
          await environment.sleep('1 hour');
          await handle.signal('wake');
          await handle.result();
          await record(client, [options.workflowId]);
        })(),
      );
    }
  } finally {
    await environment.teardown();
  }
}

/** Activities that go through steps, one every ten days or so. */
function script(kinds: readonly Kind[], inDays: (days: number) => Instant): object {
  let taken = 0;
  const next = ({ at }: { at: Instant }): Promise<Step> => {
    const kind = kinds[taken] ?? 'over';
    // Printing comes at once.
    const dated = kind === 'render_document' ? at : inDays(10 * (taken + 1));
    const due_at = kind === 'over' ? null : dated;
    const attributes = { organization_id: 'org', customer_id: 'cus', plan_code: 'pro', subscription_status: 'active' };
    return Promise.resolve({ kind, due_at, planned_at: at, summary: `waits for ${kind} ${due_at}`, attributes });
  };
  const take = (call: { at: Instant }): Promise<Step> => {
    taken += 1;
    return next(call);
  };
  return {
    planSubscription: next,
    planInvoice: next,
    planEventCheck: next,
    checkEvents: take,
    ...{
      start: take,
      billStart: take,
      chargeUsage: take,
      checkThresholds: take,
      endTrial: take,
      billPeriod: take,
      downgrade: take,
      sendTerminationAlert: take,
      end: take,
      billEnd: take,
      billUpgrade: take,
      refresh: take,
      finalize: take,
      markOverdue: take,
    },
    renderInvoice: take,
    planExport: next,
    ...{ writeExport: take, mailExport: take, expireExport: take },
    planDeletion: next,
    ...{ endSubscriptions: take, finalizeDrafts: take, deletePlan: take },
    checkVatNumber: take,
  };
}
