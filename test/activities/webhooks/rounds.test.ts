import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Instant } from '../../../billing/clock/instant.ts';
import { deleteWebhookEndpoint } from '../../../db/webhooks.ts';
import { WebhookDelivery } from '../../support/webhook-delivery.ts';
import { startWebhookReceiver } from '../../support/webhook-receiver.ts';

describe('a round of webhooks', () => {
  const delivery = new WebhookDelivery();

  it('keeps no more of an answer than 64 KB, and what it keeps can be stored', async () => {
    const endpoint = await delivery.newEndpoint();
    delivery.receiver.answers.push((response) => {
      response.writeHead(200);
      const pour = (): void => {
        while (!response.destroyed && response.write('\u0000ab\uFFFF'.repeat(4096)));
      };
      response.on('drain', pour);
      pour();
    });
    await delivery.send({ n: 1 });
    await delivery.deliver(endpoint);
    const webhook = await delivery.onlyWebhook();
    assert.equal(webhook.status, 'succeeded');
    assert(webhook.response?.startsWith('\uFFFDab'));
    assert(Buffer.byteLength(webhook.response ?? '') <= 2 * 64 * 1024);
  });

  it('sends hundreds in one round, ten at a time, oldest first', async () => {
    const endpoint = await delivery.newEndpoint();
    let open = 0;
    let openMost = 0;
    await delivery.send(...Array.from({ length: 250 }, (_, n) => ({ n })));
    for (let n = 0; n < 250; n += 1)
      delivery.receiver.answers.push((response) => {
        open += 1;
        openMost = Math.max(openMost, open);
        setImmediate(() => {
          open -= 1;
          response.end();
        });
      });
    const round = await delivery.deliver(endpoint);
    assert.equal(round.due_at, null);
    assert.equal(delivery.receiver.received.length, 250);
    assert(openMost <= 10 && openMost > 1, `${openMost} at a time`);
    const order = delivery.receiver.received.map(
      (request) => (JSON.parse(request.body) as { invoice: { n: number } }).invoice.n,
    );
    assert(order.every((n, position) => Math.abs(n - position) < 100));
    assert.equal(await delivery.rings(), 0);
  });

  it('passes by a message that hangs', async () => {
    const endpoint = await delivery.newEndpoint();
    let hanging: { end(): void } | undefined;
    delivery.receiver.answers.push((response) => {
      hanging = response;
    });
    await delivery.send(...Array.from({ length: 120 }, (_, n) => ({ n })));
    const round = delivery.deliver(endpoint);
    await delivery.receiver.receives(120);
    hanging?.end();
    assert.equal((await round).due_at, null);
  });

  it('a stalled endpoint does not hold up another', async () => {
    const stalled = await startWebhookReceiver();
    try {
      const [slow, quick] = [await delivery.newEndpoint({ webhook_url: stalled.url }), await delivery.newEndpoint()];
      stalled.answers.push(...Array.from({ length: 20 }, () => () => undefined));
      await delivery.send(...Array.from({ length: 20 }, (_, n) => ({ n })));
      const environment = new MockActivityEnvironment();
      const stuck = assert.rejects(
        delivery.deliver(slow, delivery.activities({ timeout_seconds: 60 }), { environment }),
      );
      await stalled.receives(10);
      assert.equal((await delivery.deliver(quick)).due_at, null);
      assert.equal(delivery.receiver.received.length, 20);
      environment.cancel();
      await stuck;
    } finally {
      await stalled.stop();
    }
  });

  it('a worker stopped between the call and the record sends the same again', async () => {
    const endpoint = await delivery.newEndpoint();
    const environment = new MockActivityEnvironment();
    delivery.receiver.answers.push(() => environment.cancel());
    await delivery.send({ n: 1 });
    await assert.rejects(delivery.deliver(endpoint, delivery.activities(), { environment }));
    const webhook = await delivery.onlyWebhook();
    assert.deepEqual([webhook.status, webhook.http_status, webhook.retries], ['pending', null, 0]);

    await delivery.deliver(endpoint);
    assert.equal((await delivery.onlyWebhook()).status, 'succeeded');
    assert.equal(delivery.receiver.received.length, 2);
    assert.deepEqual(
      delivery.receiver.received[0]?.headers['x-lago-unique-key'],
      delivery.receiver.received[1]?.headers['x-lago-unique-key'],
    );
    assert.equal(delivery.receiver.received[0]?.body, delivery.receiver.received[1]?.body);
  });

  it('takes back the rings it has answered, and sees what came in during a round', async () => {
    const endpoint = await delivery.newEndpoint();
    let more: Promise<void> | undefined;
    delivery.receiver.answers.push((response) => {
      more = delivery.send({ n: 2 }).then(() => void response.end());
    });
    await delivery.send({ n: 1 });
    assert.equal(await delivery.rings(), 1);
    const round = await delivery.deliver(endpoint);
    await more;
    assert.equal(round.due_at, null);
    assert.equal(delivery.receiver.received.length, 2);
    assert.equal(await delivery.rings(), 0);
  });

  it('trusts the later of two clocks', async () => {
    const endpoint = await delivery.newEndpoint();
    delivery.receiver.answers.push(500);
    await delivery.send({ n: 1 });
    const { due_at } = await delivery.deliver(endpoint);
    // This machine is behind Temporal, which says that the retry has come.
    const round = await delivery.deliver(endpoint, delivery.activities(), { at: due_at as Instant });
    assert.equal(round.due_at, null);
    assert.equal(delivery.receiver.received.length, 2);
  });

  it('is over when the endpoint is gone, deleted before or during the round', async () => {
    const endpoint = await delivery.newEndpoint();
    delivery.receiver.answers.push((response) => {
      void delivery.run((trx) => deleteWebhookEndpoint(trx, endpoint.id)).then(() => response.end());
    });
    await delivery.send({ n: 1 });
    assert.equal((await delivery.deliver(endpoint)).kind, 'over');
    assert.deepEqual(await delivery.webhooks(), []);
    assert.deepEqual(await delivery.agenda(), []);
    assert.equal((await delivery.deliver(endpoint)).kind, 'over');
  });
});
