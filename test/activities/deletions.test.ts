import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { type DeletionCall, createDeletionActivities } from '../../activities/deletions.ts';
import type { Instant } from '../../billing/clock/instant.ts';
import { beginDeletion, markPlanForDeletion } from '../../db/deletions.ts';
import { createOrganization } from '../../db/organizations.ts';
import { Builders } from '../support/builders.ts';
import { TEST_SECRET, type TestDatabase, createTestDatabase } from '../support/database.ts';

const NOW: Instant = '2026-03-10T15:30:00.000Z';
const CUSTOMERS = 30;
const EACH = 5;

describe('deletions', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  let build: Builders;
  let organization_id: string;

  before(async () => {
    database = await createTestDatabase();
  });
  after(() => database.drop());
  beforeEach(async () => {
    const { organization } = await createOrganization(database.db, {
      name: 'Acme',
      sandbox: false,
      at: NOW,
      secret: TEST_SECRET,
    });
    organization_id = organization.id;
    build = new Builders(database.db, organization_id, '2026-01-05T00:00:00.000Z');
  });

  /** Every step at the instant at which it is due, and some of them twice, as after a crash. */
  const play = async (of: DeletionCall['of'], id: string): Promise<string[]> => {
    const settings = { api_url: 'https://api.test', secret: 's', termination_alert_days: [] } as never;
    const activities = createDeletionActivities({ db: database.db, settings } as never);
    const environment = new MockActivityEnvironment();
    const steps = {
      end_subscriptions: activities.endSubscriptions,
      finalize_drafts: activities.finalizeDrafts,
      delete_plan: activities.deletePlan,
    };
    const taken: string[] = [];
    let step = await activities.planDeletion({ organization_id, of, id, at: NOW });
    while (step.kind !== 'over') {
      taken.push(`${step.kind} ${step.due_at?.slice(11, 16)}`);
      const call = { organization_id, of, id, at: step.due_at ?? NOW };
      const take = (): Promise<typeof step> => environment.run(steps[step.kind as keyof typeof steps], call);
      const [next] = [await take(), step.kind === 'finalize_drafts' ? await take() : undefined];
      step = next;
    }
    return taken;
  };
  const count = (sql: string): Promise<Record<string, number>> =>
    build.write(async (trx) => {
      const { rows } = await trx.raw<{ rows: { key: string; count: number }[] }>(sql, [organization_id]);
      return Object.fromEntries(rows.map((row) => [row.key, Number(row.count)]));
    });
  const subscriptions = () => count('select status as key, count(*) from subscriptions where organization_id = ? group by 1'); // prettier-ignore
  const invoices = () => count('select status as key, count(*) from invoices where organization_id = ? group by 1');

  it('of a plan end hundreds of subscriptions, those on plans made of it too, each with one last bill', async () => {
    const plan = await build.plan('pro');
    const child = await build.plan('pro', { parent_id: plan.id, amount_cents: 100 });
    for (let n = 0; n < CUSTOMERS; n++) {
      const customer = await build.customer(`cus ${n}`, { invoice_grace_period: n % 2 === 0 ? 3 : 0 });
      for (let m = 0; m < EACH; m++)
        await build.subscription(customer, m === 0 ? child : plan, {
          external_id: `${n} ${m}`,
          subscription_at: '2026-03-01T00:00:00.000Z',
        });
    }
    await build.write(async (trx) => {
      await markPlanForDeletion(trx, plan.id, NOW);
      await beginDeletion(trx, { of: 'plan', id: plan.id });
    });
    const taken = await play('plan', plan.id);
    assert.deepEqual(new Set(taken), new Set(['end_subscriptions 15:30', 'finalize_drafts 15:30', 'delete_plan 15:30'])); // prettier-ignore
    assert.deepEqual(await subscriptions(), { terminated: CUSTOMERS * EACH });
    assert.deepEqual(await invoices(), { finalized: CUSTOMERS * EACH });
    assert.deepEqual(await count('select deleted_at is null as key, count(*) from plans where organization_id = ? group by 1'), { false: 2 }); // prettier-ignore
    assert.deepEqual(await play('plan', plan.id), []);
  });

  it('of a customer leave its drafts for five minutes, and cancel what has not begun', async () => {
    const plan = await build.plan('pro');
    const customer = await build.customer('cus', { invoice_grace_period: 3 });
    await build.subscription(customer, plan, { external_id: 'a', subscription_at: '2026-03-01T00:00:00.000Z' });
    const later = { subscription_at: '2026-04-01T00:00:00.000Z', status: 'pending' } as const;
    await build.subscription(customer, plan, { external_id: 'b', ...later, started_at: null, activated_at: null });
    await build.write(async (trx) => {
      await trx('customers').where({ id: customer.id }).update({ deleted_at: NOW });
      await beginDeletion(trx, { of: 'customer', id: customer.id });
    });
    assert.deepEqual(await play('customer', customer.id), ['end_subscriptions 15:30', 'finalize_drafts 15:35']);
    assert.deepEqual(await subscriptions(), { terminated: 1, canceled: 1 });
    assert.deepEqual(await invoices(), { finalized: 1 });
  });
});
