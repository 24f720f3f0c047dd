import assert from 'node:assert/strict';
import { defaultPayloadConverter } from '@temporalio/common';
import { type ApiClient } from '../support/api.ts';
import { type TestSystem, startSystem } from '../support/system.ts';
import { until } from '../support/until.ts';

/** What an operator sees in Temporal of a subscription that waits. */
describe('a waiting subscription', function () {
  this.timeout(60_000);
  let system: TestSystem;
  let live: ApiClient;
  let workflow_id: string;
  let customer_id: string;

  before(async () => {
    system = await startSystem();
    live = await system.newOrganization();
    const plan = { name: 'Pro', code: 'pro', interval: 'yearly', amount_cents: 424_242, amount_currency: 'EUR', pay_in_advance: false }; // prettier-ignore
    await live.post('/plans', { plan });
    const subscription = { external_customer_id: 'cus', external_id: 'sub', plan_code: 'pro' };
    const { body } = await live.post('/subscriptions', { subscription });
    workflow_id = `subscription/${body.subscription.lago_id}`;
    customer_id = body.subscription.lago_customer_id;
  });
  after(() => system.stop());

  const found = async (query: string): Promise<string[]> => {
    const ids: string[] = [];
    for await (const { workflowId } of system.temporal.client.workflow.list({ query })) ids.push(workflowId);
    return ids;
  };

  it('is found by its organization, its customer, its plan, its status, its next step and when that is due', async () => {
    const nextYear = new Date().getUTCFullYear() + 1;
    for (const query of [
      `OrganizationId = '${live.organization.id}'`,
      `CustomerId = '${customer_id}'`,
      `PlanCode = 'pro' and SubscriptionStatus = 'active'`,
      `Step = 'bill_period'`,
      `NextDueAt > '${nextYear - 1}-12-31T23:00:00Z' and NextDueAt < '${nextYear}-01-01T01:00:00Z'`,
    ])
      await until(`${query} finds it`, async () => (await found(query)).join() === workflow_id);
    assert.deepEqual(await found(`PlanCode = 'other'`), []);
  });

  it('says what it waits for: on its timer and as its current details', async () => {
    const expected = `waits for the period end ${new Date().getUTCFullYear() + 1}-01-01T00:00Z`;
    const handle = system.temporal.client.workflow.getHandle(workflow_id);
    const timers = async () =>
      (await handle.fetchHistory()).events?.filter((event) => event.timerStartedEventAttributes);
    await until('its timer is set', async () => (await timers())?.length === 1);
    const summary = (await timers())?.[0]?.userMetadata?.summary;
    assert(summary);
    assert.equal(defaultPayloadConverter.fromPayload(summary), expected);
    const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    assert.equal(metadata.currentDetails, expected);
  });

  it('has a deadline that stays found when the plan changes under it', async () => {
    await live.post('/subscriptions', {
      subscription: { external_customer_id: 'cus', external_id: 'other', plan_code: 'pro' },
    });
    await until('both are found', async () => (await found(`PlanCode = 'pro'`)).length === 2);
    await live.put('/plans/pro', { plan: { name: 'Professional' } });
    assert.equal((await found(`PlanCode = 'pro'`)).length, 2);
  });
});
