import assert from 'node:assert/strict';
import { sandbox, stories } from '../support/sandbox.ts';
import { until } from '../support/until.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

stories('errors in events', () => {
  it('are told five minutes after the hour, once, with all events that have them', async () => {
    const receiver = await startWebhookReceiver();
    try {
      const organization = { webhook_url: receiver.url };
      const billing = await sandbox({ at: '2026-04-01T10:20:00Z', organization });
      const filters = [{ key: 'region', values: ['eu', 'us'] }];
      await billing.metric('calls', { filters });
      await billing.metric('storage', { aggregation_type: 'sum_agg', field_name: 'gb' });
      await billing.metric('users', { aggregation_type: 'unique_count_agg', field_name: 'user' });
      const send = (events: [transaction_id: string, code: string, properties?: object][]) =>
        billing.post('/events/batch', {
          events: events.map(([transaction_id, code, properties = {}]) => ({
            transaction_id,
            code,
            external_subscription_id: 'sub',
            properties,
          })),
        });
      await send([
        ['right', 'calls', { region: 'eu' }],
        ['without filter', 'calls'],
        ['elsewhere', 'calls', { region: 'asia' }],
        ['unknown', 'nothing'],
        ['no number', 'storage', { gb: '1e3' }],
        ['nothing stored', 'storage'],
        ['stored', 'storage', { gb: 1.5 }],
        ['null user', 'users', { user: null }],
        ['nobody', 'users'],
      ]);
      await billing.clock.moveTo('2026-04-01T11:04:00Z');
      assert.deepEqual(told(receiver), []);
      await send([['later', 'nothing']]);
      await billing.clock.moveTo('2026-04-01T11:05:00Z');
      await billing.clock.moveTo('2026-04-02T00:00:00Z');
      await until('both are told', () => told(receiver).length === 2);
      assert.deepEqual(told(receiver), [
        {
          invalid_code: ['unknown'],
          missing_aggregation_property: ['no number', 'nobody', 'nothing stored'],
          invalid_filter_values: ['elsewhere'],
          missing_group_key: null,
        },
        {
          invalid_code: ['later'],
          missing_aggregation_property: [],
          invalid_filter_values: [],
          missing_group_key: null,
        },
      ]);
    } finally {
      await receiver.stop();
    }
  });

  it('are looked for only where somebody listens', async () => {
    const billing = await sandbox({ at: '2026-04-01T10:20:00Z' });
    await billing.use('nothing', {});
    assert.equal((await billing.clock.read()).next_due_at, null);
  });
});

type Receiver = Awaited<ReturnType<typeof startWebhookReceiver>>;

function told({ received }: Receiver): object[] {
  return received.flatMap(({ body }) => {
    const message = JSON.parse(body) as { webhook_type: string; events_errors: object };
    return message.webhook_type === 'events.errors' ? [message.events_errors] : [];
  });
}
