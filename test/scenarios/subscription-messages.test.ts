import assert from 'node:assert/strict';
import { type Sandbox, sandbox, storySystem, stories } from '../support/sandbox.ts';
import { inOrganization } from '../../db/transaction.ts';

/** `2026-04-01T00:00 started pro · max`: when it was told, of which plan, and of the plans before and after it. */
async function told({ organization_id }: Sandbox): Promise<string[]> {
  const { db } = (await storySystem()).deps;
  const found = (await inOrganization(
    db,
    organization_id,
    (trx) =>
    trx('webhooks').where({ organization_id }).andWhereLike('webhook_type', 'subscription.%').orderBy('id').select('payload', 'created_at'), // prettier-ignore
  )) as { payload: string; created_at: string }[];
  return found.map(({ payload, created_at }) => {
    const { webhook_type, subscription } = JSON.parse(payload);
    const { plan_code, previous_plan_code, next_plan_code } = subscription;
    const others = [previous_plan_code && `after ${previous_plan_code}`, next_plan_code && `before ${next_plan_code}`];
    return [created_at.slice(0, 16), webhook_type.slice(13), plan_code, ...others].filter(Boolean).join(' ');
  });
}

stories('what is told of subscriptions', () => {
  async function listened(at: string): Promise<Sandbox> {
    // Nobody answers there: what is told is in the rows.
    return sandbox({ at, organization: { webhook_url: 'http://127.0.0.1:9/hooks' } });
  }

  it('is their start, the end of their trial, alerts of their end, and the end', async () => {
    const billing = await listened('2026-04-01T10:00:00Z');
    const end = { subscription_at: '2026-05-01T00:00:00Z', ending_at: '2026-07-10T12:00:00Z' };
    await billing.subscribe({ plan: { trial_period: 5 }, customer: { timezone: 'America/New_York' }, ...end });
    await billing.clock.moveTo('2026-08-01T00:00:00Z');
    assert.deepEqual(await told(billing), [
      '2026-04-30T04:00 started pro', // 1 May is 30 April there.
      '2026-05-05T04:00 trial_ended pro',
      '2026-05-26T00:00 termination_alert pro', // 45 days before 10 July, in UTC.
      '2026-06-25T00:00 termination_alert pro',
      '2026-07-10T04:00 terminated pro',
    ]);
  });

  it('are alerts of the end that they have by then', async () => {
    const billing = await listened('2026-04-01T10:00:00Z');
    await billing.subscribe({ plan: {}, ending_at: '2026-06-01T00:00:00Z' });
    await billing.clock.moveTo('2026-04-20T10:00:00Z');
    await billing.put('/subscriptions/sub', { subscription: { ending_at: '2026-05-01T00:00:00Z' } });
    await billing.clock.moveTo('2026-04-25T10:00:00Z');
    await billing.put('/subscriptions/sub', { subscription: { ending_at: '2026-05-10T00:00:00Z' } });
    await billing.put('/subscriptions/sub', { subscription: { name: 'Other' } });
    await billing.clock.moveTo('2026-05-20T00:00:00Z');
    assert.deepEqual(await told(billing), [
      '2026-04-01T10:00 started pro',
      '2026-04-17T00:00 termination_alert pro', // 45 days before 1 June.
      '2026-04-20T10:00 updated pro', // Eleven days are too few for an alert.
      '2026-04-25T10:00 updated pro',
      '2026-04-25T10:00 termination_alert pro', // Fifteen days before 10 May, on the day itself.
      '2026-04-25T10:00 updated pro',
      '2026-05-10T00:00 terminated pro',
    ]); // prettier-ignore
  });

  it('is which plan took the place of which, and a trial’s end for each of them that has one', async () => {
    const billing = await listened('2026-04-01T00:00:00Z');
    for (const [code, amount_cents] of [['low', 100], ['mid', 200], ['top', 300]] as const)
      await billing.plan({ code, amount_cents, trial_period: 3 }); // prettier-ignore
    await billing.subscribe({ plan: 'mid' });
    await billing.clock.moveTo('2026-04-10T00:00:00Z');
    await billing.subscribe({ plan: 'top', customer: 'cus' });
    await billing.subscribe({ plan: 'low', customer: 'cus' });
    await billing.clock.moveTo('2026-05-02T00:00:00Z');
    assert.deepEqual(await told(billing), [
      '2026-04-01T00:00 started mid',
      '2026-04-04T00:00 trial_ended mid',
      '2026-04-10T00:00 terminated mid before top',
      '2026-04-10T00:00 started top after mid',
      '2026-04-10T00:00 trial_ended top after mid',
      '2026-04-10T00:00 updated top after mid before low',
      '2026-05-01T00:00 terminated top after mid before low',
      '2026-05-01T00:00 started low after top',
      '2026-05-01T00:00 trial_ended low after top',
    ]);
    assert.equal((await billing.subscription()).trial_ended_at, '2026-04-04T00:00:00Z');
  });
});
